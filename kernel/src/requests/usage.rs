//! `usage_request`: what the kernel uses of the machine, as ipykernel tells it to Jupyter's displays
//! of resource usage.

use super::{Answer, fields};
use crate::front::Front;
use crate::wire::Request;

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn answer(front: &Front, _request: &Request) -> Answer {
    Ok(fields(front.meter.read()))
}
