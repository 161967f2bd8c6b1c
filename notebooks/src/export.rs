//! The course for other graders. For Otter see [`otter()`]; here is the layout of nbgrader: `source/<set>/` for instructors, `release/<set>/` for
//! learners, one assignment per set, cell metadata of schema version 3.
//!
//! The checks stay ours and run in our kernel. There a check that fails shows why and raises
//! nothing; nbgrader counts what raises, so exported checks say `#| on-failure: raise`. What
//! nbgrader cannot express is left out: a guard pays also when nothing else passes.

mod otter;

pub use otter::{LAB, OtterAssignment, TestFile, otter};

use crate::build;
use crate::course::{Course, NotebookPlan};
use crate::unit::{Body, Check, Unit, UnitCell};
use cellist_formats::notebook::{Cell, Notebook};

/// A notebook in both of nbgrader's editions.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Path below `source` and `release`: `<set>/<name>.ipynb`.
    pub file: String,
    /// What nbgrader keeps and grades by.
    pub source: Notebook,
    /// What learners get.
    pub release: Notebook,
}

/// Every notebook of a course for nbgrader.
pub fn nbgrader(course: &Course) -> Vec<Assignment> {
    course.notebooks.iter().map(|plan| assignment(course, plan)).collect()
}

fn assignment(course: &Course, plan: &NotebookPlan) -> Assignment {
    let units: Vec<&Unit> = course.units_of(plan).collect();
    let notebook = |edition| {
        let cells = units
            .iter()
            .flat_map(|unit| unit.cells.iter().flat_map(|cell| exported(unit, cell, edition)));
        // No `instructor`: these files are not what `sync` takes.
        Notebook::new(cells.collect(), build::metadata(plan, &units, edition.name()))
    };
    Assignment {
        file: plan.file.clone(),
        source: notebook(Edition::Source),
        release: notebook(Edition::Release),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edition {
    Source,
    Release,
}

impl Edition {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "nbgrader-source",
            Self::Release => "nbgrader-release",
        }
    }

    fn pick<T>(self, source: T, release: T) -> T {
        match self {
            Self::Source => source,
            Self::Release => release,
        }
    }
}

/// A cell-to-be, and below a quiz whose answer is written the cell for that.
fn exported(unit: &Unit, cell: &UnitCell, edition: Edition) -> Vec<Cell> {
    let mut cells: Vec<Cell> = export(unit, cell, edition).into_iter().collect();
    if let Body::Fill { key, points, .. } = &cell.body {
        let mut below = build::fill_cell(unit, cell, key, *points, "...");
        if edition == Edition::Source {
            let marked = format!("### BEGIN SOLUTION\n{}\n### END SOLUTION", build::quoted(key));
            let source = below.source().replace("answer = ...", &marked);
            below.set_source(source);
        }
        cells.push(below);
    }
    cells
}

fn export(unit: &Unit, cell: &UnitCell, edition: Edition) -> Option<Cell> {
    let prose = |kind, text| build::markdown_cell(unit, &cell.id, kind, text);
    Some(match &cell.body {
        Body::Prose(text) => prose("prose", text.clone()),
        Body::Glossary(terms) => prose("glossary", build::glossary(terms)),
        Body::Instructor(_) => return None,
        Body::Example(source) => build::example(unit, cell, source),
        Body::Exercise { starter, marked, .. } => {
            build::exercise(unit, cell, edition.pick(marked, starter))
        }
        Body::Check(check) => tests(unit, cell, check, edition),
        Body::Quiz { question, options, points } => {
            let asked = build::quiz(question, options, false);
            let answer = build::quiz_answered("The answer:", options);
            build::answer(unit, cell, "quiz", written(&asked, &answer, edition), *points)
        }
        Body::Fill { question, .. } => prose("quiz", build::fill(question)),
        Body::Reflect { question, rubric, points } => {
            let asked = build::reflect(question);
            build::answer(unit, cell, "reflect", written(&asked, rubric, edition), *points)
        }
    })
}

/// nbgrader clears the region, and without one the whole cell, question included.
fn written(asked: &str, answer: &str, edition: Edition) -> String {
    let asked = asked.trim_end();
    match edition {
        Edition::Source => format!("{asked}\n\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"),
        Edition::Release => format!("{asked}\n\nYOUR ANSWER HERE"),
    }
}

fn tests(unit: &Unit, cell: &UnitCell, check: &Check, edition: Edition) -> Cell {
    let mut built = build::check_cell(unit, cell, check);
    let (head, rest) = built.source().split_once('\n').unwrap_or((built.source(), ""));
    let source = format!("{head}\n#| on-failure: raise\n{rest}");
    built.set_source(match (check.hidden, edition) {
        (false, _) => source,
        (true, Edition::Source) => {
            format!("### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS")
        }
        (true, Edition::Release) => String::new(),
    });
    built
}
