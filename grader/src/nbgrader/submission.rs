//! A learner's notebook held against its source: what is to be run, in the learner's order.

use super::source::{Role, Source, SourceCell, grade_id};
use cellist_formats::cell_metadata::{NBGRADER_SCHEMA, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, SpecClock, UnitSpec};
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Before the first cell: what nbgrader's kernels have that the judge's does not. An expression
/// without a value that leaves no name behind.
pub(super) const PRELUDE: &str = "__import__('sys').path.insert(0, ''); __import__('os').environ.\
                                  update(NBGRADER_EXECUTION='autograde')";

/// A submission from a newer nbgrader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cell {number} has nbgrader metadata of schema version {found}, newer than {NBGRADER_SCHEMA}; \
     update cellist"
)]
pub struct NewerMetadata {
    /// Which cell, from 1.
    pub number: usize,
    /// Its version.
    pub found: u64,
}

/// What the judge takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rebuilt {
    pub(super) spec: Spec,
    /// Answers for a person, by name.
    pub(super) answers: BTreeMap<String, String>,
    pub(super) notes: Vec<String>,
}

/// Rebuilds a submission.
///
/// # Errors
/// When its metadata are of a newer schema.
pub(super) fn rebuild(source: &Source, notebook: &Notebook) -> Result<Rebuilt, NewerMetadata> {
    refuse_newer(notebook)?;
    let named = named_cells(source, notebook);
    let mut rebuilt = Rebuilt {
        spec: spec(source),
        answers: BTreeMap::new(),
        notes: notes(source, notebook, &named),
    };
    let mut cells = vec![SpecCell::Example { id: "cell 0".to_owned(), source: PRELUDE.to_owned() }];
    for (index, cell) in notebook.cells.iter().enumerate() {
        // With a space in it, which no name of nbgrader's has.
        let own = format!("cell {}", index + 1);
        let run = |id: &str, source: &str| SpecCell::Example {
            id: id.to_owned(),
            source: source.to_owned(),
        };
        match named.get(&index) {
            None if cell.cell_type() == CellType::Code => cells.push(run(&own, cell.source())),
            None => {}
            Some(known) => {
                let is_code = known.kind == CellType::Code;
                match known.role {
                    Role::Tests => cells.push(tests(known)),
                    Role::Solution if is_code => cells.push(run(&known.id, cell.source())),
                    Role::ReadOnly if is_code => cells.push(run(&known.id, &known.text)),
                    Role::Manual if is_code => cells.push(run(&own, cell.source())),
                    Role::Manual | Role::Task | Role::Solution | Role::ReadOnly => {}
                }
                if matches!(known.role, Role::Manual | Role::Task) {
                    cells.push(for_a_person(known));
                    if known.role == Role::Task || cell.source() != known.text {
                        rebuilt.answers.insert(known.id.clone(), answer(cell));
                    }
                }
            }
        }
    }
    if let [unit] = rebuilt.spec.units.as_mut_slice() {
        unit.cells = cells;
    }
    Ok(rebuilt)
}

/// A verdict on a notebook that was not handed in: nbgrader gives no points for any of it.
pub(super) fn absent(source: &Source) -> Verdict {
    let UnitSpec { id, title, .. } = unit(source);
    let unit = UnitVerdict {
        id,
        title,
        points: 0.0,
        max_points: 0.0,
        items: Vec::new(),
        errors: Vec::new(),
    };
    let mut verdict = Verdict {
        notebook: source.notebook.clone(),
        points: 0.0,
        max_points: 0.0,
        manual_points: 0.0,
        units: vec![unit],
        notes: vec!["the notebook was not handed in".to_owned()],
        millis: 0.0,
        forfeited: false,
    };
    add_missing(source, &mut verdict);
    verdict
}

