//! Taking in what the grader says.

use crate::remarks::Remarks;
use crate::{Gradebook, GradebookError, now};
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

/// A verdict, and all that it depends on: recording it twice is recording it once.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Whose work it is.
    pub learner: &'a str,
    /// The submitted file, for people.
    pub file: &'a str,
    /// Hash of the file.
    pub submission: &'a str,
    /// Hash of the spec.
    pub revision: &'a str,
    /// Version of the grader.
    pub grader: &'a str,
    /// Seed of Python's string hashes.
    pub seed: u32,
    /// What it came to.
    pub verdict: &'a Verdict,
}

impl Gradebook {
    /// Writes a verdict down; it is the one that counts from now on.
    ///
    /// # Errors
    /// When the file is locked, or cannot be written; then nothing has changed.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), GradebookError> {
        let recorded = (|| {
            let writing =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write(&writing, record)?;
            writing.commit()
        })();
        recorded.map_err(|error| self.writing(error))
    }
}

fn write(sql: &Connection, record: &Record<'_>) -> rusqlite::Result<()> {
    let at = now();
    let id = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let learner = sql.query_row(
        "INSERT INTO learners (name) VALUES (?1)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        [record.learner],
        id,
    )?;
    let assignment = sql.query_row(
        "INSERT INTO assignments (notebook) VALUES (?1)
         ON CONFLICT (notebook) DO UPDATE SET notebook = excluded.notebook RETURNING id",
        [&record.verdict.notebook],
        id,
    )?;
    let submission = sql.query_row(
        "INSERT INTO submissions (learner, assignment, hash, file, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (learner, assignment, hash) DO UPDATE SET file = excluded.file RETURNING id",
        params![learner, assignment, record.submission, record.file, at],
        id,
    )?;
    let grading = sql.query_row(
        "INSERT INTO gradings (submission, revision, grader, seed, millis, graded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (submission, revision, grader, seed) DO UPDATE SET seed = excluded.seed
         RETURNING id",
        params![submission, record.revision, record.grader, record.seed, record.verdict.millis, at],
        id,
    )?;
    let items =
        record.verdict.units.iter().flat_map(|unit| unit.items.iter().map(move |i| (unit, i)));
    for (place, (unit, item)) in items.enumerate() {
        let item_id = item_id(sql, assignment, unit, item, place)?;
        score(sql, grading, item_id, item, &at)?;
    }
    remark(sql, grading, record.verdict)?;
    sql.execute(
        "INSERT INTO standings (learner, assignment, grading) VALUES (?1, ?2, ?3)
         ON CONFLICT (learner, assignment) DO UPDATE SET grading = excluded.grading",
        params![learner, assignment, grading],
    )?;
    Ok(())
}

fn item_id(
    sql: &Connection,
    assignment: i64,
    unit: &UnitVerdict,
    item: &ItemVerdict,
    place: usize,
) -> rusqlite::Result<i64> {
    sql.query_row(
        "INSERT INTO items (assignment, unit, title, name, place, written)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (assignment, unit, name) DO UPDATE
         SET title = excluded.title, place = excluded.place, written = excluded.written
         RETURNING id",
        params![assignment, unit.id, unit.title, item.id, place as i64, item.written],
        |row| row.get(0),
    )
}

/// Notes and errors as they are now; those of a course change with its due dates.
fn remark(sql: &Connection, grading: i64, verdict: &Verdict) -> rusqlite::Result<()> {
    let errors = |unit: &UnitVerdict| {
        let of_unit = unit.errors.iter().map(|error| (unit.id.clone(), error.clone()));
        of_unit.collect::<Vec<(String, CellError)>>()
    };
    let errors: Vec<(String, CellError)> = verdict.units.iter().flat_map(errors).collect();
    let mut remarks = Remarks::of(sql)?;
    if remarks.notes(grading)? != verdict.notes {
        sql.execute("DELETE FROM notes WHERE grading = ?1", [grading])?;
        for note in &verdict.notes {
            sql.execute(
                "INSERT INTO notes (grading, note) VALUES (?1, ?2)",
                params![grading, note],
            )?;
        }
    }
    // Messages name addresses of objects, which are others each time.
    let known = remarks.errors(grading)?;
    let same = |(one, other): (&(String, CellError), &(String, CellError))| {
        one.0 == other.0 && one.1.cell == other.1.cell && one.1.ename == other.1.ename
    };
    if known.len() != errors.len() || !known.iter().zip(&errors).all(same) {
        sql.execute("DELETE FROM cell_errors WHERE grading = ?1", [grading])?;
        for (unit, CellError { cell, ename, evalue, traceback }) in &errors {
            sql.execute(
                "INSERT INTO cell_errors (grading, unit, cell, ename, evalue, traceback)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![grading, unit, cell, ename, evalue, traceback],
            )?;
        }
    }
    Ok(())
}

/// A new row only when it says something new: grading again leaves the history as it is.
fn score(
    sql: &Connection,
    grading: i64,
    item: i64,
    verdict: &ItemVerdict,
    at: &str,
) -> rusqlite::Result<()> {
    let ItemVerdict { status, points, max_points, hint, hidden, guard, message, .. } = verdict;
    let status = status.word();
    type Last = (i64, (String, f64, f64, Option<String>), Option<String>);
    let last: Option<Last> = sql
        .query_row(
            "SELECT status, points, max_points, hint, id, message FROM scores
             WHERE grading = ?1 AND item = ?2 ORDER BY id DESC LIMIT 1",
            params![grading, item],
            |row| {
                let said = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok((row.get(4)?, said, row.get(5)?))
            },
        )
        .optional()?;
    let now = (status.to_owned(), *points, *max_points, hint.clone());
    if let Some((id, said, known)) = last
        && said == now
    {
        // Written by a version that did not keep messages.
        if known.is_none() && message.is_some() {
            sql.execute("UPDATE scores SET message = ?1 WHERE id = ?2", params![message, id])?;
        }
        return Ok(());
    }
    sql.execute(
        "INSERT INTO scores (grading, item, status, points, max_points, hidden, guard, hint, given_at,
             message)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![grading, item, status, points, max_points, hidden, guard, hint, at, message],
    )?;
    Ok(())
}

/// The status of this word; what is unknown counts as not judged.
pub(crate) fn status_of(word: &str) -> Status {
    match word {
        "passed" => Status::Passed,
        "failed" => Status::Failed,
        "withheld" => Status::Withheld,
        "manual" => Status::Manual,
        "unanswered" => Status::Unanswered,
        _ => Status::Error,
    }
}
