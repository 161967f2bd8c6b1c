//! What counts now, and how it came to that.

use crate::decisions::{Allowance, ManualScore, read_allowances};
use crate::record::status_of;
use crate::remarks::cell_error;
use crate::store::{Failure, Row, Sql, Value, all, values};
use crate::{Gradebook, GradebookError};
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

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

impl Gradebook {
    /// What counts for everybody, by learner and notebook.
    ///
    /// # Errors
    /// When the gradebook cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, GradebookError> {
        self.store
            .reading(|sql| read_standings(sql, None, None))
            .map_err(|error| self.reading(error))
    }

    /// What counts for a learner and a notebook.
    ///
    /// # Errors
    /// When the gradebook cannot be read.
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
        let found = self.store.reading(|sql| read_standings(sql, Some(learner), Some(notebook)));
        Ok(found.map_err(|error| self.reading(error))?.pop())
    }

    /// What people last said of an item, by learner.
    ///
    /// # Errors
    /// When the gradebook cannot be read.
    pub fn manual_scores(
        &self,
        notebook: &str,
        item: &str,
    ) -> Result<BTreeMap<String, ManualScore>, GradebookError> {
        let condition = "WHERE a.notebook = $1 AND i.name = $2";
        let scores =
            self.store.reading(|sql| manual_scores(sql, condition, values![notebook, item]));
        let scores = scores.map_err(|error| self.reading(error))?;
        // Oldest first: the last stays.
        Ok(scores.into_iter().map(|score| (score.learner.clone(), score)).collect())
    }

    /// All that is known of a learner.
    ///
    /// # Errors
    /// When there is no such learner, or the gradebook cannot be read.
    pub fn learner(&self, name: &str) -> Result<LearnerHistory, GradebookError> {
        let id = self.learner_id(name)?;
        let read = self.store.reading(|sql| {
            Ok(LearnerHistory {
                standings: read_standings(sql, Some(id), None)?,
                scores: past_scores(sql, id)?,
                manual: manual_scores(sql, "WHERE m.learner = $1", values![id])?,
                allowances: read_allowances(sql, "WHERE w.learner = $1", values![id])?,
            })
        });
        read.map_err(|error| self.reading(error))
    }
}

/// Whose, and of which notebook, what counts is wanted; of all that is not said.
const WANTED: &str = "(CAST($1 AS BIGINT) IS NULL OR st.learner = $1)
    AND (CAST($2 AS TEXT) IS NULL
         OR st.assignment = (SELECT id FROM assignments WHERE notebook = $2))";

fn read_standings(
    sql: &mut dyn Sql,
    learner: Option<i64>,
    notebook: Option<&str>,
) -> Result<Vec<Standing>, Failure> {
    let wanted: &[Value] = values![learner, notebook];
    let heads = all(
        sql,
        &format!(
            "SELECT l.name, a.notebook, s.file, s.hash, g.graded_at, g.millis, g.forfeited, g.id
             FROM standings st JOIN gradings g ON g.id = st.grading
             JOIN submissions s ON s.id = g.submission JOIN learners l ON l.id = st.learner
             JOIN assignments a ON a.id = st.assignment
             WHERE {WANTED} ORDER BY l.name, a.notebook"
        ),
        wanted,
        head,
    )?;
    let (gradings, mut standings): (Vec<i64>, Vec<Standing>) = heads.into_iter().unzip();
    let places: HashMap<i64, usize> =
        gradings.into_iter().enumerate().map(|(place, grading)| (grading, place)).collect();
    // A grading is one learner's and one notebook's.
    let place = |grading: i64| places.get(&grading).copied().ok_or(Failure::Kind(0));
    let notes = format!(
        "SELECT n.grading, n.note FROM standings st JOIN notes n ON n.grading = st.grading
         WHERE {WANTED} ORDER BY n.id"
    );
    sql.each(&notes, wanted, &mut |mut row| {
        standings[place(row.get(0)?)?].verdict.notes.push(row.get(1)?);
        Ok(())
    })?;
    let mut scores: Vec<Vec<Scored>> = standings.iter().map(|_| Vec::new()).collect();
    sql.each(&format!("{SCORES} WHERE {WANTED}"), wanted, &mut |mut row| {
        scores[place(row.get(0)?)?].push(Scored::read(&mut row)?);
        Ok(())
    })?;
    let mut given = given(sql, wanted)?;
    for (standing, mut scores) in standings.iter_mut().zip(scores) {
        scores.sort_by_key(|one| (one.place, one.item_id, one.id));
        let mut scores = scores.into_iter().peekable();
        while let Some(scored) = scores.next() {
            // Of an item the latest.
            if scores.peek().is_none_or(|next| next.item_id != scored.item_id) {
                let given = given.remove(&(scored.learner, scored.item_id));
                scored.add_to(given, &mut standing.verdict);
            }
        }
        if standing.verdict.forfeited {
            standing.verdict.points = 0.0;
        }
    }
    let errors = format!(
        "SELECT e.grading, e.unit, e.cell, e.ename, e.evalue, e.traceback
         FROM standings st JOIN cell_errors e ON e.grading = st.grading
         WHERE {WANTED} ORDER BY e.id"
    );
    sql.each(&errors, wanted, &mut |mut row| {
        let standing = &mut standings[place(row.get(0)?)?];
        let (id, error): (String, _) = (row.get(1)?, cell_error(&mut row, 2)?);
        let mut units = standing.verdict.units.iter_mut();
        if let Some(unit) = units.find(|unit| unit.id == id) {
            unit.errors.push(error);
        }
        Ok(())
    })?;
    Ok(standings)
}

