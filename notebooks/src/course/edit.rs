//! Adding a unit to the text of `course.toml`, everything else left as its author wrote it.

use super::CourseFile;
use std::ops::Range;

/// Why a unit could not be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// The text is not what a course looks like.
    #[error("`course.toml` cannot be read: {0}; run `cellist notebooks check`")]
    Broken(String),
    /// The notebook would be in a set that is not there.
    #[error("there is no set `{set}` in `course.toml`; it has {known}")]
    UnknownSet {
        /// The set asked for.
        set: String,
        /// The sets that there are.
        known: String,
    },
    /// Some notebook has the unit already.
    #[error("the unit `{unit}` is in `{notebook}` already")]
    Placed {
        /// The unit.
        unit: String,
        /// Its notebook.
        notebook: String,
    },
}

/// The text of a `course.toml` in which `unit` is the last unit of the notebook `file`
/// (`<set>/<name>.ipynb`), which is added when it is not there.
///
/// # Errors
/// When the text is broken, the set is unknown, or the unit is in a notebook.
pub fn add_unit(text: &str, file: &str, unit: &str) -> Result<String, AddError> {
    let course: CourseFile =
        toml::from_str(text).map_err(|error| AddError::Broken(error.message().to_owned()))?;
    let sets: Vec<&str> = course.sets.iter().map(|set| set.get_ref().id.as_str()).collect();
    let set = file.split('/').next().unwrap_or_default();
    if !sets.contains(&set) {
        let known = crate::diagnostic::list(sets);
        return Err(AddError::UnknownSet { set: set.to_owned(), known });
    }
    for entry in &course.notebooks {
        if entry.units.iter().any(|other| other.get_ref() == unit) {
            let notebook = entry.file.get_ref().clone();
            return Err(AddError::Placed { unit: unit.to_owned(), notebook });
        }
    }
    let entry = course.notebooks.iter().find(|entry| entry.file.get_ref() == file);
    let last = entry.and_then(|entry| entry.units.last()).map(toml::Spanned::span);
    Ok(match last {
        Some(last) => insert_after(text, last, unit),
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{gap}\n[[notebook]]\nfile = \"{file}\"\nunits = [\"{unit}\"]\n")
        }
    })
}

/// `"a", "b"` on one line stays on it; a list with a name per line gets a line more.
fn insert_after(text: &str, last: Range<usize>, unit: &str) -> String {
    let before = &text[..last.start];
    let indent = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let gap = if indent.trim().is_empty() { format!("\n{indent}") } else { " ".to_owned() };
    format!("{},{gap}\"{unit}\"{}", &text[..last.end], &text[last.end..])
}
