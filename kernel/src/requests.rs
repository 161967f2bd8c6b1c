//! The conversations: one file each (request, reply, handler), and one table of them all.

pub(crate) mod comm;
pub(crate) mod conversation;

mod complete;
mod connect;
mod debug;
mod execute;
mod history;
mod inspect;
mod interrupt;
mod is_complete;
mod kernel_info;
mod shutdown;
pub(crate) mod subshell;
mod unknown;
mod usage;

use crate::front::Front;
use crate::session::{Desk, SubshellError};
use crate::wire::Request;
use cellist_interpreter::{Failure, Introspection};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The content of a reply; `status` is `ok` unless it says otherwise.
pub(crate) type Answer = Result<Map<String, Value>, Refusal>;

/// Who answers.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Any thread: needs no interpreter and does not wait.
    Front(fn(&Front, &Request) -> Answer),
    /// As `Front`, for those that start threads which need the front too.
    Shared(fn(&Arc<Front>, &Request) -> Answer),
    /// The thread of a shell, in order; or, when that is long at work on something else, another one.
    Introspection(fn(&Introspection<'_>, &Request) -> Answer),
    /// The thread of a shell, in order.
    Desk(fn(&mut Desk, &Request) -> Answer),
}

/// Why a request gets an error reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The content is not what the request's type promises.
    #[error("unreadable content: {0}")]
    Content(#[from] serde_json::Error),
    /// Nobody here knows this type.
    #[error("this kernel does not know `{0}`")]
    Unknown(String),
    /// Known, but not offered.
    #[error("{0}")]
    Unsupported(&'static str),
    /// There is no subshell of that identifier.
    #[error("there is no subshell `{0}`; `list_subshell_request` names those that there are")]
    NoSubshell(String),
    /// A subshell could not be made.
    #[error(transparent)]
    Subshell(#[from] SubshellError),
    /// The history has no answer.
    #[error(transparent)]
    History(#[from] cellist_history::Error),
    /// The cell raised.
    #[error("{}", failure.evalue)]
    Raised {
        /// What it raised.
        failure: Failure,
        /// The cell's number.
        execution_count: u32,
    },
}

impl Refusal {
    /// The reply's `ename`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Content(_) => "BadRequest",
            Self::Unknown(_) => "UnknownMessage",
            Self::Unsupported(_) => "Unsupported",
            Self::NoSubshell(_) => "NoSuchSubshell",
            Self::Subshell(_) => "SubshellError",
            Self::History(_) => "HistoryError",
            Self::Raised { failure, .. } => &failure.ename,
        }
    }

    /// Fields of the reply besides `status`, `ename` and `evalue`.
    pub(crate) fn extra(&self) -> Map<String, Value> {
        let mut extra = Map::new();
        if let Self::Raised { failure, execution_count } = self {
            extra.insert("traceback".to_owned(), failure.traceback.clone().into());
            extra.insert("execution_count".to_owned(), (*execution_count).into());
            extra.insert("user_expressions".to_owned(), Map::new().into());
            extra.insert("payload".to_owned(), Vec::<Value>::new().into());
        }
        extra
    }
}

/// The fields of a JSON object written with `json!`.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
