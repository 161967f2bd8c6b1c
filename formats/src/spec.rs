//! The grading spec: what the authoring side knows about a notebook and the judge needs.

mod file;

pub use file::SpecError;

use serde::{Deserialize, Serialize};

/// Version of this format; a reader refuses a newer one.
pub const SPEC_SCHEMA: u32 = 1;

/// One notebook's grading spec: its units in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// [`SPEC_SCHEMA`] of the writer.
    pub schema: u32,
    /// The notebook's path within its set, `day02/01-gather.ipynb`.
    pub notebook: String,
    /// The units, in the order in which they stand in the notebook.
    pub units: Vec<UnitSpec>,
    /// Earlier revisions of them, for submissions that were given out before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<UnitSpec>,
}

/// A unit's part of a spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitSpec {
    /// The unit's id, `ex01`.
    pub id: String,
    /// The unit's title.
    pub title: String,
    /// Which clock its cells and checks run on.
    pub clock: SpecClock,
    /// What its code may use of the machine beyond computing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<SpecNeed>,
    /// Revision of the unit's checks.
    pub rev: u32,
    /// Its cells in order.
    pub cells: Vec<SpecCell>,
}

/// The clock of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpecClock {
    /// Simulated time: exact and immediate.
    Virtual,
    /// Real time.
    Wall,
}

/// What the code of a unit may use of the machine. What it does not name is denied while it is
/// graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpecNeed {
    /// TCP connections to itself.
    Loopback,
    /// Other processes, and Python as a program.
    Processes,
}

/// A cell as the judge sees it. `id` is always the notebook's cell id, `<unit>-<cell>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SpecCell {
    /// An example: run as it stands in the spec, whatever the submission made of it.
    Example {
        /// Cell id.
        id: String,
        /// Python source.
        source: String,
    },
    /// The learner's own cell: its source comes from the submission.
    Exercise {
        /// Cell id.
        id: String,
        /// The source handed out; an answer equal to it was not worked on.
        starter: String,
    },
    /// An assertion cell.
    Check {
        /// Cell id.
        id: String,
        /// Points when it passes.
        points: f64,
        /// Not in the student notebook.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hidden: bool,
        /// A negative check: pays only when a positive (non-guard) check of the unit passes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        guard: bool,
        /// Python source with its `#| hint:` lines.
        source: String,
    },
    /// Tests of an nbgrader notebook: a cell like any other, in the learner's own namespace, that
    /// earns by what it shows.
    Tests {
        /// Cell id.
        id: String,
        /// Points when it shows no error.
        points: f64,
        /// Learners do not have all of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hidden: bool,
        /// Python source.
        source: String,
    },
    /// A question with options; answered by ticking `- [x]` in its Markdown cell, or by letters in
    /// the cell below ([`SpecCell::answer_id`]).
    Quiz {
        /// Cell id.
        id: String,
        /// Points for exactly the right ticks; 0 for a question that only teaches.
        points: f64,
        /// The options in order.
        options: Vec<QuizOption>,
    },
    /// A question whose answer is written into the cell below it ([`SpecCell::answer_id`]).
    Fill {
        /// Cell id of the question.
        id: String,
        /// Points for a right answer; 0 for a question that only teaches.
        points: f64,
        /// What is right, and what is wrong for a known reason.
        key: FillKey,
    },
    /// A written answer, graded by a person.
    Reflect {
        /// Cell id.
        id: String,
        /// Points a person may give.
        points: f64,
        /// What the person looks for.
        rubric: String,
        /// The Markdown handed out; an answer equal to it was not written.
        #[serde(default)]
        starter: String,
    },
}

/// By what a written answer is judged: the first of the answers that it is decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillKey {
    /// Right answers and expected wrong ones.
    pub answers: Vec<FillAnswer>,
    /// What is said of any other answer; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub otherwise: String,
    /// Capitals count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub case: bool,
    /// White space counts, but for that around the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spaces: bool,
}

/// An answer that the author expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillAnswer {
    /// The answer: text, or a number, maybe with a tolerance and a unit: `8.65 ± 0.05 s`.
    pub text: String,
    /// Whether it is right.
    pub correct: bool,
    /// Why it is right or wrong.
    pub explanation: String,
}

/// An option of a quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizOption {
    /// The option's text.
    pub text: String,
    /// Whether it belongs to the right answer.
    pub correct: bool,
    /// Why it is right or wrong.
    pub explanation: String,
}

impl SpecCell {
    /// The notebook's cell id.
    pub fn id(&self) -> &str {
        match self {
            Self::Example { id, .. }
            | Self::Exercise { id, .. }
            | Self::Check { id, .. }
            | Self::Tests { id, .. }
            | Self::Quiz { id, .. }
            | Self::Fill { id, .. }
            | Self::Reflect { id, .. } => id,
        }
    }

    /// Cell id of the code cell below a quiz, in which it is answered.
    pub fn answer_id(&self) -> Option<String> {
        match self {
            Self::Quiz { id, .. } | Self::Fill { id, .. } => Some(answer_id(id)),
            _ => None,
        }
    }
}

/// Cell id of the code cell below the quiz of this id.
pub fn answer_id(quiz: &str) -> String {
    format!("{quiz}{ANSWER}")
}

/// What the id of a quiz's answer cell ends with.
pub const ANSWER: &str = "--answer";
