//! Taking in what the grader says.

use crate::remarks::{errors, notes};
use crate::store::{Failure, Row, Sql, all, kept, values};
use crate::{Gradebook, GradebookError, now};
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};
use std::collections::HashMap;

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
    /// When the gradebook is locked, cannot be reached or written; then nothing has changed.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), GradebookError> {
        let recorded = self.store.writing(|sql| write(sql, record));
        recorded.map_err(|error| self.writing(error))
    }
}

fn write(sql: &mut dyn Sql, record: &Record<'_>) -> Result<(), Failure> {
    let at = now();
    let Record { verdict, .. } = record;
    let learner = learner_id(sql, record.learner)?;
    let assignment = sql.number(
        "INSERT INTO assignments (notebook) VALUES ($1)
         ON CONFLICT (notebook) DO UPDATE SET notebook = excluded.notebook RETURNING id",
        values![&verdict.notebook],
    )?;
    let submission = sql.number(
        "INSERT INTO submissions (learner, assignment, hash, file, seen_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (learner, assignment, hash) DO UPDATE SET file = excluded.file RETURNING id",
        values![learner, assignment, record.submission, record.file, &at],
    )?;
    let grading = sql.number(
        "INSERT INTO gradings (submission, revision, grader, seed, millis, forfeited, graded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (submission, revision, grader, seed) DO UPDATE SET forfeited = excluded.forfeited
         RETURNING id",
        values![
            submission,
            record.revision,
            record.grader,
            i64::from(record.seed),
            verdict.millis,
            verdict.forfeited,
            &at
        ],
    )?;
    let known_items = items(sql, assignment)?;
    let known_scores = scores(sql, grading)?;
    let all = verdict.units.iter().flat_map(|unit| unit.items.iter().map(move |i| (unit, i)));
    for (place, (unit, item)) in all.enumerate() {
        let item_id = item_id(sql, &known_items, assignment, unit, item, place as i64)?;
        score(sql, known_scores.get(&item_id), (grading, item_id), item, &at)?;
    }
    remark(sql, grading, verdict)?;
    sql.run(
        "INSERT INTO standings (learner, assignment, grading) VALUES ($1, $2, $3)
         ON CONFLICT (learner, assignment) DO UPDATE SET grading = excluded.grading",
        values![learner, assignment, grading],
    )
}

/// The learner of that name, who is known from now on.
pub(crate) fn learner_id(sql: &mut dyn Sql, name: &str) -> Result<i64, Failure> {
    sql.number(
        "INSERT INTO learners (name) VALUES ($1)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        values![name],
    )
}

/// An item as it was last seen.
#[derive(PartialEq)]
struct Known {
    title: String,
    place: i64,
    written: bool,
}

/// By unit and cell id.
type Items = HashMap<(String, String), (i64, Known)>;

fn items(sql: &mut dyn Sql, assignment: i64) -> Result<Items, Failure> {
    let question = "SELECT unit, name, id, title, place, written FROM items WHERE assignment = $1";
    let found = all(sql, question, values![assignment], |row| {
        let key = (row.get(0)?, row.get(1)?);
        let known = Known { title: row.get(3)?, place: row.get(4)?, written: row.get(5)? };
        Ok((key, (row.get(2)?, known)))
    })?;
    Ok(found.into_iter().collect())
}

fn item_id(
    sql: &mut dyn Sql,
    known: &Items,
    assignment: i64,
    unit: &UnitVerdict,
    item: &ItemVerdict,
    place: i64,
) -> Result<i64, Failure> {
    let now = Known { title: kept(&unit.title), place, written: item.written };
    if let Some((id, known)) = known.get(&(kept(&unit.id), kept(&item.id)))
        && *known == now
    {
        return Ok(*id);
    }
    sql.number(
        "INSERT INTO items (assignment, unit, title, name, place, written)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (assignment, unit, name) DO UPDATE
         SET title = excluded.title, place = excluded.place, written = excluded.written
         RETURNING id",
        values![assignment, &unit.id, &unit.title, &item.id, place, item.written],
    )
}

/// Notes and errors as they are now; those of a course change with its due dates.
fn remark(sql: &mut dyn Sql, grading: i64, verdict: &Verdict) -> Result<(), Failure> {
    if notes(sql, grading)? != verdict.notes.iter().map(|note| kept(note)).collect::<Vec<_>>() {
        sql.run("DELETE FROM notes WHERE grading = $1", values![grading])?;
        for note in &verdict.notes {
            sql.run("INSERT INTO notes (grading, note) VALUES ($1, $2)", values![grading, note])?;
        }
    }
    let units = verdict.units.iter();
    let now: Vec<(&String, &CellError)> =
        units.flat_map(|unit| unit.errors.iter().map(move |error| (&unit.id, error))).collect();
    // Messages name addresses of objects, which are others each time.
    let known = errors(sql, grading)?;
    let same = |((unit, one), (now_unit, now)): (&(String, CellError), &(&String, &CellError))| {
        *unit == kept(now_unit) && one.cell == kept(&now.cell) && one.ename == kept(&now.ename)
    };
    if known.len() != now.len() || !known.iter().zip(&now).all(same) {
        sql.run("DELETE FROM cell_errors WHERE grading = $1", values![grading])?;
        for (unit, CellError { cell, ename, evalue, traceback }) in now {
            sql.run(
                "INSERT INTO cell_errors (grading, unit, cell, ename, evalue, traceback)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                values![grading, unit, cell, ename, evalue, traceback],
            )?;
        }
    }
    Ok(())
}

/// The latest score of an item.
struct Last {
    id: i64,
    said: Said,
    message: Option<String>,
}

/// What makes a score another one.
#[derive(PartialEq)]
struct Said {
    status: String,
    points: f64,
    max_points: f64,
    hint: Option<String>,
}

/// A grading's latest, by item.
fn scores(sql: &mut dyn Sql, grading: i64) -> Result<HashMap<i64, Last>, Failure> {
    let question = "SELECT item, id, status, points, max_points, hint, message FROM scores
        WHERE grading = $1 ORDER BY id";
    let read = |row: &mut Row| {
        let (item, id) = (row.get(0)?, row.get(1)?);
        let (status, points) = (row.get(2)?, row.get(3)?);
        let said = Said { status, points, max_points: row.get(4)?, hint: row.get(5)? };
        Ok((item, Last { id, said, message: row.get(6)? }))
    };
    // Of several the last stays.
    Ok(all(sql, question, values![grading], read)?.into_iter().collect())
}

/// A new row only when it says something new: grading again leaves the history as it is.
fn score(
    sql: &mut dyn Sql,
    last: Option<&Last>,
    (grading, item): (i64, i64),
    verdict: &ItemVerdict,
    at: &str,
) -> Result<(), Failure> {
    let ItemVerdict { status, points, max_points, hint, hidden, guard, message, .. } = verdict;
    let (hint, message) = (hint.as_deref(), message.as_deref());
    let said = Said {
        status: status.word().to_owned(),
        points: *points,
        max_points: *max_points,
        hint: hint.map(kept),
    };
    if let Some(last) = last
        && last.said == said
    {
        // Written by a version that did not keep messages.
        if last.message.is_none() && message.is_some() {
            let mend = "UPDATE scores SET message = $1 WHERE id = $2";
            sql.run(mend, values![message, last.id])?;
        }
        return Ok(());
    }
    sql.run(
        "INSERT INTO scores (grading, item, status, points, max_points, hidden, guard, hint, given_at,
             message)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            grading,
            item,
            status.word(),
            *points,
            *max_points,
            *hidden,
            *guard,
            hint,
            at,
            message
        ],
    )
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
