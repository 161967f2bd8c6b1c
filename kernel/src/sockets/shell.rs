//! The shell socket: requests in order.

use crate::front::Front;
use crate::requests::{Answer, Handler, conversation, subshell};
use crate::session::{Queue, Ticket, serve};
use crate::wire::{Channel, Request};
use bytes::Bytes;
use cellist_interpreter::Introspection;
use jupyter_protocol::Status;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A question about source waits so long for its turn.
const PATIENCE: Duration = Duration::from_millis(150);

/// A request, or what is to be one.
pub(super) fn hear(front: &Arc<Front>, message: Vec<Bytes>) {
    match front.encoder.read(Channel::Shell, message) {
        Ok(request) => dispatch(front, request),
        Err(error) => tracing::warn!("shell: dropped a {error}"),
    }
}

/// To the main shell, or to the subshell that the header names. Requests that need no interpreter
/// are answered at once, unless that would be out of turn.
fn dispatch(front: &Arc<Front>, request: Request) {
    let queue = match &request.header.subshell {
        None => Arc::clone(&front.queue),
        Some(identifier) => match front.subshells.queue(identifier) {
            Some(queue) => queue,
            None => return serve(front, &request, || subshell::missing(identifier)),
        },
    };
    let is_engaged = queue.is_engaged();
    match conversation::handler(&request.header.msg_type) {
        Handler::Front(answer) if !is_engaged => {
            serve(front, &request, || answer(front, &request));
        }
        Handler::Introspection(answer) if is_engaged => {
            let ticket = queue.push(request);
            tokio::spawn(overtake(Arc::clone(front), queue, ticket, answer));
        }
        _ => {
            queue.push(request);
        }
    }
}

/// What the user types is completed while a long cell runs. What comes behind a short one is
/// completed after it, since it may be about what that makes.
async fn overtake(
    front: Arc<Front>,
    queue: Arc<Queue>,
    ticket: Ticket,
    answer: fn(&Introspection<'_>, &Request) -> Answer,
) {
    sleep(PATIENCE).await;
    let asker = Arc::clone(&front);
    front.subshells.introspect(move |introspection| {
        let front = asker;
        // Its turn may have come.
        let Some(request) = queue.withdraw(ticket) else { return };
        serve(&front, &request, || answer(introspection, &request));
        // Clients take the idle for the kernel's, but the cell runs on.
        queue.while_running(|parent| front.status(&Status::busy(), parent));
    });
}
