//! The control socket: requests that do not wait for the running cell.

use super::router;
use crate::front::Front;
use crate::requests::{Handler, conversation};
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
    router::own(socket, outgoing, |message| match front.encoder.read(Channel::Control, message) {
        Ok(request) => dispatch(&front, request),
        Err(error) => tracing::warn!("control: dropped a {error}"),
    })
    .await;
}

/// What needs the interpreter has to queue even here.
fn dispatch(front: &Arc<Front>, request: Request) {
    match conversation::handler(&request.header.msg_type) {
        Handler::Front(answer) => serve(front, &request, || answer(front, &request)),
        Handler::Shared(answer) => serve(front, &request, || answer(front, &request)),
        Handler::Desk(_) => front.queue.push(request),
    }
}
