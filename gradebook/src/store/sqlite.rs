//! A gradebook in a file.

use super::{Failure, Row, Sql, Value};
use crate::Stamp;
use crate::error::{Doing, GradebookError};
use crate::schema::{KNOWN, migrations};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// Another program that writes has this long to end it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells a gradebook from other SQLite files: "CELL".
const APPLICATION: i64 = 0x4345_4c4c;

/// An open file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens a file; makes it when there is none and it may.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, GradebookError> {
        let name = path.display().to_string();
        if create && let Some(folder) = path.parent() {
            // Opening it says what is wrong.
            let _ = std::fs::create_dir_all(folder);
        }
        if !create && !path.exists() {
            return Err(GradebookError::Missing { name });
        }
        // A journal beside a device would be a file in /dev.
        if path.exists() && !path.is_file() {
            return Err(GradebookError::NotOurs { name });
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
        let failed = |error| GradebookError::of(&name, Doing::Opening, Failure::from(error));
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let store = Self { connection };
        store.prepare(&name)?;
        Ok(store)
    }

    /// Checks that the file is a gradebook, or empty, and brings it up to date.
    fn prepare(&self, name: &str) -> Result<(), GradebookError> {
        let failed = |error| GradebookError::of(name, Doing::Opening, Failure::from(error));
        let number = |connection: &Connection, question: &str| {
            connection.query_row(question, (), |row| row.get::<_, i64>(0)).map_err(failed)
        };
        let version = number(&self.connection, "PRAGMA user_version")?;
        let application = number(&self.connection, "PRAGMA application_id")?;
        let tables = number(&self.connection, "SELECT count(*) FROM sqlite_master")?;
        let empty = version == 0 && application == 0 && tables == 0;
        if !empty && application != APPLICATION {
            return Err(GradebookError::NotOurs { name: name.to_owned() });
        }
        if version > KNOWN {
            return Err(GradebookError::newer(name, version));
        }
        // Readers then need not wait for a writer. Where the file system cannot do it, they do.
        let set_up = "PRAGMA journal_mode = WAL";
        self.connection.query_row(set_up, (), |_| Ok(())).map_err(failed)?;
        self.connection
            .execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL")
            .map_err(failed)?;
        if version == KNOWN {
            return Ok(());
        }
        let migration =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(failed)?;
        // Another program may have been first.
        let version = number(&migration, "PRAGMA user_version")?;
        for sql in migrations(version) {
            migration.execute_batch(sql).map_err(failed)?;
        }
        let stamp = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {KNOWN}");
        migration.execute_batch(&stamp).map_err(failed)?;
        migration.commit().map_err(failed)
    }

    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.within(TransactionBehavior::Deferred, work)
    }

    pub(super) fn writing<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.within(TransactionBehavior::Immediate, work)
    }

    fn within<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Gradebook begins no transaction within another.
        let transaction = Transaction::new_unchecked(&self.connection, behavior)?;
        let done = work(&mut Statements(&transaction))?;
        transaction.commit()?;
        Ok(done)
    }

    pub(super) fn stamp(&self) -> Result<Stamp, Failure> {
        let question =
            "SELECT data_version, (SELECT count(*) FROM gradings) FROM pragma_data_version";
        Ok(self.connection.query_row(question, (), |row| {
            let own = self.connection.total_changes();
            Ok(Stamp { others: row.get(0)?, own, gradings: row.get(1)? })
        })?)
    }
}

struct Statements<'a>(&'a Connection);

impl Sql for Statements<'_> {
    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut statement = self.0.prepare(sql)?;
        for (index, value) in values.iter().enumerate() {
            if let Some(at) = statement.parameter_index(&format!("${}", index + 1))? {
                statement.raw_bind_parameter(at, value)?;
            }
        }
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get(column));
            take(Row::new(values.collect::<rusqlite::Result<_>>()?))?;
        }
        Ok(())
    }
}
