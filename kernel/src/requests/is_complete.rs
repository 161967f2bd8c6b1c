//! `is_complete_request`: should Enter run this, or begin a new line?

use super::{Answer, fields};
use crate::session::Desk;
use crate::wire::Request;
use cellist_interpreter::Completeness;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Content {
    code: String,
}

pub(super) fn answer(desk: &mut Desk, request: &Request) -> Answer {
    let Content { code } = request.content()?;
    Ok(fields(match desk.session.is_complete(&code) {
        Completeness::Complete => json!({"status": "complete"}),
        Completeness::Incomplete { indent } => json!({"status": "incomplete", "indent": indent}),
        Completeness::Invalid => json!({"status": "invalid"}),
    }))
}
