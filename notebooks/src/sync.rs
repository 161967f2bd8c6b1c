//! An instructor's edits in a generated instructor notebook flow back into the units, by cell id.
//!
//! Nothing is guessed: the units must be those that the notebook was built from, and the new units
//! must make exactly the edited cells, or nothing is written.

mod cell;
mod exercise;
mod lines;

use crate::build;
use crate::course::Course;
use crate::diagnostic::{Diagnostic, list};
use crate::unit::{Unit, UnitCell};
use cellist_formats::notebook::Notebook;
use cellist_formats::text_file::{self, TextFileError};
use lines::UnitText;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What syncing a notebook comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// The units' files that change, with their new texts.
    pub files: Vec<(PathBuf, String)>,
    /// Ids of the cells that were edited.
    pub cells: Vec<String>,
    /// How many cells the instructor added; they belong to no unit and are left alone.
    pub added: usize,
}

/// Why nothing is synced.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Not what `build` wrote for instructors.
    #[error(
        "it is not an instructor notebook of this course; `cellist notebooks build` writes those"
    )]
    Foreign,
    /// The units are newer than the notebook.
    #[error(
        "changed since the notebook was built: {}; build into another folder (`--out FOLDER`) and edit \
         there, or edit the units",
        list(units)
    )]
    Changed {
        /// Their ids.
        units: Vec<String>,
    },
    /// Cells are gone, twice there, or in another order.
    #[error(
        "the cells are not those of the units: {reason}; add, remove and move cells in the units"
    )]
    Structure {
        /// What is different.
        reason: String,
    },
    /// An edit that has no place in the unit.
    #[error("the edit of cell `{cell}` cannot go into the unit: {reason}")]
    Cell {
        /// The cell's id.
        cell: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The new unit would have problems.
    #[error("with these edits the unit would be wrong:\n{}", render(problems))]
    Broken {
        /// They.
        problems: Vec<Diagnostic>,
    },
    /// A unit's file cannot be read.
    #[error(transparent)]
    File(#[from] TextFileError),
}

fn render(problems: &[Diagnostic]) -> String {
    problems.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n")
}

/// Carries a notebook's edits over into the texts of its units. Writes nothing.
///
/// # Errors
/// When an edit cannot be carried over exactly; then none is.
pub fn sync(course: &Course, notebook: &Notebook) -> Result<Synced, SyncError> {
    let of_cellist = notebook.metadata.get("cellist").ok_or(SyncError::Foreign)?;
    let file = of_cellist.get("notebook").and_then(Value::as_str).ok_or(SyncError::Foreign)?;
    let sources = of_cellist.get("sources").and_then(Value::as_object).ok_or(SyncError::Foreign)?;
    let plan = course.notebooks.iter().find(|plan| plan.file == file).ok_or(SyncError::Foreign)?;
    let is_current = |unit: &&Unit| {
        sources.get(&unit.front.id).and_then(Value::as_str) == Some(&unit.fingerprint)
    };
    let stale: Vec<&Unit> = course.units_of(plan).filter(|unit| !is_current(unit)).collect();
    if !stale.is_empty() {
        let units = stale.into_iter().map(|unit| unit.front.id.clone()).collect();
        return Err(SyncError::Changed { units });
    }
    let generated = build::notebook(course, plan).instructor;
    let mut synced = Synced { added: structure(&generated, notebook)?, ..Synced::default() };
    for unit in course.units_of(plan) {
        let edits = edits(unit, &generated, notebook)?;
        if edits.is_empty() {
            continue;
        }
        let old = text_file::read(&unit.path)?;
        let new = apply(unit, &generated, &edits, &old)?;
        exact(unit, &new, notebook)?;
        synced.cells.extend(edits.iter().map(|(cell, _)| cell.id.clone()));
        let windows = old.contains("\r\n");
        let new = if windows { new.replace('\n', "\r\n") } else { new };
        synced.files.push((unit.path.clone(), new));
    }
    Ok(synced)
}

/// Tells an instructor notebook that its units are now what its cells say.
///
/// # Errors
/// When the notebook is foreign to the course.
pub fn mark(course: &Course, notebook: &mut Notebook) -> Result<(), SyncError> {
    let of_cellist = notebook.metadata.get_mut("cellist").ok_or(SyncError::Foreign)?;
    let sources = of_cellist.get_mut("sources").and_then(Value::as_object_mut);
    for (id, source) in sources.ok_or(SyncError::Foreign)? {
        if let Some(unit) = course.units.get(id) {
            *source = json!(unit.fingerprint);
        }
    }
    Ok(())
}

/// The units' cells are all there, once and in their order; how many others there are.
fn structure(generated: &Notebook, notebook: &Notebook) -> Result<usize, SyncError> {
    let wrong = |reason| Err(SyncError::Structure { reason });
    let is_ours = |id: &&str| generated.cell(id).is_some();
    let wanted: Vec<&str> = generated.cells.iter().map(|cell| cell.id()).collect();
    let found: Vec<&str> = notebook.cells.iter().map(|cell| cell.id()).filter(is_ours).collect();
    let missing: Vec<&&str> = wanted.iter().filter(|id| !found.contains(id)).collect();
    if !missing.is_empty() {
        return wrong(format!("{} missing", list(missing)));
    }
    if found.len() != wanted.len() {
        return wrong("one of them is there twice".to_owned());
    }
    if let Some((id, _)) = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted) {
        return wrong(format!("`{id}` was moved"));
    }
    Ok(notebook.cells.len() - found.len())
}

