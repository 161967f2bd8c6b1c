//! `inspect_request`: what stands at the cursor.

use super::{Answer, fields};
use crate::wire::Request;
use cellist_interpreter::Introspection;
use serde::Deserialize;
use serde_json::{Map, json};

#[derive(Deserialize)]
struct Content {
    code: String,
    /// In Unicode code points; the end when missing.
    cursor_pos: Option<usize>,
    /// 1 asks for the source too.
    #[serde(default)]
    detail_level: u8,
    /// Titles or keys of the sections that the client does not want; names as in `IPython`.
    #[serde(default)]
    omit_sections: Vec<String>,
}

pub(super) fn answer(introspection: &Introspection<'_>, request: &Request) -> Answer {
    let Content { code, cursor_pos, detail_level, omit_sections } = request.content()?;
    let cursor = cursor_pos.unwrap_or_else(|| code.chars().count());
    let inspection = introspection.inspect(&code, cursor, detail_level, &omit_sections);
    let found = inspection.is_some();
    let data = inspection.map_or_else(Map::new, |inspection| inspection.data);
    Ok(fields(json!({"found": found, "data": data, "metadata": {}})))
}
