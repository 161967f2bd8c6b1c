//! Messages that nobody here knows: the client gets an error and does not wait.

use super::{Answer, Refusal};
use crate::front::Front;
use crate::wire::Request;

pub(super) fn answer(_front: &Front, request: &Request) -> Answer {
    tracing::warn!(msg_type = %request.header.msg_type, "unknown message");
    Err(Refusal::Unknown(request.header.msg_type.clone()))
}
