//! What counts now, and how it came to that.

use crate::decisions::{Allowance, ManualScore};
use crate::record::status_of;
use crate::remarks::Remarks;
use crate::{Gradebook, GradebookError};
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use std::collections::BTreeMap;

/// What counts for a learner and a notebook.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Whose it is.
    pub learner: String,
    /// The submitted file, for people.
    pub file: String,
    /// Hash of it.
    pub submission: String,
    /// When it was first graded so, RFC 3339.
    pub graded_at: String,
    /// The grader's verdict with people's points in it, whose comments are among its notes. Its
    /// `max_points` are those of everything that no longer waits for a person.
    pub verdict: Verdict,
}

/// All that is known of a learner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LearnerHistory {
    /// What counts.
    pub standings: Vec<Standing>,
    /// Every score of the grader's, oldest first.
    pub scores: Vec<PastScore>,
    /// Every score of people's, oldest first.
    pub manual: Vec<ManualScore>,
    /// Every allowance, oldest first for each notebook.
    pub allowances: Vec<Allowance>,
}

/// A score that the grader gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PastScore {
    /// Path of the notebook within its set.
    pub notebook: String,
    /// The unit's id.
    pub unit: String,
    /// The notebook's cell id.
    pub item: String,
    /// How it went.
    pub status: Status,
    /// Points given.
    pub points: f64,
    /// Points there were to get.
    pub max_points: f64,
    /// Hash of the submission.
    pub submission: String,
    /// Hash of the spec.
    pub revision: String,
    /// Version of the grader.
    pub grader: String,
    /// Seed of Python's string hashes.
    pub seed: u32,
    /// When, RFC 3339.
    pub at: String,
}

/// A grading that counts, not yet with its scores.
struct Head {
    learner: i64,
    grading: i64,
    standing: Standing,
}

impl Gradebook {
    /// What counts for everybody, by learner and notebook.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, GradebookError> {
        self.read_standings(None, None).map_err(|error| self.reading(error))
    }

    /// What counts for a learner and a notebook.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standing(
        &self,
        learner: &str,
        notebook: &str,
    ) -> Result<Option<Standing>, GradebookError> {
        let learner = match self.learner_id(learner) {
            Ok(learner) => learner,
            Err(GradebookError::NoLearner { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = self.read_standings(Some(learner), Some(notebook));
        Ok(found.map_err(|error| self.reading(error))?.pop())
    }

    /// What people last said of an item, by learner.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn manual_scores(
        &self,
        notebook: &str,
        item: &str,
    ) -> Result<BTreeMap<String, ManualScore>, GradebookError> {
        let read = || {
            let condition = "WHERE a.notebook = ?1 AND i.name = ?2";
            let scores = manual_scores(&self.connection, condition, (notebook, item))?;
            // Oldest first: the last stays.
            Ok(scores.into_iter().map(|score| (score.learner.clone(), score)).collect())
        };
        read().map_err(|error| self.reading(error))
    }

    /// All that is known of a learner.
    ///
    /// # Errors
    /// When there is no such learner, or the file cannot be read.
    pub fn learner(&self, name: &str) -> Result<LearnerHistory, GradebookError> {
        let id = self.learner_id(name)?;
        let read = || {
            // One state of the file, whoever writes meanwhile.
            let reading = self.connection.unchecked_transaction()?;
            let history = LearnerHistory {
                standings: self.read_standings(Some(id), None)?,
                scores: past_scores(&reading, id)?,
                manual: manual_scores(&reading, "WHERE m.learner = ?1", [id])?,
                allowances: self.read_allowances("", Some(id))?,
            };
            Ok(history)
        };
        read().map_err(|error| self.reading(error))
    }

    fn read_standings(
        &self,
        learner: Option<i64>,
        notebook: Option<&str>,
    ) -> rusqlite::Result<Vec<Standing>> {
        // Within a transaction of the caller's, if there is one.
        let reading = match self.connection.is_autocommit() {
            true => Some(self.connection.unchecked_transaction()?),
            false => None,
        };
        let mut statement = self.connection.prepare(
            "SELECT l.name, a.notebook, s.file, s.hash, g.graded_at, g.millis, l.id, g.id
             FROM standings st JOIN gradings g ON g.id = st.grading
             JOIN submissions s ON s.id = g.submission JOIN learners l ON l.id = st.learner
             JOIN assignments a ON a.id = st.assignment
             WHERE (?1 IS NULL OR st.learner = ?1) AND (?2 IS NULL OR a.notebook = ?2)
             ORDER BY l.name, a.notebook",
        )?;
        let heads: Vec<Head> = statement
            .query_map(params![learner, notebook], head)?
            .collect::<rusqlite::Result<_>>()?;
        let mut scores = self.connection.prepare(SCORES)?;
        let mut remarks = Remarks::of(&self.connection)?;
        let mut standings = Vec::with_capacity(heads.len());
        for Head { learner, grading, mut standing } in heads {
            standing.verdict.notes = remarks.notes(grading)?;
            let rows = scores.query_map(params![grading, learner], Scored::read)?;
            for scored in rows {
                scored?.add_to(&mut standing.verdict);
            }
            for (id, error) in remarks.errors(grading)? {
                let mut units = standing.verdict.units.iter_mut();
                if let Some(unit) = units.find(|unit| unit.id == id) {
                    unit.errors.push(error);
                }
            }
            standings.push(standing);
        }
        drop(reading);
        Ok(standings)
    }
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    let verdict = Verdict {
        notebook: row.get(1)?,
        points: 0.0,
        max_points: 0.0,
        manual_points: 0.0,
        units: Vec::new(),
        notes: Vec::new(),
        millis: row.get(5)?,
    };
    let standing = Standing {
        learner: row.get(0)?,
        file: row.get(2)?,
        submission: row.get(3)?,
        graded_at: row.get(4)?,
        verdict,
    };
    Ok(Head { learner: row.get(6)?, grading: row.get(7)?, standing })
}

/// Of a grading each item's latest score, and of a learner the latest that a person gave for it.
const SCORES: &str = "
    SELECT i.unit, i.title, i.name, sc.status, sc.points, sc.max_points, sc.hidden, sc.guard, sc.hint,
        m.points, m.comment, m.given_by, sc.message, i.written
    FROM scores sc JOIN items i ON i.id = sc.item
    LEFT JOIN manual_scores m ON m.id =
        (SELECT max(id) FROM manual_scores WHERE learner = ?2 AND item = i.id)
    WHERE sc.grading = ?1
    AND sc.id = (SELECT max(id) FROM scores WHERE grading = ?1 AND item = i.id)
    ORDER BY i.place, i.id";

struct Scored {
    unit: String,
    title: String,
    item: ItemVerdict,
    /// Points, comment, and who gave them.
    manual: Option<(f64, String, String)>,
}

impl Scored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let item = ItemVerdict {
            id: row.get(2)?,
            status: status_of(&row.get::<_, String>(3)?),
            points: row.get(4)?,
            max_points: row.get(5)?,
            hint: row.get(8)?,
            message: row.get(12)?,
            hidden: row.get(6)?,
            guard: row.get(7)?,
            written: row.get(13)?,
            hint_error: None,
        };
        let manual = match row.get::<_, Option<f64>>(9)? {
            Some(points) => Some((points, row.get(10)?, row.get(11)?)),
            None => None,
        };
        Ok(Self { unit: row.get(0)?, title: row.get(1)?, item, manual })
    }

    fn add_to(self, verdict: &mut Verdict) {
        let mut item = self.item;
        if let Some((points, comment, by)) = self.manual {
            item.points = points;
            item.status = if points >= item.max_points { Status::Passed } else { Status::Failed };
            verdict.notes.push(match comment.as_str() {
                "" => format!("`{}`: {points} points given by {by}", item.id),
                _ => format!("`{}`: {points} points given by {by}: {comment}", item.id),
            });
            item.hint =
                Some(if comment.is_empty() { format!("points given by {by}") } else { comment });
        }
        let waits = item.status == Status::Manual;
        // As in the grader's verdict: nothing can be got for it until a person says so.
        let blank = item.written && item.status == Status::Unanswered;
        let known = verdict.units.iter().position(|unit| unit.id == self.unit);
        let at = known.unwrap_or_else(|| {
            verdict.units.push(UnitVerdict {
                id: self.unit,
                title: self.title,
                points: 0.0,
                max_points: 0.0,
                items: Vec::new(),
                errors: Vec::new(),
            });
            verdict.units.len() - 1
        });
        let unit = &mut verdict.units[at];
        if waits {
            verdict.manual_points += item.max_points;
        } else if !blank {
            unit.points += item.points;
            unit.max_points += item.max_points;
            verdict.points += item.points;
            verdict.max_points += item.max_points;
        }
        unit.items.push(item);
    }
}

