//! Who got how many points for what: every score that was ever given, in one SQLite file.
//!
//! Scores of the grader come and go with submissions and revisions of checks; what people decided
//! (points, comments, extensions, late days, exemptions) stays on top of them. No score or decision is
//! deleted or overwritten: what changes is a new row, so that the file tells who changed what and when.
//!
//! The SQL is that of PostgreSQL, too, but for the automatic ids of `INTEGER PRIMARY KEY`, the `?1`
//! of parameters and the `PRAGMA`s; times are text (RFC 3339, UTC).

mod decisions;
mod error;
mod record;
mod remarks;
mod schema;
mod standing;

pub use decisions::{Allowance, Kind, ManualScore};
pub use error::GradebookError;
pub use record::Record;
pub use standing::{LearnerHistory, PastScore, Standing};

use error::Doing;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Another program that writes has this long to end it.
const PATIENCE: Duration = Duration::from_secs(5);

/// An open gradebook. Several programs may have one open; one at a time writes.
#[derive(Debug)]
pub struct Gradebook {
    connection: Connection,
    path: PathBuf,
}

impl Gradebook {
    /// Opens the gradebook; makes it when there is none.
    ///
    /// # Errors
    /// When the file is something else, of a newer version, locked, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, GradebookError> {
        if let Some(folder) = path.parent() {
            // Opening it says what is wrong.
            let _ = std::fs::create_dir_all(folder);
        }
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a gradebook that there is.
    ///
    /// # Errors
    /// As [`Gradebook::create`], and when there is no such file.
    pub fn open(path: &Path) -> Result<Self, GradebookError> {
        if !path.exists() {
            return Err(GradebookError::Missing { path: path.to_owned() });
        }
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Self, GradebookError> {
        // A journal beside a device would be a file in /dev.
        if path.exists() && !path.is_file() {
            return Err(GradebookError::NotOurs { path: path.to_owned() });
        }
        let failed = |error| GradebookError::of(path, Doing::Opening, error);
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let mut gradebook = Self { connection, path: path.to_owned() };
        schema::prepare(&mut gradebook.connection, path)?;
        Ok(gradebook)
    }

    /// A value that is another one once this or another program has written to the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stamp(&self) -> Result<Stamp, GradebookError> {
        let question =
            "SELECT data_version, (SELECT count(*) FROM gradings) FROM pragma_data_version";
        let read = self.connection.query_row(question, (), |row| {
            let own = self.connection.total_changes();
            Ok(Stamp { others: row.get(0)?, own, gradings: row.get(1)? })
        });
        read.map_err(|error| self.reading(error))
    }

    fn reading(&self, error: rusqlite::Error) -> GradebookError {
        GradebookError::of(&self.path, Doing::Reading, error)
    }

    fn writing(&self, error: rusqlite::Error) -> GradebookError {
        GradebookError::of(&self.path, Doing::Writing, error)
    }
}

/// What was written to a gradebook so far. Only stamps of one [`Gradebook`] can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// SQLite's `data_version`: changed by what other connections write.
    others: i64,
    /// Rows that this connection changed.
    own: u64,
    /// How many gradings there are.
    pub gradings: i64,
}

impl Stamp {
    /// Whether another program wrote between the two.
    pub fn others_wrote_since(self, earlier: Self) -> bool {
        self.others != earlier.others
    }
}

/// The time of a row.
fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    // A year has four digits for a while yet.
    now.format(&Rfc3339).unwrap_or_default()
}
