//! The grading spec of units.

use super::{markdown, quiz_cell};
use crate::unit::{Body, Mutant, Unit, UnitCell};
use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, SpecClock, UnitSpec, answer_id};
use std::collections::BTreeMap;

/// The spec of a notebook with these units.
pub(super) fn spec(notebook: &str, units: &[&Unit], older: Vec<UnitSpec>) -> Spec {
    Spec {
        schema: SPEC_SCHEMA,
        notebook: notebook.to_owned(),
        units: units.iter().map(|unit| unit_spec(unit)).collect(),
        older,
    }
}

/// A unit's part of a spec.
pub fn unit_spec(unit: &Unit) -> UnitSpec {
    UnitSpec {
        id: unit.front.id.clone(),
        title: unit.front.title.clone(),
        clock: unit.front.clock,
        needs: unit.front.needs.clone(),
        rev: unit.front.rev,
        cells: unit.cells.iter().filter_map(cell).collect(),
    }
}

fn cell(cell: &UnitCell) -> Option<SpecCell> {
    let id = cell.id.clone();
    Some(match &cell.body {
        Body::Example(source) => SpecCell::Example { id, source: source.clone() },
        Body::Exercise { starter, .. } => SpecCell::Exercise { id, starter: starter.clone() },
        Body::Check(check) => SpecCell::Check {
            id,
            points: check.points,
            hidden: check.hidden,
            guard: check.guard,
            source: format!("{}{}", clock_line(check.clock), check.source),
        },
        Body::Quiz { options, points, .. } => {
            SpecCell::Quiz { id, points: *points, options: options.clone() }
        }
        Body::Fill { key, points, .. } => SpecCell::Fill { id, points: *points, key: key.clone() },
        Body::Reflect { question, rubric, points } => SpecCell::Reflect {
            id,
            points: *points,
            rubric: rubric.clone(),
            starter: markdown::reflect(question),
        },
        Body::Prose(_) | Body::Glossary(_) | Body::Instructor(_) => return None,
    })
}

/// The line by which a check says that it runs on another clock than its unit.
pub(super) fn clock_line(clock: Option<SpecClock>) -> &'static str {
    match clock {
        None => "",
        Some(SpecClock::Virtual) => "#| clock: virtual\n",
        Some(SpecClock::Wall) => "#| clock: wall\n",
    }
}

/// What somebody hands in: cell id to source.
pub type Answers = BTreeMap<String, String>;

/// The unit's right answers.
pub fn right_answers(unit: &Unit) -> Answers {
    let answer = |cell: &UnitCell| {
        let source = match &cell.body {
            Body::Exercise { solution, .. } => solution.clone(),
            Body::Quiz { question, options, .. } => markdown::quiz_answered(question, options),
            Body::Fill { key, .. } => return Some((answer_id(&cell.id), quiz_cell::right(key))),
            _ => return None,
        };
        Some((cell.id.clone(), source))
    };
    unit.cells.iter().filter_map(answer).collect()
}

/// What learners begin with.
pub fn starter_answers(unit: &Unit) -> Answers {
    let answer = |cell: &UnitCell| {
        let source = match &cell.body {
            Body::Exercise { starter, .. } => starter.clone(),
            Body::Quiz { question, options, .. } => markdown::quiz(question, options, true),
            Body::Fill { .. } => return Some((answer_id(&cell.id), quiz_cell::starter())),
            _ => return None,
        };
        Some((cell.id.clone(), source))
    };
    unit.cells.iter().filter_map(answer).collect()
}

/// The right answers with a mutant's mistake among them.
pub fn mutant_answers(unit: &Unit, mutant: &Mutant) -> Answers {
    let mut answers = right_answers(unit);
    answers.extend(mutant.sources.iter().cloned());
    answers
}