/// The unit's cells that were edited, with their new sources, from the top down.
fn edits<'u>(
    unit: &'u Unit,
    generated: &Notebook,
    notebook: &Notebook,
) -> Result<Vec<(&'u UnitCell, String)>, SyncError> {
    let edited = |id: &str| {
        let (old, new) = (generated.cell(id)?.source(), notebook.cell(id)?.source());
        (old.trim_end() != new.trim_end()).then(|| new.trim_end().to_owned())
    };
    let mistakes = build::mistakes_id(unit);
    if edited(&mistakes).is_some() {
        let reason = "mutants are edited in the unit".to_owned();
        return Err(SyncError::Cell { cell: mistakes, reason });
    }
    Ok(unit.cells.iter().filter_map(|cell| Some((cell, edited(&cell.id)?))).collect())
}

fn apply(
    unit: &Unit,
    generated: &Notebook,
    edits: &[(&UnitCell, String)],
    old: &str,
) -> Result<String, SyncError> {
    let mut text = UnitText::new(old);
    // From the bottom up, so that the lines above stay where they are.
    for (cell, source) in edits.iter().rev() {
        let built = generated.cell(&cell.id).map(|cell| cell.source()).unwrap_or_default();
        let wrong = |reason| SyncError::Cell { cell: cell.id.clone(), reason };
        cell::write(unit, cell, built, source, &mut text).map_err(wrong)?;
    }
    Ok(text.into_string())
}

/// The new unit makes exactly the cells of the notebook.
fn exact(unit: &Unit, text: &str, notebook: &Notebook) -> Result<(), SyncError> {
    let made = Unit::parse(&unit.path, text).map_err(|problems| SyncError::Broken { problems })?;
    let cells = build::instructor_cells(&made);
    let mistakes = build::mistakes_id(unit);
    for cell in &cells {
        let same = notebook.cell(cell.id()).is_some_and(|own| {
            own.source().trim_end() == cell.source().trim_end() || cell.id() == mistakes
        });
        if !same {
            let reason = "the unit would make something else of it; edit the unit".to_owned();
            return Err(SyncError::Cell { cell: cell.id().to_owned(), reason });
        }
    }
    if cells.len() != build::instructor_cells(unit).len() {
        let reason = "an edit would add or remove a cell".to_owned();
        return Err(SyncError::Structure { reason });
    }
    Ok(())
}
