//! An assignment's questions and their test cases.
//!
//! Test files are programs, and cells of tests become doctests by way of their syntax trees: Python
//! reads both, locked away like a submission.

use crate::batch::GradeError;
use crate::nbgrader::asking;
use cellist_formats::spec::{Spec, SpecCell};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Tests as they lie.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum RawQuestion {
    /// A file `tests/NAME.py`.
    File { name: String, text: String },
    /// In the metadata of a notebook.
    Metadata { name: String, spec: Value, ok_format: bool },
    /// Cells of the instructor's notebook.
    Cells {
        name: String,
        /// A number, a list, `{each: number}` or null.
        points: Value,
        all_or_nothing: bool,
        ok_format: bool,
        cells: Vec<RawCase>,
    },
}

/// A cell of tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct RawCase {
    pub(super) source: String,
    /// What it shows, as it was saved: what a doctest expects.
    pub(super) output: String,
    pub(super) hidden: bool,
    pub(super) points: Value,
    pub(super) success_message: Value,
    pub(super) failure_message: Value,
}

/// A question, ready to be asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Question {
    /// As `grader.check` names it.
    pub(super) name: String,
    /// Its points count only together.
    #[serde(default)]
    pub(super) all_or_nothing: bool,
    #[serde(default)]
    pub(super) cases: Vec<Case>,
    /// Why it could not be read.
    #[serde(default)]
    error: Option<String>,
    /// The module that was not there to read it.
    #[serde(default)]
    missing: Option<String>,
}

/// A test case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Case {
    pub(super) points: f64,
    pub(super) hidden: bool,
    /// Source of the check that runs it, without its hint.
    check: String,
    /// Its code, to see what it imports.
    code: String,
    failure_message: Option<String>,
}

impl Question {
    /// The id of a case, `q1-2`.
    pub(super) fn case_id(&self, index: usize) -> String {
        format!("{}-{}", self.name, index + 1)
    }

    /// Its checks.
    pub(super) fn checks(&self) -> impl Iterator<Item = SpecCell> {
        self.cases.iter().enumerate().map(|(index, case)| SpecCell::Check {
            id: self.case_id(index),
            points: case.points,
            hidden: case.hidden,
            guard: false,
            source: case.source(),
        })
    }
}

impl Case {
    fn source(&self) -> String {
        match &self.failure_message {
            Some(message) if !message.trim().is_empty() => {
                // A hint is a template of one or more lines.
                let escaped = message.trim().replace('{', "{{").replace('}', "}}");
                let lines = escaped.lines().map(|line| format!("#| hint: {}\n", line.trim()));
                format!("{}{}", lines.collect::<String>(), self.check)
            }
            _ => self.check.clone(),
        }
    }
}

/// The code of all cases.
pub(super) fn code(questions: &[Question]) -> impl Iterator<Item = &str> {
    questions.iter().flat_map(|question| &question.cases).map(|case| case.code.as_str())
}

const READER: &str = include_str!("questions.py");
const ID: &str = "tests";
/// Characters of a piece; the judge cuts texts that are longer than 64 KiB.
const PIECE: usize = 48 << 10;
/// Pieces at most.
const PIECES: usize = 128;

/// A spec that reads these tests.
pub(super) fn reader(notebook: &str, raw: &[RawQuestion]) -> Spec {
    // JSON text is a Python literal, once it is a JSON string.
    let json = serde_json::Value::from(serde_json::json!(raw).to_string());
    let first = format!(
        "{}\n{READER}\n_text = _describe(__import__('json').loads({json}))",
        super::submission::PRELUDE
    );
    let piece = |at: usize| SpecCell::Example {
        id: format!("{ID}-{at}"),
        source: format!(
            "if _text[{0}:]: raise RuntimeError(_text[{0}:{1}])",
            at * PIECE,
            (at + 1) * PIECE
        ),
    };
    let cells = std::iter::once(SpecCell::Example { id: ID.to_owned(), source: first });
    asking(ID, notebook, cells.chain((0..PIECES).map(piece)).collect())
}

/// What came of it.
pub(super) fn read(
    notebook: &str,
    verdict: &cellist_formats::verdict::Verdict,
) -> Result<Vec<Question>, GradeError> {
    let broken = |why: &str| GradeError::Source(format!("the tests of `{notebook}`: {why}"));
    let mut text = String::new();
    for error in verdict.units.iter().flat_map(|unit| &unit.errors) {
        if error.cell == ID || error.ename != "RuntimeError" {
            return Err(broken(&format!("{}: {}", error.ename, error.evalue)));
        }
        text.push_str(&error.evalue);
    }
    let questions: Vec<Question> = serde_json::from_str(&text)
        .map_err(|_| broken("they are longer than 6 MiB; grade them with Otter"))?;
    for Question { name, error, missing, .. } in &questions {
        if let Some(module) = missing {
            return Err(crate::nbgrader::MissingModules {
                notebook: notebook.to_owned(),
                modules: vec![module.clone()],
                grader: "Otter",
            }
            .into());
        }
        if let Some(error) = error {
            return Err(broken(&format!("question `{name}`: {error}")));
        }
    }
    Ok(questions)
}
