//! The checks that a learner's own notebook holds: no spec is needed to run them.
//!
//! A notebook as it is given out has all of its public checks and examples, the clock of each unit
//! and what the unit needs of the machine. It has no key to its quizzes and no hidden check.

use crate::assignments::{Ask, Assignments, Prepared};
use crate::batch::GradeError;
use crate::intake::{IntakeError, Submission};
use crate::specs::Specs;
use cellist_formats::cell_metadata::{CellistMetadata, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType, Notebook, NotebookError};
use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, SpecClock, SpecNeed, UnitSpec};
use cellist_judge::{assemble, is_ticked, written};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

/// Why there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it has no checks that a learner can run; notebooks made by `cellist notebooks build` have them"
)]
pub struct NoChecks;

/// Why the notebooks that were given out are of no use.
#[derive(Debug, thiserror::Error)]
pub enum ReleasedError {
    /// There are none.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// One is missing or broken.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    /// None of them has checks.
    #[error("no notebook that was named with --from has checks; name those that were given out")]
    NoChecks,
}

/// What learners' notebooks are held against.
#[derive(Clone, Debug)]
pub struct PublicChecks {
    /// `None`: each against itself.
    released: Option<Specs>,
    needs: Vec<SpecNeed>,
}

impl PublicChecks {
    /// Each notebook's own checks. What cannot be read needs nothing.
    pub fn own(found: &[Result<Submission, IntakeError>]) -> Self {
        let specs = found.iter().flatten().filter_map(|submission| read(submission).ok());
        let needs = specs.flat_map(|spec| needs(&spec)).collect();
        Self { released: None, needs }
    }

    /// The checks and examples of notebooks as they were given out, whatever learners made of theirs.
    ///
    /// # Errors
    /// When a notebook cannot be read, or none has checks.
    pub fn released(found: Vec<Result<Submission, IntakeError>>) -> Result<Self, ReleasedError> {
        let mut specs = Vec::new();
        for submission in found {
            match read(&submission?) {
                Ok(spec) => specs.push(spec),
                Err(Unread::Notebook(error)) => return Err(error.into()),
                // A glossary, say.
                Err(Unread::NoChecks) => {}
            }
        }
        let needs = specs.iter().flat_map(needs).collect();
        let released = Specs::of(specs).ok_or(ReleasedError::NoChecks)?;
        Ok(Self { released: Some(released), needs })
    }
}

impl Assignments for PublicChecks {
    fn need(&self, need: SpecNeed) -> bool {
        self.needs.contains(&need)
    }

    fn prepare(
        &self,
        path: &Path,
        notebook: &Notebook,
        _: &mut Ask<'_>,
    ) -> Result<Prepared<'_>, GradeError> {
        let spec = match &self.released {
            Some(specs) => Cow::Borrowed(specs.find(notebook, path)?),
            None => {
                let own = public_spec(notebook, path);
                Cow::Owned(own.map_err(|error| GradeError::Source(error.to_string()))?)
            }
        };
        let assembled = assemble(&spec, notebook)?;
        let mut notes = assembled.notes;
        notes.extend(unanswered(notebook));
        Ok(Prepared { spec, answers: assembled.answers, files: Vec::new(), notes })
    }
}

enum Unread {
    Notebook(NotebookError),
    NoChecks,
}

fn read(submission: &Submission) -> Result<Spec, Unread> {
    let text = submission.read().map_err(|error| Unread::Notebook(error.into()))?;
    let notebook = Notebook::parse(&text, &submission.path).map_err(Unread::Notebook)?;
    public_spec(&notebook, &submission.path).map_err(|NoChecks| Unread::NoChecks)
}

fn needs(spec: &Spec) -> Vec<SpecNeed> {
    spec.units.iter().flat_map(|unit| &unit.needs).copied().collect()
}

/// A spec of what a learner may run of a notebook: its examples, exercises and public checks, in
/// their order. Quizzes and questions are left out.
///
/// # Errors
/// When it has no check.
pub fn public_spec(notebook: &Notebook, path: &Path) -> Result<Spec, NoChecks> {
    let own: HashSet<&str> = notebook.cells.iter().map(Cell::id).collect();
    let mut taken = HashSet::new();
    let mut units: Vec<UnitSpec> = Vec::new();
    for cell in &notebook.cells {
        let Ok(Some(about)) = CellistMetadata::from_cell(&cell.metadata) else { continue };
        let at = units.iter().position(|unit| unit.id == about.unit).unwrap_or_else(|| {
            units.push(empty_unit(notebook, &about.unit));
            units.len() - 1
        });
        if about.kind == "prose" {
            entitle(&mut units[at], cell.source());
        }
        // JupyterLab gives a copy an id of its own, and keeps the metadata.
        let id = grade_id(cell).unwrap_or(cell.id());
        let is_copy = id != cell.id() && own.contains(id);
        if !is_copy
            && let Some(spec) = spec_cell(cell, id, &about)
            && taken.insert(id)
        {
            units[at].cells.push(spec);
        }
    }
    units.retain(|unit| !unit.cells.is_empty());
    let checks = |cell: &SpecCell| matches!(cell, SpecCell::Check { .. });
    if !units.iter().flat_map(|unit| &unit.cells).any(checks) {
        return Err(NoChecks);
    }
    let name = ours(notebook, "notebook").and_then(Value::as_str).map(str::to_owned);
    let file = || path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let notebook = name.unwrap_or_else(file);
    Ok(Spec { schema: SPEC_SCHEMA, notebook, units, older: Vec::new() })
}

