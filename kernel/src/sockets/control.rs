//! The control socket: requests that do not wait for the running cell.

use crate::front::Front;
use crate::requests::{Handler, conversation};
use crate::session::serve;
use crate::wire::{Channel, Request};
use bytes::Bytes;
use std::sync::Arc;

/// A request, or what is to be one.
pub(super) fn hear(front: &Arc<Front>, message: Vec<Bytes>) {
    match front.encoder.read(Channel::Control, message) {
        Ok(request) => dispatch(front, request),
        Err(error) => tracing::warn!("control: dropped a {error}"),
    }
}

/// What needs the interpreter has to queue even here.
fn dispatch(front: &Arc<Front>, request: Request) {
    match conversation::handler(&request.header.msg_type) {
        Handler::Front(answer) => serve(front, &request, || answer(front, &request)),
        Handler::Shared(answer) => serve(front, &request, || answer(front, &request)),
        Handler::Introspection(_) | Handler::Desk(_) => {
            front.queue.push(request);
        }
    }
}
