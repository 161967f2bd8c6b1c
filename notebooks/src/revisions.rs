//! Revisions that learners have: what a unit's checks were when they were given out.
//!
//! `release` writes a unit's part of the grading spec to `revisions/<unit>-<rev>.json` of the
//! course, to be committed. From then on the checks of that revision must stay as they are: changed
//! checks are a new `rev`, and submissions of the old one are still graded by the old file.

use crate::build;
use crate::diagnostic::Diagnostic;
use crate::unit::Unit;
use cellist_formats::canonical_json;
use cellist_formats::spec::{SpecCell, SpecClock, UnitSpec};
use cellist_formats::text_file::{self, TextFileError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The released revisions of each unit, oldest first.
pub type Released = BTreeMap<String, Vec<UnitSpec>>;

/// Reads what the course in `dir` has released; nothing when it has no such folder.
///
/// # Errors
/// Each file that cannot be read or is not what [`release`] wrote.
pub fn read(dir: &Path) -> Result<Released, Vec<Diagnostic>> {
    let folder = dir.join("revisions");
    let mut released = Released::new();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match read_one(&path) {
            Ok(spec) => released.entry(spec.id.clone()).or_default().push(spec),
            Err(message) => found.push(Diagnostic {
                path,
                line: 0,
                message,
                help: "take the file from the commit that released it".to_owned(),
            }),
        }
    }
    for specs in released.values_mut() {
        specs.sort_by_key(|spec| spec.rev);
    }
    found.sort();
    if found.is_empty() { Ok(released) } else { Err(found) }
}

fn read_one(path: &Path) -> Result<UnitSpec, String> {
    let text = text_file::read(path).map_err(|error| error.to_string())?;
    let spec: UnitSpec = serde_json::from_str(&text)
        .map_err(|error| format!("the released revision cannot be read: {error}"))?;
    let name = file_name(&spec.id, spec.rev);
    if path.file_name().is_none_or(|own| own != name.as_str()) {
        return Err(format!("the file holds revision {} of `{}`", spec.rev, spec.id));
    }
    Ok(spec)
}

/// A unit whose checks are not those that were released under its revision.
pub(crate) fn check(units: &BTreeMap<String, Unit>, released: &Released) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for unit in units.values() {
        let front = &unit.front;
        let Some(last) = released.get(&front.id).and_then(|specs| specs.last()) else { continue };
        let next = last.rev + 1;
        let message = if front.rev < last.rev {
            format!(
                "revision {} of `{}` was released; the unit says {}",
                last.rev, front.id, front.rev
            )
        } else if front.rev == last.rev && graded(last) != graded(&build::unit_spec(unit)) {
            format!(
                "{} changed since revision {} was released",
                changed(last, &build::unit_spec(unit)),
                last.rev
            )
        } else {
            continue;
        };
        let help = format!(
            "write `rev: {next}` in the front matter; submissions of revision {} go on being graded as \
             they were",
            last.rev
        );
        found.push(Diagnostic { path: unit.path.clone(), line: front.rev_line, message, help });
    }
    found
}

/// What decides about points: a title, an example, a hint or an explanation may be mended at any
/// time.
fn graded(spec: &UnitSpec) -> (SpecClock, Vec<SpecCell>) {
    let cell = |cell: &SpecCell| match cell.clone() {
        SpecCell::Example { .. } => None,
        SpecCell::Exercise { id, .. } => Some(SpecCell::Exercise { id, starter: String::new() }),
        SpecCell::Check { id, points, hidden, guard, source } => {
            let tests: Vec<&str> =
                source.lines().filter(|line| !line.starts_with("#| hint:")).collect();
            let source = tests.join("\n");
            Some(SpecCell::Check { id, points, hidden, guard, source })
        }
        // Not made by units.
        tests @ SpecCell::Tests { .. } => Some(tests),
        SpecCell::Quiz { id, points, mut options } => {
            options.iter_mut().for_each(|option| option.explanation.clear());
            Some(SpecCell::Quiz { id, points, options })
        }
        SpecCell::Fill { id, points, mut key } => {
            key.otherwise.clear();
            key.answers.iter_mut().for_each(|answer| answer.explanation.clear());
            // An expected wrong answer is as wrong as any other, unless a right one would take it.
            Some(SpecCell::Fill { id, points, key })
        }
        SpecCell::Reflect { id, points, .. } => {
            Some(SpecCell::Reflect { id, points, rubric: String::new(), starter: String::new() })
        }
    };
    (spec.clock, spec.cells.iter().filter_map(cell).collect())
}

/// "`ex01-durations`", the first that differs; the clock when it is that.
fn changed(old: &UnitSpec, new: &UnitSpec) -> String {
    let ((old_clock, old), (new_clock, new)) = (graded(old), graded(new));
    let differs = |cell: &&SpecCell| !old.contains(cell);
    let gone = |cell: &&SpecCell| !new.iter().any(|other| other.id() == cell.id());
    match new.iter().find(differs).or_else(|| old.iter().find(gone)) {
        Some(cell) => format!("`{}`", cell.id()),
        None if old_clock != new_clock => "the clock".to_owned(),
        None => "the order of the checks".to_owned(),
    }
}

/// Records a unit's revision as given out; the file, and whether it was not there yet.
///
/// # Errors
/// When the operating system refuses to write it.
pub fn release(dir: &Path, unit: &Unit) -> Result<(PathBuf, bool), TextFileError> {
    let spec = build::unit_spec(unit);
    let path = dir.join("revisions").join(file_name(&spec.id, spec.rev));
    if path.exists() {
        return Ok((path, false));
    }
    #[expect(clippy::expect_used, reason = "strings, numbers and truth values only")]
    let text = canonical_json::to_string(&spec).expect("a spec has a JSON form");
    text_file::write(&path, &text)?;
    Ok((path, true))
}

fn file_name(unit: &str, rev: u32) -> String {
    format!("{unit}-{rev}.json")
}
