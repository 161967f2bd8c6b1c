//! Where a gradebook is kept: an SQLite file or a PostgreSQL database, behind one face.
//!
//! A statement is written once, in the SQL that both know: `$1` is PostgreSQL's first parameter, and to SQLite
//! a parameter of that name. What only one of them has stays in its own module.

mod address;
mod postgres;
mod sqlite;
mod value;

pub(crate) use address::is_address;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{Row, Value, kept, values};

use crate::Stamp;
use ::postgres::error::DbError;
use std::error::Error as _;

/// Why a statement did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("{}", told(.0))]
    Postgres(#[from] ::postgres::Error),
    /// Not written by this program.
    #[error("column {0} has a value of another kind")]
    Kind(usize),
}

/// The server's words, or those of what kept them away.
pub(crate) fn told(error: &::postgres::Error) -> String {
    match (error.as_db_error().map(DbError::message), error.source()) {
        (Some(message), _) => message.to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => error.to_string(),
    }
}

/// Runs statements, all within one transaction.
pub(crate) trait Sql {
    /// Hands out what a statement answers, row by row.
    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure>;

    /// Runs a statement whose answer does not matter.
    fn run(&mut self, sql: &str, values: &[Value]) -> Result<(), Failure> {
        self.each(sql, values, &mut |_| Ok(()))
    }

    /// The first row, if there is one.
    fn first(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, Failure> {
        let mut found = None;
        self.each(sql, values, &mut |row| {
            found.get_or_insert(row);
            Ok(())
        })?;
        Ok(found)
    }

    /// The number that a statement answers, which always has one.
    fn number(&mut self, sql: &str, values: &[Value]) -> Result<i64, Failure> {
        self.first(sql, values)?.ok_or(Failure::Kind(0))?.get(0)
    }
}

/// Every row, as `read` makes it.
pub(crate) fn all<T>(
    sql: &mut dyn Sql,
    question: &str,
    values: &[Value],
    read: impl Fn(&mut Row) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut found = Vec::new();
    sql.each(question, values, &mut |mut row| {
        found.push(read(&mut row)?);
        Ok(())
    })?;
    Ok(found)
}

/// An open database.
#[derive(Debug)]
pub(crate) enum Store {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Store {
    /// Reads in one state of the database, whoever writes meanwhile.
    pub(crate) fn reading<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Sqlite(store) => store.reading(work),
            Self::Postgres(store) => store.reading(work),
        }
    }

    /// Writes all or nothing. One program writes at a time.
    pub(crate) fn writing<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Sqlite(store) => store.writing(work),
            Self::Postgres(store) => store.writing(work),
        }
    }

    /// What was written so far.
    pub(crate) fn stamp(&self) -> Result<Stamp, Failure> {
        match self {
            Self::Sqlite(store) => store.stamp(),
            Self::Postgres(store) => store.stamp(),
        }
    }
}
