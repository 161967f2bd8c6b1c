//! `complete_request`: what could stand at the cursor.

use super::{Answer, fields};
use crate::wire::Request;
use cellist_interpreter::Introspection;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Content {
    code: String,
    /// In Unicode code points; the end when missing.
    cursor_pos: Option<usize>,
}

pub(super) fn answer(introspection: &Introspection<'_>, request: &Request) -> Answer {
    let Content { code, cursor_pos } = request.content()?;
    let cursor = cursor_pos.unwrap_or_else(|| code.chars().count());
    let completion = introspection.complete(&code, cursor);
    Ok(fields(json!({
        "matches": completion.matches,
        "cursor_start": completion.cursor_start,
        "cursor_end": completion.cursor_end,
        "metadata": completion.metadata,
    })))
}
