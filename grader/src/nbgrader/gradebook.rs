//! What people have put into nbgrader's own gradebook, `gradebook.db`: due dates, extensions, scores
//! and extra credit. It is read and never written.

use super::late;
use cellist_formats::verdict::{ItemVerdict, Status, Verdict};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::Path;

/// What stands in a gradebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gradebook {
    /// Assignment to when it is due.
    pub(super) due: HashMap<String, Timestamp>,
    /// Assignment and learner to how much longer they have.
    extensions: HashMap<(String, String), SignedDuration>,
    /// Notebook (`ps1/problem1.ipynb`) and learner to what a person gave for its cells.
    given: HashMap<(String, String), Vec<Given>>,
}

/// What a person gave for a cell.
#[derive(Clone, Debug, PartialEq)]
struct Given {
    cell: String,
    /// Instead of what was earned.
    score: Option<f64>,
    /// On top of it.
    extra: Option<f64>,
}

const DUE: &str = "SELECT name, duedate FROM assignment WHERE duedate IS NOT NULL";
const EXTENSIONS: &str = "
    SELECT assignment.name, submitted_assignment.student_id, submitted_assignment.extension
    FROM submitted_assignment
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
    WHERE submitted_assignment.extension IS NOT NULL";
const GIVEN: &str = "
    SELECT assignment.name || '/' || notebook.name || '.ipynb', submitted_assignment.student_id,
           base_cell.name, grade.manual_score, grade.extra_credit
    FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN notebook ON notebook.id = submitted_notebook.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
    WHERE grade.manual_score IS NOT NULL OR grade.extra_credit IS NOT NULL";

impl Gradebook {
    /// Reads the file; empty when there is none.
    pub(super) fn read(path: &Path) -> rusqlite::Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut book = Self::default();
        let mut query = file.prepare(DUE)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (assignment, due): (String, String) = (row.get(0)?, row.get(1)?);
            book.due.extend(late::parse(&due).map(|due| (assignment, due)));
        }
        let mut query = file.prepare(EXTENSIONS)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            // SQLAlchemy keeps a span as the time that long after the epoch.
            let until: String = row.get(2)?;
            let span = late::parse(&until).map(|until| until.duration_since(Timestamp::UNIX_EPOCH));
            book.extensions
                .extend(span.zip(Some((row.get(0)?, row.get(1)?))).map(|(span, key)| (key, span)));
        }
        let mut query = file.prepare(GIVEN)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let given = Given { cell: row.get(2)?, score: row.get(3)?, extra: row.get(4)? };
            book.given.entry((row.get(0)?, row.get(1)?)).or_default().push(given);
        }
        Ok(book)
    }

    /// How much longer this learner has.
    pub(super) fn extension(&self, assignment: &str, learner: &str) -> SignedDuration {
        let key = (assignment.to_owned(), learner.to_owned());
        self.extensions.get(&key).copied().unwrap_or_default()
    }

    /// Puts in what a person gave.
    pub(super) fn apply(&self, learner: &str, verdict: &mut Verdict) {
        let key = (verdict.notebook.clone(), learner.to_owned());
        for given in self.given.get(&key).into_iter().flatten() {
            for unit in &mut verdict.units {
                let Some(item) = unit.items.iter_mut().find(|item| item.id == given.cell) else {
                    continue;
                };
                let (old, was) = (item.points, item.status);
                let note = give(item, given);
                unit.points += item.points - old;
                verdict.points += item.points - old;
                if was == Status::Manual && item.status != Status::Manual {
                    verdict.manual_points -= item.max_points;
                    unit.max_points += item.max_points;
                    verdict.max_points += item.max_points;
                }
                verdict.notes.extend(note);
            }
        }
    }
}

/// nbgrader's sum: the person's score, else the tests', and the extra credit on top of either.
fn give(item: &mut ItemVerdict, given: &Given) -> Option<String> {
    let extra = given.extra.unwrap_or_default();
    let name = &item.id;
    let on_top =
        if extra == 0.0 { String::new() } else { format!(", {extra} of them extra credit") };
    match given.score {
        Some(score) => {
            item.points = score + extra;
            item.status = if score >= item.max_points { Status::Passed } else { Status::Failed };
            item.hint = Some("Graded by a person.".to_owned());
            Some(format!("cell `{name}`: {} points from a person{on_top}", item.points))
        }
        // Nothing to put it on top of yet.
        None if item.status == Status::Manual || extra == 0.0 => None,
        None => {
            item.points += extra;
            Some(format!("cell `{name}`: {} points{on_top}", item.points))
        }
    }
}
