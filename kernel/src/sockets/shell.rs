//! The shell socket: requests in order.

use super::router;
use crate::front::Front;
use crate::requests::{Handler, conversation, subshell};
use crate::session::serve;
use crate::wire::{Channel, Request};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use zeromq::{RouterSocket, ZmqMessage};

pub(super) async fn own(
    socket: RouterSocket,
    front: Arc<Front>,
    outgoing: UnboundedReceiver<ZmqMessage>,
) {
    router::own(socket, outgoing, |message| match front.encoder.read(Channel::Shell, message) {
        Ok(request) => dispatch(&front, request),
        Err(error) => tracing::warn!("shell: dropped a {error}"),
    })
    .await;
}

/// To the main shell, or to the subshell that the header names. Requests that need no interpreter
/// are answered at once, unless that would be out of turn.
fn dispatch(front: &Front, request: Request) {
    let queue = match &request.header.subshell {
        None => Arc::clone(&front.queue),
        Some(identifier) => match front.subshells.queue(identifier) {
            Some(queue) => queue,
            None => return serve(front, &request, || subshell::missing(identifier)),
        },
    };
    match conversation::handler(&request.header.msg_type) {
        Handler::Front(answer) if !queue.is_engaged() => {
            serve(front, &request, || answer(front, &request));
        }
        _ => queue.push(request),
    }
}
