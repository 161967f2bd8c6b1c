//! `history_request`: earlier inputs, of this session so far.

use super::{Answer, fields};
use crate::session::Desk;
use crate::wire::Request;
use serde::Deserialize;
use serde_json::{Value, json};

/// Clients leave out most of these.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    output: bool,
    #[serde(default)]
    hist_access_type: String,
    #[serde(default)]
    session: i64,
    #[serde(default)]
    start: u32,
    stop: Option<u32>,
    n: Option<usize>,
    pattern: Option<String>,
    #[serde(default)]
    unique: bool,
}

/// The number of the running session, by which `range` may ask for it; 0 is "the running one".
const SESSION: i64 = 1;
/// As many as `tail` gives when the client does not say.
const TAIL: usize = 10;

pub(super) fn answer(desk: &mut Desk, request: &Request) -> Answer {
    let content: Content = request.content()?;
    let history = &desk.history;
    let found: Vec<(u32, &str)> = match content.hist_access_type.as_str() {
        "range" if content.session == 0 || content.session == SESSION => {
            history.range(content.start, content.stop).collect()
        }
        "range" => Vec::new(),
        "search" => {
            let pattern = content.pattern.as_deref().unwrap_or("*");
            history.search(pattern, content.n, content.unique)
        }
        _ => history.tail(content.n.unwrap_or(TAIL)).collect(),
    };
    let rows: Vec<Value> = found
        .into_iter()
        .map(|(n, source)| {
            // Outputs are not kept: with `output`, the second of the pair says so.
            let entry = if content.output { json!([source, null]) } else { json!(source) };
            json!([SESSION, n, entry])
        })
        .collect();
    Ok(fields(json!({"history": rows})))
}
