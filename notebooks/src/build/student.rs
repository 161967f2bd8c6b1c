//! The learner's edition of a unit.

use super::{cells, markdown, quiz_cell};
use crate::unit::{Body, Unit};
use cellist_formats::notebook::Cell;

/// The cells that learners get, in order.
pub(super) fn cells(unit: &Unit) -> Vec<Cell> {
    let mut built = Vec::new();
    for cell in &unit.cells {
        match &cell.body {
            Body::Prose(text) => {
                built.push(cells::markdown(unit, &cell.id, "prose", text.clone()));
            }
            Body::Example(source) => built.push(cells::example(unit, cell, source)),
            Body::Exercise { starter, .. } => built.push(cells::exercise(unit, cell, starter)),
            Body::Check(check) if check.hidden => {}
            Body::Check(check) => built.push(cells::check(unit, cell, check)),
            Body::Quiz { question, options, points } => {
                let text = markdown::quiz(question, options, true);
                built.push(cells::answer(unit, cell, "quiz", text, *points));
                built.push(quiz_cell::choice(unit, cell, options));
            }
            Body::Fill { question, key, points } => {
                let text = markdown::fill(question);
                built.push(cells::markdown(unit, &cell.id, "quiz", text));
                built.push(quiz_cell::fill(unit, cell, key, *points, "..."));
            }
            Body::Reflect { question, points, .. } => {
                let text = markdown::reflect(question);
                built.push(cells::answer(unit, cell, "reflect", text, *points));
            }
            Body::Glossary(terms) => {
                let text = markdown::glossary(terms);
                built.push(cells::markdown(unit, &cell.id, "glossary", text));
            }
            Body::Instructor(_) => {}
        }
    }
    built
}
