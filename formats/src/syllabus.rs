//! The syllabus: what a course's plans ask for, and which of its notebooks teach it. It is published
//! with the notebooks, and `%progress` reads it.

use crate::canonical_json;
use serde::Serialize;

/// Version of this format; a reader does not look at a newer one.
pub const SYLLABUS_SCHEMA: u32 = 1;

/// The file's name, at the top of the folder of published notebooks.
pub const SYLLABUS_FILE: &str = "syllabus.json";

/// Where `%progress` keeps what a learner's checks came to, beside [`SYLLABUS_FILE`].
pub const RESULTS_FILE: &str = ".cellist-progress.jsonl";

/// A course as its learners follow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Syllabus {
    /// [`SYLLABUS_SCHEMA`] of the writer.
    pub schema: u32,
    /// The course's title.
    pub title: String,
    /// The plans that notebooks follow, and the sets of those that follow none.
    pub plans: Vec<SyllabusPlan>,
}

/// A plan, or a set of notebooks without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyllabusPlan {
    /// Id of the plan or set.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Its notebooks, sorted.
    pub notebooks: Vec<SyllabusNotebook>,
    /// What the plan asks for, in its order; nothing in a set.
    pub items: Vec<SyllabusItem>,
}

/// A published notebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyllabusNotebook {
    /// Path from the syllabus, `day02/01-model.ipynb`.
    pub file: String,
    /// Ids of its units.
    pub units: Vec<String>,
}

/// One thing that a plan asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyllabusItem {
    /// `<plan>.<path>`.
    pub id: String,
    /// The beginning of what the plan says, without links and code blocks; may be empty.
    pub text: String,
    /// Units that must be done to tick it; none when no notebook teaches it.
    pub units: Vec<String>,
    /// Why no notebook teaches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

impl Syllabus {
    /// The file's text: the same bytes for the same syllabus.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "a syllabus is strings, numbers and lists of them")]
        canonical_json::to_string(self).expect("a syllabus has a JSON form")
    }
}
