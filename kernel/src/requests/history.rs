//! `history_request`: earlier inputs, of this session and of those before.

use super::{Answer, Refusal, fields};
use crate::session::Desk;
use crate::wire::Request;
use cellist_history::{Query, Text};
use serde::Deserialize;
use serde_json::{Value, json};

/// Clients leave out most of these.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    output: bool,
    #[serde(default = "yes")]
    raw: bool,
    #[serde(default)]
    hist_access_type: String,
    /// 0 is the running one, -1 the one before.
    #[serde(default)]
    session: i64,
    start: Option<i64>,
    stop: Option<i64>,
    n: Option<usize>,
    pattern: Option<String>,
    #[serde(default)]
    unique: bool,
}

fn yes() -> bool {
    true
}

/// As many as `tail` gives when the client does not say.
const TAIL: usize = 10;

pub(super) fn answer(desk: &mut Desk, request: &Request) -> Answer {
    let content: Content = request.content()?;
    let Some(shell) = desk.session.shell() else {
        return Err(Refusal::Unsupported("this kernel keeps no history"));
    };
    let query = match content.hist_access_type.as_str() {
        "range" => Query::Range {
            session: content.session,
            start: content.start.unwrap_or(1),
            stop: content.stop,
        },
        "search" => Query::Search {
            pattern: content.pattern.unwrap_or_else(|| "*".to_owned()),
            n: content.n,
            unique: content.unique,
        },
        _ => Query::Tail { n: content.n.unwrap_or(TAIL), include_latest: true },
    };
    let text = if content.raw { Text::Raw } else { Text::Transformed };
    let rows: Vec<Value> = desk
        .front
        .history
        .find(shell, query, text)?
        .into_iter()
        .map(|row| {
            let entry =
                if content.output { json!([row.source, row.output]) } else { json!(row.source) };
            json!([row.session, row.line, entry])
        })
        .collect();
    Ok(fields(json!({"history": rows})))
}
