//! `comm_open`, `comm_msg`, `comm_close`, `comm_info_request`: what widgets and their like are made of.
//!
//! They have their turn in the queue, as in ipykernel, but need not wait for a cell that awaits:
//! `await` on a button's click would wait for ever.

use super::{Answer, fields};
use crate::front::Front;
use crate::session::Desk;
use crate::wire::Request;
use cellist_interpreter::{CommKind, CommMessage, Comms};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

#[derive(Deserialize)]
struct Info {
    /// Only comms of this target.
    #[serde(default)]
    target_name: Option<String>,
}

#[derive(Deserialize)]
struct Addressed {
    comm_id: String,
}

/// Between cells.
pub(super) fn at_desk(desk: &mut Desk, request: &Request) -> Answer {
    let answer = answer(&desk.front, &desk.session, request);
    desk.end_a_fork();
    answer
}

/// Answers any of the four.
pub(crate) fn answer(front: &Front, comms: &dyn Comms, request: &Request) -> Answer {
    let Some(kind) = CommKind::from_name(&request.header.msg_type) else {
        let Info { target_name } = request.content()?;
        return Ok(fields(json!({"comms": comms.describe(target_name.as_deref())})));
    };
    let mut content: Map<String, Value> = request.content()?;
    // What handlers read, and clients may omit.
    for (key, otherwise) in [("comm_id", json!("")), ("data", json!({}))] {
        content.entry(key).or_insert(otherwise);
    }
    let message = CommMessage {
        kind,
        content,
        metadata: serde_json::from_slice(&request.metadata).unwrap_or_default(),
        buffers: request.buffers.iter().map(|buffer| buffer.to_vec()).collect(),
    };
    comms.take(front.parents.add_message(request), message);
    Ok(Map::new())
}

/// Whether a request at this place of the queue may be answered while a cell awaits: what is first
/// overtakes nobody, and a message to a comm that is open needs nothing of the cells before it.
pub(crate) fn may_overtake(place: usize, request: &Request, open: &HashSet<String>) -> bool {
    match request.header.msg_type.as_str() {
        "comm_open" | "comm_info_request" => place == 0,
        "comm_msg" | "comm_close" => {
            place == 0 || request.content::<Addressed>().is_ok_and(|it| open.contains(&it.comm_id))
        }
        _ => false,
    }
}
