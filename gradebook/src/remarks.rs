//! What the grader says of a grading beside scores.

use cellist_formats::verdict::CellError;
use rusqlite::{Connection, Statement};

/// Asks for one grading after another.
pub(crate) struct Remarks<'a> {
    notes: Statement<'a>,
    errors: Statement<'a>,
}

impl<'a> Remarks<'a> {
    pub(crate) fn of(sql: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            notes: sql.prepare("SELECT note FROM notes WHERE grading = ?1 ORDER BY id")?,
            errors: sql.prepare(
                "SELECT unit, cell, ename, evalue, traceback FROM cell_errors
                 WHERE grading = ?1 ORDER BY id",
            )?,
        })
    }

    /// Notes, in the grader's order.
    pub(crate) fn notes(&mut self, grading: i64) -> rusqlite::Result<Vec<String>> {
        self.notes.query_map([grading], |row| row.get(0))?.collect()
    }

    /// Exceptions of the learner's own cells with their units, in the grader's order.
    pub(crate) fn errors(&mut self, grading: i64) -> rusqlite::Result<Vec<(String, CellError)>> {
        let rows = self.errors.query_map([grading], |row| {
            let error = CellError {
                cell: row.get(1)?,
                ename: row.get(2)?,
                evalue: row.get(3)?,
                traceback: row.get(4)?,
            };
            Ok((row.get(0)?, error))
        })?;
        rows.collect()
    }
}
