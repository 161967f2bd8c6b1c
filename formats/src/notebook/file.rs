//! Reading and writing notebook files.

use super::{Cell, NBFORMAT_MINOR, Notebook};
use crate::canonical_json;
use crate::text_file::{self, TextFileError};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Why a notebook could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// The file itself: missing, unreadable, not UTF-8, not writable.
    #[error(transparent)]
    File(#[from] TextFileError),
    /// Nothing in it.
    #[error("`{}` is empty; copy or download the notebook again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A merge that nobody finished.
    #[error(
        "`{}`, line {line}: the file has Git conflict markers; resolve the merge (`git checkout \
         --ours` or `--theirs`, or nbdime)", path.display()
    )]
    Conflict {
        /// The file.
        path: PathBuf,
        /// Line of the first marker.
        line: usize,
    },
    /// Broken JSON.
    #[error(
        "`{}` is not JSON ({reason}); save it again from Jupyter or get a fresh copy",
        path.display()
    )]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        reason: String,
    },
    /// JSON, but something else.
    #[error("`{}` is not a Jupyter notebook: {reason}; check that it is the right file", path.display())]
    NotANotebook {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// Older than nbformat 4.
    #[error(
        "`{}` has the old format nbformat {version}; convert it first: `jupyter nbconvert --to \
         notebook --nbformat 4 {}`", path.display(), path.display()
    )]
    Old {
        /// The file.
        path: PathBuf,
        /// Its major version.
        version: u64,
    },
    /// Newer than nbformat 4.
    #[error("`{}` has nbformat {version}, newer than the 4 this program reads; update cellist", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its major version.
        version: u64,
    },
    /// A cell that makes no sense.
    #[error(
        "`{}`, cell {number}: {reason}; open the notebook in Jupyter, delete or repair the cell \
         and save", path.display()
    )]
    BadCell {
        /// The file.
        path: PathBuf,
        /// Which cell, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
}

impl Notebook {
    /// Reads a notebook of nbformat 4. Cells without an id get `cell-<number>`.
    ///
    /// # Errors
    /// When the file is missing, unreadable or not such a notebook.
    pub fn read(path: &Path) -> Result<Self, NotebookError> {
        Self::parse(&text_file::read(path)?, path)
    }

    /// Parses a notebook; `path` is for the message.
    ///
    /// # Errors
    /// As [`Notebook::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, NotebookError> {
        let value = parse_json(text, path)?;
        let not_a_notebook = |reason: &str| NotebookError::NotANotebook {
            path: path.to_owned(),
            reason: reason.into(),
        };
        let Value::Object(mut fields) = value else {
            return Err(not_a_notebook("the file is not a JSON object"));
        };
        match fields.remove("nbformat").as_ref().map(Value::as_u64) {
            Some(Some(4)) => {}
            Some(Some(version @ 0..4)) => {
                return Err(NotebookError::Old { path: path.to_owned(), version });
            }
            Some(Some(version)) => {
                return Err(NotebookError::Newer { path: path.to_owned(), version });
            }
            _ => return Err(not_a_notebook("it has no number `nbformat`")),
        }
        let minor = fields.remove("nbformat_minor").and_then(|minor| minor.as_u64()).unwrap_or(0);
        let Some(Value::Array(cells)) = fields.remove("cells") else {
            return Err(not_a_notebook("it has no list `cells`"));
        };
        let metadata = match fields.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            None => Map::new(),
            Some(_) => return Err(not_a_notebook("its `metadata` is not an object")),
        };
        let cells = read_cells(cells, path)?;
        Ok(Self { cells, metadata, minor: minor.max(NBFORMAT_MINOR), extra: fields })
    }

    /// The file's text, byte for byte what Python's nbformat writes for this notebook.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "a JSON value has a JSON form")]
        canonical_json::to_string(&self.to_value()).expect("a notebook has a JSON form")
    }

    /// Writes the notebook, whole or not at all.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn write(&self, path: &Path) -> Result<(), NotebookError> {
        Ok(text_file::write(path, &self.to_text())?)
    }
}

fn parse_json(text: &str, path: &Path) -> Result<Value, NotebookError> {
    if text.trim().is_empty() {
        return Err(NotebookError::Empty { path: path.to_owned() });
    }
    serde_json::from_str(text).map_err(|error| {
        match text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            Some(before) => NotebookError::Conflict { path: path.to_owned(), line: before + 1 },
            None => NotebookError::NotJson { path: path.to_owned(), reason: error.to_string() },
        }
    })
}

fn read_cells(values: Vec<Value>, path: &Path) -> Result<Vec<Cell>, NotebookError> {
    let taken: HashSet<String> = values
        .iter()
        .filter_map(|cell| cell.get("id").and_then(Value::as_str))
        .map(str::to_owned)
        .collect();
    let mut cells = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        // Numbered, not random: reading a file twice gives the same notebook.
        let mut fallback = format!("cell-{}", index + 1);
        while taken.contains(&fallback) {
            fallback.push('x');
        }
        let cell = Cell::from_value(value, &fallback).map_err(|reason| NotebookError::BadCell {
            path: path.to_owned(),
            number: index + 1,
            reason,
        })?;
        cells.push(cell);
    }
    Ok(cells)
}
