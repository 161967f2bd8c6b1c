//! `create_subshell_request`, `delete_subshell_request`, `list_subshell_request`:
//! <https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html>.

use super::{Answer, Refusal, fields};
use crate::front::Front;
use crate::session::Registry;
use crate::wire::Request;
use serde::Deserialize;
use serde_json::{Map, json};
use std::sync::Arc;

pub(super) fn create(front: &Arc<Front>, _request: &Request) -> Answer {
    let identifier = Registry::create(front)?;
    Ok(fields(json!({"subshell_id": identifier})))
}

#[derive(Deserialize)]
struct Delete {
    subshell_id: String,
}

pub(super) fn delete(front: &Front, request: &Request) -> Answer {
    let Delete { subshell_id } = request.content()?;
    if front.subshells.delete(&subshell_id) {
        return Ok(Map::new());
    }
    Err(Refusal::NoSubshell(subshell_id))
}

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn list(front: &Front, _request: &Request) -> Answer {
    Ok(fields(json!({"subshell_id": front.subshells.list()})))
}

/// A request to a subshell that is not there.
pub(crate) fn missing(identifier: &str) -> Answer {
    Err(Refusal::NoSubshell(identifier.to_owned()))
}
