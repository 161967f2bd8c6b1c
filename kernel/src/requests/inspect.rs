//! `inspect_request`: what stands at the cursor.

use super::{Answer, fields};
use crate::session::Desk;
use crate::wire::Request;
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

pub(super) fn answer(desk: &mut Desk, request: &Request) -> Answer {
    let Content { code, cursor_pos, detail_level, omit_sections } = request.content()?;
    let cursor = cursor_pos.unwrap_or_else(|| code.chars().count());
    let inspection = desk.session.inspect(&code, cursor, detail_level, &omit_sections);
    let found = inspection.is_some();
    let data = inspection.map_or_else(Map::new, |inspection| inspection.data);
    Ok(fields(json!({"found": found, "data": data, "metadata": {}})))
}
