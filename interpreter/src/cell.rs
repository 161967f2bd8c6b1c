//! A cell, and what became of it.

use crate::event::{MimeBundle, Origin};
use serde_json::{Map, Value};

/// One cell to run.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    /// Python source, top-level `await` allowed.
    pub source: &'a str,
    /// Whose output this run makes.
    pub origin: Origin,
    /// Shown in tracebacks (`Cell In[3]`) and sent with the result.
    pub execution_count: u32,
    /// Do not display the value of the last expression.
    pub silent: bool,
    /// Remember the cell and its value: `In`, `Out`, `_`, `%history`.
    pub kept: bool,
    /// Expressions to evaluate afterwards in the cell's namespace (Jupyter's
    /// `user_expressions`): name to source.
    pub user_expressions: Map<String, Value>,
}

impl<'a> Cell<'a> {
    /// A plain cell: not silent, kept, no user expressions.
    pub fn new(source: &'a str, origin: Origin, execution_count: u32) -> Self {
        Self {
            source,
            origin,
            execution_count,
            silent: false,
            kept: true,
            user_expressions: Map::new(),
        }
    }
}

/// A Python exception that ended a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The exception's class name.
    pub ename: String,
    /// `str(exception)`.
    pub evalue: String,
    /// The formatted traceback, ANSI colours included; join with newlines.
    pub traceback: Vec<String>,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It ran to its end; the values of `user_expressions`, as in Jupyter's `execute_reply`, and
    /// payloads (`page`, `set_next_input`, `ask_exit`).
    Ok {
        /// Name to `{"status": "ok", "data", "metadata"}` or `{"status": "error", …}`.
        user_expressions: Map<String, Value>,
        /// Payload objects, in order.
        payload: Vec<Value>,
    },
    /// It raised. `KeyboardInterrupt` is one of these too.
    Error(Failure),
    /// It called `sys.exit` or `exit` with this code.
    Exit(i32),
}

/// Answer to a completion request. Positions count Unicode code points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Candidates, best first.
    pub matches: Vec<String>,
    /// Where the replaced text begins.
    pub cursor_start: usize,
    /// Where the replaced text ends.
    pub cursor_end: usize,
    /// `_jupyter_types_experimental` and the like.
    pub metadata: Map<String, Value>,
}

/// Answer to an inspection request.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Representations by MIME type; `text/plain` always.
    pub data: MimeBundle,
}

/// Whether a piece of source could be run as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Ready to run.
    Complete,
    /// More lines are needed; the next one starts with this indent.
    Incomplete {
        /// White space.
        indent: String,
    },
    /// Cannot become valid by adding lines.
    Invalid,
}
