//! What tasks and threads did, drawn on one time axis: as SVG, and as text for consoles.
//!
//! Pure: the same [`Timeline`] gives the same bytes. It comes as JSON as well as from Rust.

mod columns;
mod fold;
mod scale;
mod svg;
mod text;
mod words;

use serde::{Deserialize, Serialize};

pub use svg::svg;
pub use text::text;

/// A step of at least so many seconds blocked its event loop.
pub const BLOCKING: f64 = 0.05;

/// A piece of time, and what happened in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// The clock that the times are of.
    pub clock: Clock,
    /// How long it is, in seconds.
    pub seconds: f64,
    /// Tasks and threads, in the order in which they were made.
    pub lanes: Vec<Lane>,
    /// Where its records begin, when more happened than is remembered: what was before is missing.
    pub cut: Option<f64>,
}

/// Which clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Real time.
    #[default]
    Wall,
    /// Simulated time.
    Virtual,
}

/// One task or thread. Times are seconds since the timeline's begin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lane {
    /// Task or thread.
    pub kind: Kind,
    /// Its name, as `Task.get_name()` or `Thread.name` has it.
    pub name: String,
    /// The function that it runs.
    pub function: String,
    /// Where it was made.
    pub made: Option<Place>,
    /// The name of the task that made it.
    pub by: Option<String>,
    /// When it was made.
    pub begin: f64,
    /// When it ended, or where the timeline does.
    pub end: f64,
    /// How it ended.
    pub ending: Ending,
    /// The exception with which it failed.
    pub error: Option<String>,
    /// Where that was raised.
    pub raised: Option<Place>,
    /// When somebody asked it to end.
    pub cancelled: Vec<f64>,
    /// What it did, in order.
    pub spans: Vec<Span>,
}

/// What a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A task of an event loop.
    #[default]
    Task,
    /// A thread.
    Thread,
}

/// How a task or thread ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// It came to its end.
    Done,
    /// It raised an exception.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It had not ended when the timeline did.
    #[default]
    Pending,
}

/// A piece of a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// What it did.
    pub state: State,
    /// When that began.
    pub begin: f64,
    /// When that ended.
    pub end: f64,
    /// What it waited for, or what blocked it; may be empty.
    #[serde(default)]
    pub on: String,
    /// Where it stood.
    #[serde(default)]
    pub place: Option<Place>,
}

/// What a task or thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Could go on, and waits for its turn.
    Ready,
    /// Is suspended.
    Waiting,
    /// Runs.
    Running,
    /// Runs, or waits, and lets no other task have its turn for [`BLOCKING`] seconds and more.
    Blocking,
}

/// A place in source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file's name, or the cell's.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Span {
    fn seconds(&self) -> f64 {
        (self.end - self.begin).max(0.0)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
