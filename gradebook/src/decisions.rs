//! What people decide, and the grader does not touch: points, comments, extensions, late days,
//! exemptions.

use crate::record::learner_id;
use crate::store::{Failure, Row, Sql, Value, all, values};
use crate::{Gradebook, GradebookError, now};
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
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Extension, Self::LateDays, Self::Exemption];

    /// As in the file and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::LateDays => "late_days",
            Self::Exemption => "exemption",
        }
    }
}

/// Whether this is a day of the calendar, as `2027-01-31`: not every number that looks like one is.
pub fn is_day(text: &str) -> bool {
    let form = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, &form).is_ok()
}

impl Gradebook {
    /// Gives points for a check; it stays so, whatever the grader says later, until other points, or
    /// none, are given. `check` is the cell's id, with or without the unit's before it.
    ///
    /// # Errors
    /// When the learner has handed in nothing with that check, or several notebooks have it; when the
    /// gradebook is locked or cannot be written.
    pub fn set_points(
        &mut self,
        learner: &str,
        notebook: Option<&str>,
        (unit, check): (&str, &str),
        points: Option<f64>,
        (by, comment): (&str, &str),
    ) -> Result<ManualScore, GradebookError> {
        let id = self.learner_id(learner)?;
        let found = self.store.reading(|sql| items(sql, id, notebook, (unit, check)));
        let found = found.map_err(|error| self.reading(error))?;
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
        let written = self.store.writing(|sql| {
            sql.run(
                "INSERT INTO manual_scores (learner, item, points, comment, given_by, given_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                values![id, item, points, &score.comment, &score.by, &score.at],
            )
        });
        written.map_err(|error| self.writing(error))?;
        Ok(score)
    }

    /// Allows a learner something, or several things, all or none; somebody who never handed anything in, too. The
    /// notebook is named by its path or by the end of it, without `.ipynb` if one likes.
    ///
    /// # Errors
    /// When there is no such notebook, or several; when the gradebook is locked or cannot be written.
    pub fn allow(
        &mut self,
        learner: &str,
        notebook: &str,
        changes: &[(Kind, Option<String>)],
        (by, comment): (&str, &str),
    ) -> Result<Vec<Allowance>, GradebookError> {
        let known = self.store.reading(notebooks).map_err(|error| self.reading(error))?;
        let fits = |path: &str| {
            let wanted = notebook.strip_suffix(".ipynb").unwrap_or(notebook);
            let path = path.strip_suffix(".ipynb").unwrap_or(path);
            path == wanted || path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'))
        };
        // A whole path may be the end of another.
        let exact: Vec<&(i64, String)> =
            known.iter().filter(|(_, path)| path == notebook).collect();
        let found = match exact.as_slice() {
            [] => known.iter().filter(|(_, path)| fits(path)).collect(),
            _ => exact,
        };
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
        let allowances = changes.iter().map(|(kind, value)| Allowance {
            learner: learner.to_owned(),
            notebook: path.clone(),
            kind: *kind,
            value: value.clone(),
            comment: comment.to_owned(),
            by: by.to_owned(),
            at: now(),
        });
        let allowances: Vec<Allowance> = allowances.collect();
        let mut each = allowances.iter();
        let written = self
            .store
            .writing(|sql| each.try_for_each(|one| write_allowance(sql, assignment, one)));
        written.map_err(|error| self.writing(error))?;
        Ok(allowances)
    }

    /// What is allowed now, by learner, notebook and kind.
    ///
    /// # Errors
    /// When the gradebook cannot be read.
    pub fn allowances(&self) -> Result<Vec<Allowance>, GradebookError> {
        let latest = "WHERE w.value IS NOT NULL AND w.id = (SELECT max(id) FROM allowances
             WHERE learner = w.learner AND assignment = w.assignment AND kind = w.kind)";
        let read = self.store.reading(|sql| read_allowances(sql, latest, &[]));
        read.map_err(|error| self.reading(error))
    }

    pub(crate) fn learner_id(&self, learner: &str) -> Result<i64, GradebookError> {
        let question = "SELECT id FROM learners WHERE name = $1";
        let found = self.store.reading(|sql| sql.first(question, values![learner]));
        let row = found.map_err(|error| self.reading(error))?;
        let unknown = || GradebookError::NoLearner { learner: learner.to_owned() };
        row.ok_or_else(unknown)?.get(0).map_err(|error| self.reading(error))
    }
}

/// Those that `condition` picks.
pub(crate) fn read_allowances(
    sql: &mut dyn Sql,
    condition: &str,
    values: &[Value],
) -> Result<Vec<Allowance>, Failure> {
    let question = format!(
        "SELECT l.name, a.notebook, w.kind, w.value, w.comment, w.given_by, w.given_at
         FROM allowances w JOIN learners l ON l.id = w.learner
         JOIN assignments a ON a.id = w.assignment
         {condition} ORDER BY l.name, a.notebook, w.id"
    );
    all(sql, &question, values, |row| {
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
    })
}

/// Id, cell id and notebook of the items that a learner handed in and these names mean.
fn items(
    sql: &mut dyn Sql,
    learner: i64,
    notebook: Option<&str>,
    (unit, check): (&str, &str),
) -> Result<Vec<(i64, String, String)>, Failure> {
    let question = "SELECT i.id, i.name, a.notebook FROM items i
         JOIN assignments a ON a.id = i.assignment
         JOIN standings st ON st.assignment = a.id AND st.learner = $1
         WHERE i.unit = $2 AND i.name IN ($3, $4)
         AND (CAST($5 AS TEXT) IS NULL OR a.notebook = $5)
         AND EXISTS (SELECT 1 FROM scores sc WHERE sc.grading = st.grading AND sc.item = i.id)
         ORDER BY a.notebook";
    let whole = format!("{unit}-{check}");
    let values = values![learner, unit, check, &whole, notebook];
    all(sql, question, values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

fn notebooks(sql: &mut dyn Sql) -> Result<Vec<(i64, String)>, Failure> {
    let question = "SELECT id, notebook FROM assignments ORDER BY notebook";
    all(sql, question, &[], |row: &mut Row| Ok((row.get(0)?, row.get(1)?)))
}

fn write_allowance(
    sql: &mut dyn Sql,
    assignment: i64,
    allowance: &Allowance,
) -> Result<(), Failure> {
    let learner = learner_id(sql, &allowance.learner)?;
    let Allowance { kind, value, comment, by, at, .. } = allowance;
    sql.run(
        "INSERT INTO allowances (learner, assignment, kind, value, comment, given_by, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![learner, assignment, kind.as_str(), value.as_deref(), comment, by, at],
    )
}
