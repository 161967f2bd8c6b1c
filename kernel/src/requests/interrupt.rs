//! `interrupt_request`: stops the running cell.

use super::Answer;
use crate::front::Front;
use crate::wire::Request;
use serde_json::Map;

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn answer(front: &Front, _request: &Request) -> Answer {
    front.interrupt();
    Ok(Map::new())
}
