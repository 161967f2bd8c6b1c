//! The grading specs at hand, and which of them a submission is for.

use cellist_formats::notebook::Notebook;
use cellist_formats::spec::{Spec, SpecError, SpecNeed};
use cellist_judge::matching_cells;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Why the specs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SpecsError {
    /// One of them is missing or broken.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A folder without specs.
    #[error(
        "`{}` holds no grading specs (`.json`); make them with `cellist notebooks build`",
        path.display()
    )]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that cannot be read to its end.
    #[error("`{}` could not be searched: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

/// The submission is for none of the specs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "none of its cells belongs to {}; hand in the notebook that was given out, with its own cells",
    one_of(notebooks)
)]
pub struct Foreign {
    /// The notebooks that there are specs for.
    pub notebooks: Vec<String>,
}

/// The specs at hand. Never empty.
#[derive(Clone, Debug)]
pub struct Specs {
    specs: Vec<Spec>,
}

impl Specs {
    /// Reads spec files, and all `.json` files in folders and below.
    ///
    /// # Errors
    /// When one is missing or broken, or a folder has none.
    pub fn read(paths: &[PathBuf]) -> Result<Self, SpecsError> {
        let mut specs = Vec::new();
        for path in paths {
            if path.is_dir() {
                for file in spec_files(path)? {
                    specs.push(Spec::read(&file)?);
                }
            } else {
                specs.push(Spec::read(path)?);
            }
        }
        Ok(Self { specs })
    }

    /// These; `None` when there are none.
    pub fn of(specs: Vec<Spec>) -> Option<Self> {
        (!specs.is_empty()).then_some(Self { specs })
    }

    /// Whether a unit, in this or an earlier revision, needs something of the machine.
    pub fn need(&self, need: SpecNeed) -> bool {
        let mut units = self.specs.iter().flat_map(|spec| spec.units.iter().chain(&spec.older));
        units.any(|unit| unit.needs.contains(&need))
    }

    /// The spec that most of the notebook's cells belong to; of several such the one for a
    /// notebook with the file's name.
    ///
    /// # Errors
    /// When no cell belongs to any spec.
    pub fn find(&self, notebook: &Notebook, path: &Path) -> Result<&Spec, Foreign> {
        let named = |spec: &Spec| Path::new(&spec.notebook).file_name() == path.file_name();
        let best = self
            .specs
            .iter()
            .rev() // of equals the last is taken: the first that was named
            .map(|spec| (matching_cells(spec, notebook), named(spec), spec))
            .max_by_key(|(cells, named, _)| (*cells, *named));
        match best {
            Some((1.., _, spec)) => Ok(spec),
            _ => Err(Foreign {
                notebooks: self.specs.iter().map(|spec| spec.notebook.clone()).collect(),
            }),
        }
    }
}

fn spec_files(folder: &Path) -> Result<Vec<PathBuf>, SpecsError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| SpecsError::Unreadable {
            path: error.path().unwrap_or(folder).to_owned(),
            reason: error.to_string(),
        })?;
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|e| e == "json") {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        return Err(SpecsError::EmptyFolder { path: folder.to_owned() });
    }
    Ok(files)
}

fn one_of(notebooks: &[String]) -> String {
    match notebooks {
        [one] => format!("`{one}`"),
        several => format!("any of the {} notebooks there are specs for", several.len()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use cellist_formats::notebook::{Cell, CellType};
    use serde_json::Map;
    use std::fs;

    fn spec(notebook: &str, cells: &[&str]) -> String {
        let cells: Vec<String> = cells
            .iter()
            .map(|id| format!(r#"{{"kind": "exercise", "id": "{id}", "starter": ""}}"#))
            .collect();
        format!(
            r#"{{"schema": 1, "notebook": "{notebook}", "units": [{{"id": "u", "title": "U",
                "clock": "wall", "rev": 1, "cells": [{}]}}]}}"#,
            cells.join(", ")
        )
    }

    fn notebook(cells: &[&str]) -> Notebook {
        let cells = cells.iter().map(|id| Cell::new(CellType::Code, *id, "")).collect();
        Notebook::new(cells, Map::new())
    }

    fn specs(texts: &[String]) -> Specs {
        let folder = tempfile::tempdir().unwrap();
        for (index, text) in texts.iter().enumerate() {
            fs::write(folder.path().join(format!("{index}.json")), text).unwrap();
        }
        Specs::read(&[folder.path().to_owned()]).unwrap()
    }

    #[test]
    fn the_cells_tell_which_spec() {
        let specs = specs(&[spec("a.ipynb", &["a-1", "x-1"]), spec("b.ipynb", &["b-1", "b-2"])]);
        let find = |cells: &[&str], path: &str| {
            specs.find(&notebook(cells), Path::new(path)).map(|spec| spec.notebook.clone())
        };
        assert_eq!(find(&["b-2", "b-1", "a-1"], "a.ipynb").unwrap(), "b.ipynb");
        assert_eq!(find(&["a-1", "b-1"], "b.ipynb").unwrap(), "b.ipynb");
        assert_eq!(find(&["a-1", "b-1"], "c.ipynb").unwrap(), "a.ipynb");
        let foreign = find(&["c-1"], "a.ipynb").unwrap_err();
        assert_eq!(foreign.notebooks, ["a.ipynb", "b.ipynb"]);
    }

    #[test]
    fn a_broken_spec_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("broken.json");
        fs::write(&file, r#"{"schema": 1, "notebook": 3}"#).unwrap();
        let error = Specs::read(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
    }

    #[test]
    fn a_folder_without_specs_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = Specs::read(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(error, SpecsError::EmptyFolder { .. }), "{error}");
    }
}
