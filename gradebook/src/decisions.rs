//! What people decide, and the grader does not touch: points, comments, extensions, late days,
//! exemptions.

use crate::{Gradebook, GradebookError, now};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde::Serialize;

/// Points that a person gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManualScore {
    /// Whose.
    pub learner: String,
    /// Path of the notebook within its set.
    pub notebook: String,
    /// The unit's id.
    pub unit: String,
    /// The notebook's cell id.
    pub item: String,
    /// `None` gives the decision back to the grader.
    pub points: Option<f64>,
    /// Why.
    pub comment: String,
    /// Who says so.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What a learner is allowed for a notebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// Who is allowed it.
    pub learner: String,
    /// Path of the notebook within its set.
    pub notebook: String,
    /// What is allowed.
    pub kind: Kind,
    /// The day of an extension, the number of late days, `yes`; `None` takes it back.
    pub value: Option<String>,
    /// Why.
    pub comment: String,
    /// Who says so.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A kind of allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// May hand in until that day.
    Extension,
    /// So many days late cost nothing.
    LateDays,
    /// Need not hand in.
    Exemption,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Extension, Self::LateDays, Self::Exemption];

    /// As in the file and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::LateDays => "late_days",
            Self::Exemption => "exemption",
        }
    }
}

impl Gradebook {
    /// Gives points for a check; it stays so, whatever the grader says later, until other points, or
    /// none, are given. `check` is the cell's id, with or without the unit's before it.
    ///
    /// # Errors
    /// When the learner has handed in nothing with that check, or several notebooks have it; when the
    /// file is locked or cannot be written.
    pub fn set_points(
        &mut self,
        learner: &str,
        notebook: Option<&str>,
        (unit, check): (&str, &str),
        points: Option<f64>,
        (by, comment): (&str, &str),
    ) -> Result<ManualScore, GradebookError> {
        let id = self.learner_id(learner)?;
        let found = self.items(id, notebook, unit, check).map_err(|error| self.reading(error))?;
        let what = || format!("check `{check}` of unit `{unit}`");
        let (item, name, notebook) = match found.as_slice() {
            [one] => one.clone(),
            [] => {
                return Err(GradebookError::NoItem { what: what(), learner: learner.to_owned() });
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(_, _, path)| path.as_str()).collect();
                return Err(GradebookError::Ambiguous {
                    what: what(),
                    notebooks: names.join(", "),
                });
            }
        };
        let score = ManualScore {
            learner: learner.to_owned(),
            notebook,
            unit: unit.to_owned(),
            item: name,
            points,
            comment: comment.to_owned(),
            by: by.to_owned(),
            at: now(),
        };
        let written = self.connection.execute(
            "INSERT INTO manual_scores (learner, item, points, comment, given_by, given_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, item, points, score.comment, score.by, score.at],
        );
        written.map_err(|error| self.writing(error))?;
        Ok(score)
    }

    /// Allows a learner something; of somebody who never handed anything in, too. The notebook is
    /// named by its path or by the end of it, without `.ipynb` if one likes.
    ///
    /// # Errors
    /// When there is no such notebook, or several; when the file is locked or cannot be written.
    pub fn allow(
        &mut self,
        learner: &str,
        notebook: &str,
        (kind, value): (Kind, Option<&str>),
        (by, comment): (&str, &str),
    ) -> Result<Allowance, GradebookError> {
        let known = self.notebooks().map_err(|error| self.reading(error))?;
        let fits = |path: &str| {
            let wanted = notebook.strip_suffix(".ipynb").unwrap_or(notebook);
            let path = path.strip_suffix(".ipynb").unwrap_or(path);
            path == wanted || path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'))
        };
        let found: Vec<&(i64, String)> = known.iter().filter(|(_, path)| fits(path)).collect();
        let what = || format!("notebook `{notebook}`");
        let (assignment, path) = match found.as_slice() {
            [one] => (one.0, one.1.clone()),
            [] => {
                return Err(GradebookError::NoItem { what: what(), learner: learner.to_owned() });
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(_, path)| path.as_str()).collect();
                return Err(GradebookError::Ambiguous {
                    what: what(),
                    notebooks: names.join(", "),
                });
            }
        };
        let allowance = Allowance {
            learner: learner.to_owned(),
            notebook: path,
            kind,
            value: value.map(str::to_owned),
            comment: comment.to_owned(),
            by: by.to_owned(),
            at: now(),
        };
        let written = (|| {
            let writing =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            write_allowance(&writing, assignment, &allowance)?;
            writing.commit()
        })();
        written.map_err(|error| self.writing(error))?;
        Ok(allowance)
    }

    /// What is allowed now, by learner, notebook and kind.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn allowances(&self) -> Result<Vec<Allowance>, GradebookError> {
        let latest = "AND w.value IS NOT NULL AND w.id = (SELECT max(id) FROM allowances
             WHERE learner = w.learner AND assignment = w.assignment AND kind = w.kind)";
        self.read_allowances(latest, None).map_err(|error| self.reading(error))
    }

    /// Those of `learner`, or of all, which `condition` picks.
    pub(crate) fn read_allowances(
        &self,
        condition: &str,
        learner: Option<i64>,
    ) -> rusqlite::Result<Vec<Allowance>> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT l.name, a.notebook, w.kind, w.value, w.comment, w.given_by, w.given_at
             FROM allowances w JOIN learners l ON l.id = w.learner
             JOIN assignments a ON a.id = w.assignment
             WHERE (?1 IS NULL OR w.learner = ?1) {condition} ORDER BY l.name, a.notebook, w.id"
        ))?;
        let rows = statement.query_map([learner], |row| {
            let kind: String = row.get(2)?;
            let kind = Kind::ALL.into_iter().find(|one| one.as_str() == kind);
            Ok(Allowance {
                learner: row.get(0)?,
                notebook: row.get(1)?,
                kind: kind.unwrap_or(Kind::Extension),
                value: row.get(3)?,
                comment: row.get(4)?,
                by: row.get(5)?,
                at: row.get(6)?,
            })
        })?;
        rows.collect()
    }

    pub(crate) fn learner_id(&self, learner: &str) -> Result<i64, GradebookError> {
        let question = "SELECT id FROM learners WHERE name = ?1";
        let found = self.connection.query_row(question, [learner], |row| row.get(0)).optional();
        found
            .map_err(|error| self.reading(error))?
            .ok_or_else(|| GradebookError::NoLearner { learner: learner.to_owned() })
    }

    /// Id, cell id and notebook of the items that a learner handed in and these names mean.
    fn items(
        &self,
        learner: i64,
        notebook: Option<&str>,
        unit: &str,
        check: &str,
    ) -> rusqlite::Result<Vec<(i64, String, String)>> {
        let mut statement = self.connection.prepare(
            "SELECT i.id, i.name, a.notebook FROM items i
             JOIN assignments a ON a.id = i.assignment
             JOIN standings st ON st.assignment = a.id AND st.learner = ?1
             WHERE i.unit = ?2 AND i.name IN (?3, ?2 || '-' || ?3)
             AND (?4 IS NULL OR a.notebook = ?4)
             AND EXISTS (SELECT 1 FROM scores sc WHERE sc.grading = st.grading AND sc.item = i.id)
             ORDER BY a.notebook",
        )?;
        let rows = statement.query_map(params![learner, unit, check, notebook], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.collect()
    }

    fn notebooks(&self) -> rusqlite::Result<Vec<(i64, String)>> {
        let mut statement =
            self.connection.prepare("SELECT id, notebook FROM assignments ORDER BY notebook")?;
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }
}

fn write_allowance(
    sql: &Connection,
    assignment: i64,
    allowance: &Allowance,
) -> rusqlite::Result<()> {
    let learner: i64 = sql.query_row(
        "INSERT INTO learners (name) VALUES (?1)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        [&allowance.learner],
        |row| row.get(0),
    )?;
    let Allowance { kind, value, comment, by, at, .. } = allowance;
    sql.execute(
        "INSERT INTO allowances (learner, assignment, kind, value, comment, given_by, given_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![learner, assignment, kind.as_str(), value, comment, by, at],
    )?;
    Ok(())
}