/// The grading's id, and what counts by it, not yet with its scores.
fn head(row: &mut Row) -> Result<(i64, Standing), Failure> {
    let (learner, notebook) = (row.get(0)?, row.get(1)?);
    let verdict = Verdict {
        notebook,
        points: 0.0,
        max_points: 0.0,
        manual_points: 0.0,
        units: Vec::new(),
        notes: Vec::new(),
        millis: row.get(5)?,
        forfeited: row.get(6)?,
    };
    let (file, submission, graded_at) = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok((row.get(7)?, Standing { learner, file, submission, graded_at, verdict }))
}

const SCORES: &str = "
    SELECT sc.grading, sc.id, i.id, st.learner, i.place, i.unit, i.title, i.name, sc.status,
        sc.points, sc.max_points, sc.hint, sc.message, sc.hidden, sc.guard, i.written
    FROM standings st JOIN scores sc ON sc.grading = st.grading JOIN items i ON i.id = sc.item";

/// A score of the grader's.
struct Scored {
    id: i64,
    item_id: i64,
    learner: i64,
    place: i64,
    unit: String,
    title: String,
    item: ItemVerdict,
}

/// Points that a person gave last.
struct Given {
    /// `None`: the grader's count.
    points: Option<f64>,
    comment: String,
    by: String,
}

/// By learner and item.
fn given(sql: &mut dyn Sql, wanted: &[Value]) -> Result<HashMap<(i64, i64), Given>, Failure> {
    let question = format!(
        "SELECT m.learner, m.item, m.points, m.comment, m.given_by
         FROM manual_scores m JOIN items i ON i.id = m.item
         JOIN standings st ON st.learner = m.learner AND st.assignment = i.assignment
         WHERE {WANTED} ORDER BY m.id"
    );
    let found = all(sql, &question, wanted, |row| {
        let key = (row.get(0)?, row.get(1)?);
        Ok((key, Given { points: row.get(2)?, comment: row.get(3)?, by: row.get(4)? }))
    })?;
    // Of several the last stays.
    Ok(found.into_iter().collect())
}

impl Scored {
    fn read(row: &mut Row) -> Result<Self, Failure> {
        let status: String = row.get(8)?;
        Ok(Self {
            id: row.get(1)?,
            item_id: row.get(2)?,
            learner: row.get(3)?,
            place: row.get(4)?,
            unit: row.get(5)?,
            title: row.get(6)?,
            item: ItemVerdict {
                id: row.get(7)?,
                status: status_of(&status),
                points: row.get(9)?,
                max_points: row.get(10)?,
                hint: row.get(11)?,
                message: row.get(12)?,
                hidden: row.get(13)?,
                guard: row.get(14)?,
                written: row.get(15)?,
                hint_error: None,
            },
        })
    }

    fn add_to(self, given: Option<Given>, verdict: &mut Verdict) {
        let mut item = self.item;
        if let Some(Given { points: Some(points), comment, by }) = given {
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

fn past_scores(sql: &mut dyn Sql, learner: i64) -> Result<Vec<PastScore>, Failure> {
    let question = "SELECT a.notebook, i.unit, i.name, sc.status, sc.points, sc.max_points, s.hash,
             g.revision, g.grader, g.seed, sc.given_at
         FROM scores sc JOIN gradings g ON g.id = sc.grading JOIN submissions s ON s.id = g.submission
         JOIN items i ON i.id = sc.item JOIN assignments a ON a.id = s.assignment
         WHERE s.learner = $1 ORDER BY sc.id";
    all(sql, question, values![learner], |row| {
        let status: String = row.get(3)?;
        Ok(PastScore {
            notebook: row.get(0)?,
            unit: row.get(1)?,
            item: row.get(2)?,
            status: status_of(&status),
            points: row.get(4)?,
            max_points: row.get(5)?,
            submission: row.get(6)?,
            revision: row.get(7)?,
            grader: row.get(8)?,
            seed: row.get(9)?,
            at: row.get(10)?,
        })
    })
}

fn manual_scores(
    sql: &mut dyn Sql,
    condition: &str,
    values: &[Value],
) -> Result<Vec<ManualScore>, Failure> {
    let question = format!(
        "SELECT l.name, a.notebook, i.unit, i.name, m.points, m.comment, m.given_by, m.given_at
         FROM manual_scores m JOIN items i ON i.id = m.item JOIN learners l ON l.id = m.learner
         JOIN assignments a ON a.id = i.assignment {condition} ORDER BY m.id",
    );
    all(sql, &question, values, |row| {
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
    })
}
