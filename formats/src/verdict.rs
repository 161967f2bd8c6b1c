//! The verdict: what grading one notebook came to.

use serde::{Deserialize, Serialize};

/// The result of grading one submission against one spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The notebook's path within its set.
    pub notebook: String,
    /// Points earned, guards and manual items accounted for.
    pub points: f64,
    /// Points that could be earned automatically.
    pub max_points: f64,
    /// Points that wait for a person.
    pub manual_points: f64,
    /// Per unit, in order.
    pub units: Vec<UnitVerdict>,
    /// What the judge noticed about the notebook: cells changed, missing, duplicated.
    pub notes: Vec<String>,
    /// Real time the judging took, in milliseconds.
    pub millis: f64,
    /// Handed in too late: `points` is 0, whatever the items have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeited: bool,
}

/// A unit's part of a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitVerdict {
    /// The unit's id.
    pub id: String,
    /// The unit's title.
    pub title: String,
    /// Points earned.
    pub points: f64,
    /// Points that could be earned automatically.
    pub max_points: f64,
    /// Its graded cells, in order.
    pub items: Vec<ItemVerdict>,
    /// Exceptions of the learner's own cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<CellError>,
}

/// A check, quiz or reflection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemVerdict {
    /// The notebook's cell id, `ex01-durations`.
    pub id: String,
    /// How it went.
    pub status: Status,
    /// Points earned.
    pub points: f64,
    /// Points that could be earned.
    pub max_points: f64,
    /// What the learner reads: the rendered hint, or a quiz explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What exactly failed; never shown to learners for hidden checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A hidden check.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// A guard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guard: bool,
    /// An answer that a person grades; until one has, its points are in no unit's `max_points`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub written: bool,
    /// The hint template could not be rendered (an author's mistake).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint_error: Option<String>,
}

/// How a graded item went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All points.
    Passed,
    /// Wrong, or partly wrong.
    Failed,
    /// Passed, but pays nothing because no positive check of the unit passed (guards).
    Withheld,
    /// Could not be judged: the process died, timed out, or never got there.
    Error,
    /// Waits for a person.
    Manual,
    /// Not answered.
    Unanswered,
}

impl Status {
    /// The word for it in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
            Self::Error => "error",
            Self::Manual => "manual",
            Self::Unanswered => "unanswered",
        }
    }
}

/// An exception raised by one of the learner's cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// Cell id.
    pub cell: String,
    /// Exception class.
    pub ename: String,
    /// Its message.
    pub evalue: String,
    /// Traceback without colours.
    pub traceback: String,
}
