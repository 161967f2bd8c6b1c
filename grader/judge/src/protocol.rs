//! What parent and child say to each other: control messages to the warm process, and the frames
//! of one job.

pub(crate) mod control;
pub(crate) mod frames;

use crate::limits::Limits;
use crate::shown::Shown;
use cellist_formats::spec::SpecNeed;
use serde::{Deserialize, Serialize};

/// Exit status of a child whose cell printed more than its budget. A learner can forge it, and
/// gains nothing by it.
pub(crate) const EXIT_OUTPUT: i32 = 92;

/// Parent to child. Each is answered by one [`Reply`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Request {
    /// First: lock the process down, but for what it needs.
    Begin { limits: Limits, needs: Vec<SpecNeed> },
    /// Switch the clock; virtual time begins at 0.
    Clock { simulated: bool },
    /// Run a cell in the submission's namespace.
    Cell { id: String, number: u32, source: String },
    /// Run nbgrader's tests in the submission's namespace.
    Tests { id: String, number: u32, source: String },
    /// Run a check. Hidden checks too are sent only now, one at a time. `watched`: with a timeline, if
    /// it fails.
    Check { id: String, source: String, watched: bool },
    /// Last: the child ends by itself.
    End {},
}

/// Child to parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Reply {
    /// To `begin`, `clock` and `end`. With braces, so that serde refuses unknown fields.
    Ready {},
    /// To `begin`: the process could not be locked down.
    Refused { reason: String },
    /// To `cell`.
    Ran { error: Option<Raised> },
    /// To `tests`.
    Tested { shown: Shown },
    /// To `check`.
    Checked {
        passed: bool,
        score: Option<f64>,
        hint: Option<String>,
        message: Option<String>,
        hint_error: Option<String>,
        comparison: Option<String>,
        timeline: Option<String>,
    },
}

/// An exception that left a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raised {
    pub(crate) ename: String,
    pub(crate) evalue: String,
    pub(crate) traceback: String,
}
