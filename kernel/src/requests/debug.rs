//! `debug_request`: not offered, as `kernel_info_reply` says too.

use super::{Answer, Refusal};
use crate::front::Front;
use crate::wire::Request;

pub(super) fn answer(_front: &Front, _request: &Request) -> Answer {
    Err(Refusal::Unsupported("this kernel has no debugger yet"))
}