fn past_scores(sql: &Connection, learner: i64) -> rusqlite::Result<Vec<PastScore>> {
    let mut statement = sql.prepare(
        "SELECT a.notebook, i.unit, i.name, sc.status, sc.points, sc.max_points, s.hash, g.revision,
             g.grader, g.seed, sc.given_at
         FROM scores sc JOIN gradings g ON g.id = sc.grading JOIN submissions s ON s.id = g.submission
         JOIN items i ON i.id = sc.item JOIN assignments a ON a.id = s.assignment
         WHERE s.learner = ?1 ORDER BY sc.id",
    )?;
    let rows = statement.query_map([learner], |row| {
        Ok(PastScore {
            notebook: row.get(0)?,
            unit: row.get(1)?,
            item: row.get(2)?,
            status: status_of(&row.get::<_, String>(3)?),
            points: row.get(4)?,
            max_points: row.get(5)?,
            submission: row.get(6)?,
            revision: row.get(7)?,
            grader: row.get(8)?,
            seed: row.get(9)?,
            at: row.get(10)?,
        })
    })?;
    rows.collect()
}

fn manual_scores(
    sql: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<ManualScore>> {
    let mut statement = sql.prepare(&format!(
        "SELECT l.name, a.notebook, i.unit, i.name, m.points, m.comment, m.given_by, m.given_at
         FROM manual_scores m JOIN items i ON i.id = m.item JOIN learners l ON l.id = m.learner
         JOIN assignments a ON a.id = i.assignment {condition} ORDER BY m.id",
    ))?;
    let rows = statement.query_map(values, |row| {
        Ok(ManualScore {
            learner: row.get(0)?,
            notebook: row.get(1)?,
            unit: row.get(2)?,
            item: row.get(3)?,
            points: row.get(4)?,
            comment: row.get(5)?,
            by: row.get(6)?,
            at: row.get(7)?,
        })
    })?;
    rows.collect()
}
