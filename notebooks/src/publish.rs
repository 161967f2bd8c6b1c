//! Generated notebooks as files: writing them, and telling whether they are up to date.

mod compare;

use crate::build::Generated;
use crate::diagnostic::list;
use cellist_formats::syllabus::{SYLLABUS_FILE, Syllabus};
use cellist_formats::text_file::{self, TextFileError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where generated files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Student notebooks and the syllabus; what is committed and published.
    pub student: PathBuf,
    /// Instructor notebooks.
    pub instructor: PathBuf,
    /// Grading specs.
    pub specs: PathBuf,
}

/// What writing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or were changed.
    pub changed: Vec<PathBuf>,
    /// How many were up to date.
    pub unchanged: usize,
    /// Notebooks in the folder of student notebooks that no unit makes.
    pub stray: Vec<PathBuf>,
}

/// A file that is not what the units make.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// The file.
    pub path: PathBuf,
    /// In what way it is stale.
    pub reason: String,
}

/// Writes every file that is not there yet or differs.
///
/// # Errors
/// When the operating system refuses one.
pub fn write(
    generated: &[Generated],
    syllabus: &Syllabus,
    places: &Places,
) -> Result<Written, TextFileError> {
    let mut written = Written { stray: stray(generated, &places.student), ..Written::default() };
    for (path, text) in all_files(generated, syllabus, places) {
        if text_file::write_if_changed(&path, &text)? {
            written.changed.push(path);
        } else {
            written.unchanged += 1;
        }
    }
    Ok(written)
}

/// Compares the files with what the units make, writing nothing. What learners get must be there;
/// the others are compared where they are.
pub fn check(generated: &[Generated], syllabus: &Syllabus, places: &Places) -> Vec<Stale> {
    let mut stale: Vec<Stale> = stray(generated, &places.student)
        .into_iter()
        .map(|path| Stale { path, reason: "no unit makes it; delete it".to_owned() })
        .collect();
    for (path, text) in all_files(generated, syllabus, places) {
        let is_student = path.starts_with(&places.student);
        let found = match std::fs::read(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if is_student {
                    stale.push(Stale { path, reason: "it is missing".to_owned() });
                }
                continue;
            }
            Err(error) => {
                stale.push(Stale { path, reason: format!("it cannot be read: {error}") });
                continue;
            }
        };
        if found != text.as_bytes() {
            let reason = compare::difference(&path, found, &text);
            stale.push(Stale { path, reason });
        }
    }
    stale.sort();
    stale
}

/// Every file with its text.
fn all_files<'a>(
    generated: &'a [Generated],
    syllabus: &Syllabus,
    places: &'a Places,
) -> impl Iterator<Item = (PathBuf, String)> + 'a {
    let syllabus = (places.student.join(SYLLABUS_FILE), syllabus.to_text());
    generated.iter().flat_map(move |notebook| files(notebook, places)).chain([syllabus])
}

/// The files of one notebook with their texts. A page without units has nothing to grade.
fn files(generated: &Generated, places: &Places) -> Vec<(PathBuf, String)> {
    let mut files = vec![
        (places.student.join(&generated.file), generated.student.to_text()),
        (places.instructor.join(&generated.file), generated.instructor.to_text()),
    ];
    if !generated.spec.units.is_empty() {
        let spec = Path::new(&generated.file).with_extension("json");
        files.push((places.specs.join(spec), generated.spec.to_text()));
    }
    files
}

/// Notebooks below the folder of student notebooks that no unit makes. Jupyter's checkpoints and
/// other hidden folders do not count.
fn stray(generated: &[Generated], folder: &Path) -> Vec<PathBuf> {
    let expected: BTreeSet<PathBuf> =
        generated.iter().map(|notebook| folder.join(&notebook.file)).collect();
    let mut stray = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ipynb")
                && !expected.contains(&path)
            {
                stray.push(path);
            }
        }
    }
    stray.sort();
    stray
}

/// "cells `a`, `b`", shortened when there are many.
fn name_cells(ids: &[String]) -> String {
    const SHOWN: usize = 8;
    match ids {
        [one] => format!("cell `{one}`"),
        ids if ids.len() <= SHOWN => format!("cells {}", list(ids)),
        ids => format!("cells {} and {} more", list(&ids[..SHOWN]), ids.len() - SHOWN),
    }
}
