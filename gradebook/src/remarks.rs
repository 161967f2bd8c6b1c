//! What the grader says of a grading beside scores.

use crate::store::{Failure, Row, Sql, all, values};
use cellist_formats::verdict::CellError;

/// Notes, in the grader's order.
pub(crate) fn notes(sql: &mut dyn Sql, grading: i64) -> Result<Vec<String>, Failure> {
    let question = "SELECT note FROM notes WHERE grading = $1 ORDER BY id";
    all(sql, question, values![grading], |row| row.get(0))
}

/// Exceptions of the learner's own cells with their units, in the grader's order.
pub(crate) fn errors(sql: &mut dyn Sql, grading: i64) -> Result<Vec<(String, CellError)>, Failure> {
    let question = "SELECT unit, cell, ename, evalue, traceback FROM cell_errors
        WHERE grading = $1 ORDER BY id";
    all(sql, question, values![grading], |row| Ok((row.get(0)?, cell_error(row, 1)?)))
}

/// The four columns from there on.
pub(crate) fn cell_error(row: &mut Row, from: usize) -> Result<CellError, Failure> {
    Ok(CellError {
        cell: row.get(from)?,
        ename: row.get(from + 1)?,
        evalue: row.get(from + 2)?,
        traceback: row.get(from + 3)?,
    })
}
