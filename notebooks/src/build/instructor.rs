//! The instructor's edition of a unit: solutions, hidden checks, answers, rubrics, known mistakes.

use super::{cells, markdown};
use crate::diagnostic::list;
use crate::unit::{Body, Mutant, Unit};
use cellist_formats::notebook::Cell;

/// What a text for instructors begins with.
pub(crate) const FOR_INSTRUCTORS: &str = "**For instructors.** ";

/// The cells that instructors get, in order.
pub(crate) fn cells(unit: &Unit) -> Vec<Cell> {
    let mut built = Vec::new();
    for cell in &unit.cells {
        built.push(match &cell.body {
            Body::Prose(text) => cells::markdown(unit, &cell.id, "prose", text.clone()),
            Body::Example(source) => cells::example(unit, cell, source),
            Body::Exercise { solution, .. } => cells::exercise(unit, cell, solution),
            Body::Check(check) => cells::check(unit, cell, check),
            Body::Quiz { question, options, points } => {
                let text = markdown::quiz_answered(question, options);
                cells::answer(unit, cell, "quiz", text, *points)
            }
            Body::Fill { question, key, .. } => {
                let text = markdown::fill_answered(question, key);
                cells::markdown(unit, &cell.id, "quiz", text)
            }
            Body::Reflect { question, rubric, points } => {
                let text = markdown::reflect_with_rubric(question, rubric, *points);
                cells::answer(unit, cell, "reflect", text, *points)
            }
            Body::Glossary(terms) => {
                cells::markdown(unit, &cell.id, "glossary", markdown::glossary(terms))
            }
            Body::Instructor(text) => {
                let text = format!("{FOR_INSTRUCTORS}{}", text.trim());
                cells::markdown(unit, &cell.id, "instructor", text)
            }
        });
    }
    built.extend(mistakes(unit));
    built
}

/// The unit's mutants: mistakes to expect, and the checks that catch them.
fn mistakes(unit: &Unit) -> Option<Cell> {
    if unit.mutants.is_empty() {
        return None;
    }
    let mut text = "**For instructors: mistakes to expect**".to_owned();
    for Mutant { id, fails, patch, .. } in &unit.mutants {
        text.push_str(&format!("\n\n`{id}` fails {}:\n\n```diff\n{patch}\n```", list(fails)));
    }
    Some(cells::markdown(unit, &mistakes_id(unit), "instructor", text))
}

/// Id of the cell of mistakes. Two dashes: no cell of a unit can have this id, since slugs have
/// single ones.
pub(crate) fn mistakes_id(unit: &Unit) -> String {
    format!("{}--mistakes", unit.front.id)
}
