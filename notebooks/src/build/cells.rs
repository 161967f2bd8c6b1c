//! Cells with the metadata that Jupyter, nbgrader and we read.

use super::spec::clock_line;
use crate::unit::{Check, Unit, UnitCell};
use cellist_formats::cell_metadata::{CellistMetadata, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType};
use cellist_formats::spec::{SpecClock, answer_id};
use serde_json::json;

/// What may happen to a cell in a learner's editor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anything.
    Free,
    /// It may be written into, but must stay.
    Answer,
    /// It must stay as it is.
    Locked,
}

/// A Markdown cell that nobody grades.
pub(crate) fn markdown(unit: &Unit, id: &str, kind: &str, text: String) -> Cell {
    let mut cell = Cell::new(CellType::Markdown, id, text);
    describe(&mut cell, unit, kind, Access::Free);
    cell
}

/// A Markdown cell that the learner answers in.
pub(crate) fn answer(unit: &Unit, cell: &UnitCell, kind: &str, text: String, points: f64) -> Cell {
    let mut answer = Cell::new(CellType::Markdown, &cell.id, text);
    describe(&mut answer, unit, kind, Access::Answer);
    NbgraderMetadata::manual(&cell.id, points).put(&mut answer.metadata);
    answer
}

/// The code cell below a quiz, in which it is answered. Graded by hand where nobody has the key, and
/// then only when it is the one place for an answer.
pub(super) fn quiz(unit: &Unit, cell: &UnitCell, source: &str, graded: Option<f64>) -> Cell {
    let id = answer_id(&cell.id);
    let mut below = Cell::new(CellType::Code, &id, source);
    describe(&mut below, unit, "answer", Access::Answer);
    match graded {
        Some(points) => NbgraderMetadata::manual(&id, points).put(&mut below.metadata),
        None => NbgraderMetadata::solution(&id).put(&mut below.metadata),
    }
    below
}

/// A code cell that nobody grades.
pub(crate) fn example(unit: &Unit, cell: &UnitCell, source: &str) -> Cell {
    let mut example = Cell::new(CellType::Code, &cell.id, source);
    describe(&mut example, unit, "example", Access::Free);
    example
}

/// A code cell for the learner's work.
pub(crate) fn exercise(unit: &Unit, cell: &UnitCell, source: &str) -> Cell {
    let mut exercise = Cell::new(CellType::Code, &cell.id, source);
    describe(&mut exercise, unit, "exercise", Access::Answer);
    NbgraderMetadata::solution(&cell.id).put(&mut exercise.metadata);
    exercise
}

/// A check as a cell that the kernel runs as one: its first lines say so.
pub(crate) fn check(unit: &Unit, cell: &UnitCell, check: &Check) -> Cell {
    let clock = clock_line(kernel_clock(unit, check));
    let source =
        format!("#| check: {}\n#| points: {}\n{clock}{}", cell.name, check.points, check.source);
    let mut tests = Cell::new(CellType::Code, &cell.id, source);
    let metadata = CellistMetadata {
        guard: check.guard,
        hidden: check.hidden,
        ..cellist_metadata(unit, "check")
    };
    metadata.put(&mut tests.metadata);
    restrict(&mut tests, Access::Locked);
    NbgraderMetadata::tests(&cell.id, check.points).put(&mut tests.metadata);
    tests
}

/// A kernel knows no units: on the virtual clock, as most are, unless the cell says otherwise.
fn kernel_clock(unit: &Unit, check: &Check) -> Option<SpecClock> {
    match (check.clock, unit.front.clock) {
        (None, SpecClock::Virtual) => None,
        (None, wall) => Some(wall),
        (own, _) => own,
    }
}

fn describe(cell: &mut Cell, unit: &Unit, kind: &str, access: Access) {
    cellist_metadata(unit, kind).put(&mut cell.metadata);
    restrict(cell, access);
}

fn cellist_metadata(unit: &Unit, kind: &str) -> CellistMetadata {
    CellistMetadata {
        unit: unit.front.id.clone(),
        kind: kind.to_owned(),
        guard: false,
        hidden: false,
    }
}

/// Jupyter's own locks; they keep honest people from accidents, the judge needs none of them.
fn restrict(cell: &mut Cell, access: Access) {
    if access != Access::Free {
        cell.metadata.insert("deletable".to_owned(), json!(false));
    }
    if access == Access::Locked {
        cell.metadata.insert("editable".to_owned(), json!(false));
    }
}
