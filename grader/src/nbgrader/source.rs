//! An instructor's notebook of nbgrader, as `nbgrader generate_assignment` would take it in.

use super::regions::{self, RegionError};
use cellist_formats::cell_metadata::{CellMetadataError, NBGRADER_SCHEMA, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType, Notebook, NotebookError};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Why a notebook of a course cannot be graded; the others can.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file is broken.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    /// A cell's metadata make no sense.
    #[error("`{notebook}`, cell {number}: {source}")]
    Metadata {
        /// The notebook's path within `source`.
        notebook: String,
        /// Which cell, from 1.
        number: usize,
        /// What is wrong.
        source: CellMetadataError,
    },
    /// Two cells have the same name.
    #[error("`{notebook}`: two cells have the grade id `{id}`; rename one")]
    Duplicate {
        /// The notebook's path within `source`.
        notebook: String,
        /// The name.
        id: String,
    },
    /// A region of solutions or hidden tests is broken.
    #[error("`{notebook}`, cell `{id}`: {source}")]
    Region {
        /// The notebook's path within `source`.
        notebook: String,
        /// The cell's name.
        id: String,
        /// What is wrong.
        source: RegionError,
    },
    /// It is not in Python.
    #[error("`{notebook}` is in {language}; grade it with nbgrader")]
    Language {
        /// The notebook's path within `source`.
        notebook: String,
        /// What its kernel speaks.
        language: String,
    },
    /// Tests that nbgrader would still have to make.
    #[error(
        "`{notebook}`, cell `{id}`: AUTOTEST lines become tests only by `nbgrader \
         generate_assignment`; run it, its `source_with_tests` is then read"
    )]
    Autotest {
        /// The notebook's path within `source`.
        notebook: String,
        /// The cell's name.
        id: String,
    },
}

/// An instructor's notebook.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path within `source`, `ps1/problem1.ipynb`.
    pub(super) notebook: String,
    /// The cells that nbgrader knows by name, in order.
    pub(super) cells: Vec<SourceCell>,
    /// All code in it, as far as it is the instructor's.
    pub(super) code: Vec<String>,
}

/// A cell that nbgrader knows by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceCell {
    /// `grade_id`.
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) kind: CellType,
    /// Solutions replaced by stubs, hidden tests in place: what nbgrader keeps in its database.
    pub(super) text: String,
    /// As learners get it.
    pub(super) released: String,
    /// Of a graded cell.
    pub(super) points: f64,
}

/// What a cell is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Graded by what it shows.
    Tests,
    /// The learner's answer, graded by a person.
    Manual,
    /// A task, graded by a person wherever the learner solves it.
    Task,
    /// The learner's own, graded by tests.
    Solution,
    /// The instructor's own, put back before grading.
    ReadOnly,
}

impl SourceCell {
    /// Whether learners do not get all of it.
    pub(super) fn hides(&self) -> bool {
        self.text != self.released
    }

    /// Whether it is worth points.
    pub(super) fn is_graded(&self) -> bool {
        matches!(self.role, Role::Tests | Role::Manual | Role::Task)
    }
}

/// nbgrader's stubs, unless its configuration says otherwise.
const CODE_STUB: &str = "# YOUR CODE HERE\nraise NotImplementedError()";
const TEXT_STUB: &str = "YOUR ANSWER HERE";
/// Marks a line from which nbgrader makes tests.
const AUTOTEST: &str = "### AUTOTEST";
const HASHED_AUTOTEST: &str = "### HASHED AUTOTEST";

impl Source {
    /// Reads the notebook `name` (`ps1/problem1.ipynb`) of the course in `root`.
    pub(super) fn read(root: &Path, name: &str) -> Result<Self, SourceError> {
        let mut notebook = Notebook::read(&root.join("source").join(name))?;
        let with_tests = root.join("source_with_tests").join(name);
        if has_autotests(&notebook) && with_tests.exists() {
            notebook = Notebook::read(&with_tests)?;
        }
        let release = root.join("release").join(name);
        // It is only asked for the stubs of learners' cells.
        let release = if release.exists() { Notebook::read(&release).ok() } else { None };
        Self::from_notebooks(name, &notebook, release.as_ref())
    }