fn spec_cell(cell: &Cell, id: &str, about: &CellistMetadata) -> Option<SpecCell> {
    let (id, source) = (id.to_owned(), cell.source().to_owned());
    let is_code = cell.cell_type() == CellType::Code;
    match about.kind.as_str() {
        // A copy that somebody plays with is no part of the notebook.
        "example" if is_code && id.starts_with(&format!("{}-", about.unit)) => {
            Some(SpecCell::Example { id, source })
        }
        // That it is no code any more is told by whoever takes the answers.
        "exercise" => Some(SpecCell::Exercise { id, starter: String::new() }),
        "check" if is_code && !about.hidden => {
            let points = option(&source, "points").and_then(|points| points.parse().ok());
            let points = points.or_else(|| cell.metadata.get("nbgrader")?.get("points")?.as_f64());
            let points = points.filter(|points: &f64| points.is_finite()).unwrap_or_default();
            Some(SpecCell::Check { id, points, hidden: false, guard: about.guard, source })
        }
        _ => None,
    }
}

/// The value of a `#| key: value` line at the top of a check.
fn option<'a>(source: &'a str, key: &str) -> Option<&'a str> {
    let mut options = source.lines().map_while(|line| line.strip_prefix("#|"));
    options
        .find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix(':'))
        .map(str::trim)
}

fn empty_unit(notebook: &Notebook, id: &str) -> UnitSpec {
    let of_unit = |key: &str| ours(notebook, key).and_then(|units| units.get(id)).cloned();
    let read = |value: Value| serde_json::from_value(value).ok();
    UnitSpec {
        id: id.to_owned(),
        title: String::new(),
        clock: match of_unit("clocks") {
            Some(Value::String(clock)) if clock == "wall" => SpecClock::Wall,
            _ => SpecClock::Virtual,
        },
        needs: of_unit("needs").and_then(read).unwrap_or_default(),
        rev: 1,
        cells: Vec::new(),
    }
}

/// The unit's title is its first heading.
fn entitle(unit: &mut UnitSpec, prose: &str) {
    if unit.title.is_empty()
        && let Some(title) = prose.lines().find_map(|line| line.strip_prefix("# "))
    {
        title.trim().clone_into(&mut unit.title);
    }
}

/// What the notebook's own metadata say about it.
fn ours<'a>(notebook: &'a Notebook, key: &str) -> Option<&'a Value> {
    notebook.metadata.get(CellistMetadata::KEY)?.get(key)
}

fn grade_id(cell: &Cell) -> Option<&str> {
    cell.metadata.get(NbgraderMetadata::KEY)?.get("grade_id")?.as_str()
}

/// Which questions are still open. Whether a quiz is answered rightly, only its key tells.
fn unanswered(notebook: &Notebook) -> Option<String> {
    let kind = |cell: &Cell| {
        CellistMetadata::from_cell(&cell.metadata).ok().flatten().map(|about| about.kind)
    };
    let is_below = |below: &&Cell| kind(below).as_deref() == Some("answer");
    let open = notebook.cells.iter().enumerate().filter(|(at, cell)| match kind(cell).as_deref() {
        Some("quiz") => {
            // Up to the next quiz, for learners put cells of their own between.
            let after = notebook.cells.iter().skip(at + 1);
            let below =
                after.take_while(|cell| kind(cell).as_deref() != Some("quiz")).find(is_below);
            !is_ticked(cell.source()) && below.is_none_or(|cell| written(cell.source()).is_none())
        }
        Some("reflect") => !is_written(cell.source()),
        _ => false,
    });
    let open = open.map(|(_, cell)| cell);
    let open: Vec<String> = open.map(|cell| format!("`{}`", cell.id())).collect();
    (!open.is_empty()).then(|| format!("not answered yet: {}", open.join(", ")))
}

/// Whether something stands below the line that says where to write.
fn is_written(source: &str) -> bool {
    match source.split_once("*Your answer (") {
        Some((_, rest)) => {
            rest.split_once('\n').is_some_and(|(_, answer)| !answer.trim().is_empty())
        }
        None => !source.trim().is_empty(),
    }
}
