//! A unit: one Markdown file, the smallest thing a learner completes.
//!
//! Parsing reports every problem of a file, not only the first.

mod attributes;
mod cells;
mod check;
mod fences;
pub(crate) mod fill;
mod front_matter;
mod ids;
mod mutants;
mod quiz;
mod regions;
mod written;

pub use front_matter::{Difficulty, FrontMatter};

use crate::diagnostic::{Diagnostic, Problems};
use crate::fingerprint;
use cellist_formats::spec::{FillKey, QuizOption, SpecClock};
use cellist_formats::text_file;
use std::path::{Path, PathBuf};

/// A parsed unit that has no problems of form.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its file.
    pub path: PathBuf,
    /// What its front matter says.
    pub front: FrontMatter,
    /// The cells in the order of the file.
    pub cells: Vec<UnitCell>,
    /// The known wrong solutions.
    pub mutants: Vec<Mutant>,
    /// Tells whether the file's text has changed.
    pub fingerprint: String,
}

/// A cell-to-be of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitCell {
    /// Cell id in every notebook: `<unit>-<cell>`.
    pub id: String,
    /// Name within the unit: the `id` of the fence.
    pub name: String,
    /// Line in the unit's file.
    pub line: usize,
    /// What it holds.
    pub body: Body,
}

/// What a cell-to-be holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Markdown for everybody.
    Prose(String),
    /// Python that is run as it stands.
    Example(String),
    /// The learner's own work.
    Exercise {
        /// The unit's answer, markers removed.
        solution: String,
        /// What the learner begins with.
        starter: String,
        /// The solution with nbgrader's markers around what the learner writes.
        marked: String,
    },
    /// An assertion cell.
    Check(Check),
    /// A question with keyed answers.
    Quiz {
        /// The question, Markdown.
        question: String,
        /// The answers.
        options: Vec<QuizOption>,
        /// Points; 0 for a question that only teaches.
        points: f64,
    },
    /// A question whose answer is a number or some words.
    Fill {
        /// The question, Markdown.
        question: String,
        /// What is right, and what is wrong for a known reason.
        key: FillKey,
        /// Points; 0 for a question that only teaches.
        points: f64,
    },
    /// A written answer.
    Reflect {
        /// The question, Markdown.
        question: String,
        /// What a person looks for.
        rubric: String,
        /// Points a person may give.
        points: f64,
    },
    /// Terms with their definitions.
    Glossary(Vec<Term>),
    /// Markdown for instructors.
    Instructor(String),
}

/// An assertion cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Points when it passes.
    pub points: f64,
    /// Not shown to learners.
    pub hidden: bool,
    /// A negative check: pays only together with a positive one.
    pub guard: bool,
    /// The clock that it runs the learner's code on; the unit's own unless the fence says otherwise.
    pub clock: Option<SpecClock>,
    /// Python with its `#| hint:` lines.
    pub source: String,
}

/// A term of the glossary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word.
    pub term: String,
    /// What it means.
    pub definition: String,
}

/// A known wrong solution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Its name.
    pub id: String,
    /// Line in the unit's file.
    pub line: usize,
    /// The names of exactly the checks that it must fail.
    pub fails: Vec<String>,
    /// The patch as written.
    pub patch: String,
    /// Cell ids of the exercises that it changes, each with its source with the mistake in it.
    pub sources: Vec<(String, String)>,
}

impl Unit {
    /// Reads and parses a unit file.
    ///
    /// # Errors
    /// Every problem of the file, in the order of their lines.
    pub fn read(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        match text_file::read(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => Err(vec![unreadable(path, error)]),
        }
    }

    /// Parses a unit; `path` is for the messages.
    ///
    /// # Errors
    /// Every problem of the text, in the order of their lines.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let text = text.replace("\r\n", "\n");
        let mut problems = Problems::new(path);
        let Some((front, body)) = front_matter::parse(&text, &mut problems) else {
            return Err(problems.into_sorted());
        };
        let blocks = fences::blocks(body.text, body.line, &mut problems);
        let parsed = cells::parse(&front.id, blocks, &mut problems);
        let mutants = mutants::apply(parsed.mutants, &parsed.cells, &mut problems);
        if problems.is_empty() {
            let (path, fingerprint) = (path.to_owned(), fingerprint::of(&text));
            Ok(Self { path, front, cells: parsed.cells, mutants, fingerprint })
        } else {
            Err(problems.into_sorted())
        }
    }

    /// The checks with their cells, in order.
    pub fn checks(&self) -> impl Iterator<Item = (&UnitCell, &Check)> {
        self.cells.iter().filter_map(|cell| match &cell.body {
            Body::Check(check) => Some((cell, check)),
            _ => None,
        })
    }

    /// Points that the judge can give.
    pub fn points(&self) -> f64 {
        let of_cell = |cell: &UnitCell| match &cell.body {
            Body::Check(check) => check.points,
            Body::Quiz { points, .. } | Body::Fill { points, .. } => *points,
            _ => 0.0,
        };
        self.cells.iter().map(of_cell).fold(0.0, |sum, points| sum + points)
    }

    /// Points that a person can give.
    pub fn manual_points(&self) -> f64 {
        let of_cell = |cell: &UnitCell| match &cell.body {
            Body::Reflect { points, .. } => *points,
            _ => 0.0,
        };
        self.cells.iter().map(of_cell).fold(0.0, |sum, points| sum + points)
    }
}

fn unreadable(path: &Path, error: text_file::TextFileError) -> Diagnostic {
    use text_file::TextFileError as E;
    let (line, message, help) = match error {
        E::NotUtf8 { line, byte, .. } => (
            line,
            format!("byte 0x{byte:02x} is not UTF-8 text"),
            "save the file again with the encoding UTF-8",
        ),
        E::Missing { .. } => (0, "the file does not exist".to_owned(), "check the path"),
        E::Read { source, .. } | E::Write { source, .. } => {
            (0, format!("the file could not be read: {source}"), "check its permissions")
        }
    };
    Diagnostic { path: path.to_owned(), line, message, help: help.to_owned() }
}
