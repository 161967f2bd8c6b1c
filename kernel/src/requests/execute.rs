//! `execute_request`: runs a cell.

use super::{Answer, Refusal, fields};
use crate::session::Desk;
use crate::wire::{Channel, Request};
use cellist_interpreter::{Cell, Failure, Outcome};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Content {
    code: String,
    /// Neither numbered nor kept, shown to no one else; its value is not displayed.
    #[serde(default)]
    silent: bool,
    /// Number it and keep it in the history; `true` unless silent.
    store_history: Option<bool>,
    #[serde(default)]
    user_expressions: Option<Map<String, Value>>,
    #[serde(default = "yes")]
    allow_stdin: bool,
    /// A failure aborts what is queued behind.
    #[serde(default = "yes")]
    stop_on_error: bool,
}

impl Content {
    fn is_kept(&self) -> bool {
        self.store_history.unwrap_or(true) && !self.silent
    }
}

fn yes() -> bool {
    true
}

pub(super) fn answer(desk: &mut Desk, request: &Request) -> Answer {
    let content: Content = request.content()?;
    let execution_count = number(desk, &content);
    if !content.silent {
        let input = json!({"code": content.code, "execution_count": execution_count});
        desk.front.broadcast("execute_input", &request.header.raw, &input);
    }
    let origin = desk.front.parents.add(request, content.allow_stdin);
    let outcome = desk.session.run_cell(&Cell {
        source: &content.code,
        origin,
        execution_count,
        silent: content.silent,
        kept: content.is_kept(),
        user_expressions: content.user_expressions.unwrap_or_default(),
    });
    desk.end_a_fork();
    match outcome {
        Outcome::Ok { user_expressions, payload } => Ok(fields(json!({
            "execution_count": execution_count,
            "user_expressions": user_expressions,
            "payload": payload,
        }))),
        Outcome::Exit(code) => {
            desk.front.stop.exit_with(code);
            desk.front.shut_down();
            Ok(fields(json!({
                "execution_count": execution_count,
                "user_expressions": {},
                "payload": [{"source": "ask_exit", "keepkernel": false}],
            })))
        }
        Outcome::Error(failure) => {
            if content.stop_on_error && request.channel == Channel::Shell {
                desk.queue.settle();
                desk.queue.abort_executions();
            }
            Err(raised(desk, request, failure, execution_count))
        }
    }
}

/// The cell's number; takes the next one if this cell is to be numbered.
fn number(desk: &mut Desk, content: &Content) -> u32 {
    let kept = content.is_kept();
    let next = desk.execution_count + 1;
    if kept && !content.code.trim().is_empty() {
        desk.execution_count = next;
        return next;
    }
    // As in IPython: what is not numbered shows the number that the next cell will have; an empty
    // cell repeats the last one.
    if kept { desk.execution_count } else { next }
}

fn raised(desk: &Desk, request: &Request, failure: Failure, execution_count: u32) -> Refusal {
    let error = json!({
        "ename": failure.ename, "evalue": failure.evalue, "traceback": failure.traceback,
    });
    desk.front.broadcast("error", &request.header.raw, &error);
    Refusal::Raised { failure, execution_count }
}