/// Adds the graded cells that the submission does not have: they earn nothing.
pub(super) fn add_missing(source: &Source, verdict: &mut Verdict) {
    let [unit] = verdict.units.as_mut_slice() else { return };
    for cell in source.cells.iter().filter(|cell| cell.is_graded()) {
        if unit.items.iter().any(|item| item.id == cell.id) {
            continue;
        }
        let tests = cell.role == Role::Tests;
        unit.items.push(ItemVerdict {
            id: cell.id.clone(),
            status: if tests { Status::Error } else { Status::Unanswered },
            points: 0.0,
            max_points: cell.points,
            hint: tests.then(|| "The cell is not in the notebook.".to_owned()),
            message: None,
            hidden: cell.hides(),
            guard: false,
            written: !tests,
            hint_error: None,
        });
        if tests {
            unit.max_points += cell.points;
            verdict.max_points += cell.points;
        }
    }
    let place: HashMap<&str, usize> =
        source.cells.iter().enumerate().map(|(at, cell)| (cell.id.as_str(), at)).collect();
    unit.items.sort_by_key(|item| place.get(item.id.as_str()).copied());
}

fn refuse_newer(notebook: &Notebook) -> Result<(), NewerMetadata> {
    for (index, cell) in notebook.cells.iter().enumerate() {
        let part = cell.metadata.get(NbgraderMetadata::KEY);
        let version = part.and_then(|part| part.get("schema_version")).and_then(Value::as_u64);
        if let Some(found) = version.filter(|version| *version > NBGRADER_SCHEMA) {
            return Err(NewerMetadata { number: index + 1, found });
        }
    }
    Ok(())
}

/// Place in the notebook to the source's cell. Of copies the last one is meant; the others are
/// run as what they are.
fn named_cells<'a>(source: &'a Source, notebook: &Notebook) -> HashMap<usize, &'a SourceCell> {
    let mut seen = HashSet::new();
    let mut named = HashMap::new();
    for (index, cell) in notebook.cells.iter().enumerate().rev() {
        let known = grade_id(cell).and_then(|id| source.cell(id));
        if let Some(known) = known.filter(|known| seen.insert(&known.id)) {
            named.insert(index, known);
        }
    }
    named
}

fn spec(source: &Source) -> Spec {
    Spec {
        schema: SPEC_SCHEMA,
        notebook: source.notebook.clone(),
        units: vec![unit(source)],
        older: Vec::new(),
    }
}

fn unit(source: &Source) -> UnitSpec {
    let name = source.notebook.strip_suffix(".ipynb").unwrap_or(&source.notebook);
    let (assignment, notebook) = name.rsplit_once('/').unwrap_or(("", name));
    UnitSpec {
        needs: Vec::new(),
        id: notebook.to_owned(),
        title: format!("({assignment})"),
        // nbgrader's courses know no other.
        clock: SpecClock::Wall,
        rev: 1,
        cells: Vec::new(),
    }
}

fn tests(cell: &SourceCell) -> SpecCell {
    SpecCell::Tests {
        id: cell.id.clone(),
        points: cell.points,
        hidden: cell.hides(),
        source: cell.text.clone(),
    }
}

fn for_a_person(cell: &SourceCell) -> SpecCell {
    SpecCell::Reflect {
        id: cell.id.clone(),
        points: cell.points,
        rubric: String::new(),
        starter: String::new(),
    }
}

/// A changed answer waits for a person, also one that was deleted.
fn answer(cell: &Cell) -> String {
    if cell.source().trim().is_empty() { "(nothing)".to_owned() } else { cell.source().to_owned() }
}

fn notes(source: &Source, notebook: &Notebook, named: &HashMap<usize, &SourceCell>) -> Vec<String> {
    let mut notes = Vec::new();
    for known in &source.cells {
        let id = &known.id;
        let copies = notebook.cells.iter().filter(|cell| grade_id(cell) == Some(id)).count();
        let place = named.iter().find(|(_, cell)| cell.id == *id).map(|(index, _)| *index);
        let Some(cell) = place.and_then(|index| notebook.cells.get(index)) else {
            if known.is_graded() || known.role == Role::Solution {
                notes.push(format!("cell `{id}` is missing"));
            }
            continue;
        };
        if copies > 1 {
            notes.push(format!("cell `{id}` is there {copies} times; the last was taken"));
        }
        if cell.cell_type() != known.kind {
            let (is, was) = (cell.cell_type().as_str(), known.kind.as_str());
            notes
                .push(format!("cell `{id}` is a {is} cell; it was taken as the {was} cell it was"));
        }
        let put_back = matches!(known.role, Role::Tests | Role::ReadOnly | Role::Task);
        if put_back && cell.source() != known.released && cell.source() != known.text {
            notes.push(format!("cell `{id}` was changed; the original was taken"));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
