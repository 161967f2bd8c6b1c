//! `comm_info_request`, `comm_open`, `comm_msg`, `comm_close`: there are no comm targets yet.

use super::{Answer, fields};
use crate::front::Front;
use crate::wire::Request;
use serde::Deserialize;
use serde_json::{Map, json};

#[derive(Deserialize)]
struct Open {
    comm_id: String,
    #[serde(default)]
    target_name: String,
}

/// No comms are open.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn info(_front: &Front, _request: &Request) -> Answer {
    Ok(fields(json!({"comms": {}})))
}

/// A target that does not exist: the other side is closed at once, as the protocol asks.
pub(super) fn open(front: &Front, request: &Request) -> Answer {
    let Open { comm_id, target_name } = request.content()?;
    tracing::debug!(target_name, "comm to a target that does not exist");
    let close = json!({"comm_id": comm_id, "data": {}});
    front.broadcast("comm_close", &request.header.raw, &close);
    Ok(Map::new())
}

/// A message to a comm that is not open.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn ignore(_front: &Front, _request: &Request) -> Answer {
    Ok(Map::new())
}