    fn from_notebooks(
        name: &str,
        notebook: &Notebook,
        release: Option<&Notebook>,
    ) -> Result<Self, SourceError> {
        speaks_python(name, notebook)?;
        let released: HashMap<&str, &str> = release
            .iter()
            .flat_map(|release| &release.cells)
            .filter_map(|cell| Some((grade_id(cell)?, cell.source())))
            .collect();
        let mut source = Self { notebook: name.to_owned(), cells: Vec::new(), code: Vec::new() };
        for (index, cell) in notebook.cells.iter().enumerate() {
            let part = metadata(cell).map_err(|error| SourceError::Metadata {
                notebook: name.to_owned(),
                number: index + 1,
                source: error,
            })?;
            let known = match part {
                Some(part) => Some(source_cell(name, cell, &part, &released)?),
                None => None,
            };
            if cell.cell_type() == CellType::Code {
                // Solutions are not the instructor's code to learners, but need the same modules.
                source.code.push(cell.source().to_owned());
            }
            if let Some(known) = known {
                if source.cell(&known.id).is_some() {
                    return Err(SourceError::Duplicate { notebook: name.to_owned(), id: known.id });
                }
                source.cells.push(known);
            }
        }
        Ok(source)
    }

    /// The cell of this name.
    pub(super) fn cell(&self, id: &str) -> Option<&SourceCell> {
        self.cells.iter().find(|cell| cell.id == id)
    }
}

fn source_cell(
    notebook: &str,
    cell: &Cell,
    part: &NbgraderMetadata,
    released: &HashMap<&str, &str>,
) -> Result<SourceCell, SourceError> {
    let id = part.grade_id.clone();
    let region =
        |source| SourceError::Region { notebook: notebook.to_owned(), id: id.clone(), source };
    let role = role(part, cell.cell_type());
    if role == Role::Tests && is_autotest(cell) {
        return Err(SourceError::Autotest { notebook: notebook.to_owned(), id });
    }
    let mut text = cell.source().to_owned();
    if matches!(role, Role::Manual | Role::Solution) {
        let stub = if cell.cell_type() == CellType::Code { CODE_STUB } else { TEXT_STUB };
        text = regions::without_solutions(&text, stub).map_err(region)?;
    }
    let shown = regions::without_hidden_tests(&text).map_err(region)?;
    // nbgrader may be configured to other stubs. Its checksum of an answer that hides something
    // is of the text before that was taken out.
    if let (None, Role::Manual | Role::Solution, Some(given)) =
        (&shown, role, released.get(id.as_str()))
    {
        text = (*given).to_owned();
    }
    let released = shown.unwrap_or_else(|| text.clone());
    let points = part.points.unwrap_or_default().max(0.0);
    Ok(SourceCell { id, role, kind: cell.cell_type(), text, released, points })
}

fn role(part: &NbgraderMetadata, kind: CellType) -> Role {
    match part {
        NbgraderMetadata { task: true, .. } => Role::Task,
        NbgraderMetadata { grade: true, solution: true, .. } => Role::Manual,
        // Only code shows anything.
        NbgraderMetadata { grade: true, .. } if kind == CellType::Code => Role::Tests,
        NbgraderMetadata { grade: true, .. } => Role::Task,
        NbgraderMetadata { solution: true, .. } => Role::Solution,
        _ => Role::ReadOnly,
    }
}

/// nbgrader's part of a cell's metadata, older schemas upgraded; `None` for a cell without a role.
///
/// # Errors
/// When it is malformed or of a newer schema.
pub(super) fn metadata(cell: &Cell) -> Result<Option<NbgraderMetadata>, CellMetadataError> {
    let Some(Value::Object(part)) = cell.metadata.get(NbgraderMetadata::KEY) else {
        return NbgraderMetadata::from_cell(&cell.metadata);
    };
    let version = part.get("schema_version").and_then(Value::as_u64).unwrap_or(0);
    let is = |flag: &str| part.get(flag).and_then(Value::as_bool).unwrap_or(false);
    let roleless = !["grade", "solution", "locked", "task"].into_iter().any(is);
    // Such a cell need have no name: nbgrader leaves `{}` in a copied one.
    if roleless && version <= NBGRADER_SCHEMA {
        return Ok(None);
    }
    NbgraderMetadata::from_cell(&cell.metadata)
}

/// The name of a cell, however broken the rest of its metadata is.
pub(super) fn grade_id(cell: &Cell) -> Option<&str> {
    cell.metadata.get(NbgraderMetadata::KEY)?.get("grade_id")?.as_str()
}

fn has_autotests(notebook: &Notebook) -> bool {
    notebook.cells.iter().any(is_autotest)
}

fn is_autotest(cell: &Cell) -> bool {
    cell.source()
        .lines()
        .map(str::trim_start)
        .any(|line| line.starts_with(AUTOTEST) || line.starts_with(HASHED_AUTOTEST))
}

fn speaks_python(name: &str, notebook: &Notebook) -> Result<(), SourceError> {
    let kernel = notebook.metadata.get("kernelspec");
    let language = kernel.and_then(|kernel| kernel.get("language")).and_then(Value::as_str);
    match language {
        Some(language) if !language.eq_ignore_ascii_case("python") => {
            Err(SourceError::Language { notebook: name.to_owned(), language: language.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
