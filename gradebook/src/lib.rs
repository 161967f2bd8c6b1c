//! Who got how many points for what: every score that was ever given, in an SQLite file or a PostgreSQL database.
//!
//! Scores of the grader come and go with submissions and revisions of checks; what people decided
//! (points, comments, extensions, late days, exemptions) stays on top of them. No score or decision is
//! deleted or overwritten: what changes is a new row, so that it tells who changed what and when. Times are
//! text (RFC 3339, UTC).

mod decisions;
mod error;
mod record;
mod remarks;
mod schema;
mod standing;
mod store;

pub use decisions::{Allowance, Kind, ManualScore, is_day};
pub use error::GradebookError;
pub use record::Record;
pub use standing::{LearnerHistory, PastScore, Standing};

use error::Doing;
use std::path::Path;
use store::{Failure, Postgres, Sqlite, Store, is_address};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An open gradebook. Several programs may have one open; one at a time writes.
#[derive(Debug)]
pub struct Gradebook {
    store: Store,
    /// The file, or the database's address without the password.
    name: String,
}

impl Gradebook {
    /// Opens the gradebook; makes it when there is none. `place` is a file, or the URL of a PostgreSQL database:
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    ///
    /// # Errors
    /// When it is something else, of a newer version, locked, cannot be reached or written.
    pub fn create(place: &Path) -> Result<Self, GradebookError> {
        Self::open_with(place, true)
    }

    /// Opens a gradebook that there is.
    ///
    /// # Errors
    /// As [`Gradebook::create`], and when there is none.
    pub fn open(place: &Path) -> Result<Self, GradebookError> {
        Self::open_with(place, false)
    }

    fn open_with(place: &Path, create: bool) -> Result<Self, GradebookError> {
        Ok(match is_address(place) {
            Some(url) => {
                let store = Postgres::open(url, create)?;
                let name = store.name().to_owned();
                Self { store: Store::Postgres(Box::new(store)), name }
            }
            None => {
                let store = Store::Sqlite(Sqlite::open(place, create)?);
                Self { store, name: place.display().to_string() }
            }
        })
    }

    /// A value that is another one once this or another program has written to the gradebook.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn stamp(&self) -> Result<Stamp, GradebookError> {
        self.store.stamp().map_err(|error| self.reading(error))
    }

    fn reading(&self, error: Failure) -> GradebookError {
        GradebookError::of(&self.name, Doing::Reading, error)
    }

    fn writing(&self, error: Failure) -> GradebookError {
        GradebookError::of(&self.name, Doing::Writing, error)
    }
}

/// What was written to a gradebook so far. Only stamps of one [`Gradebook`] can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Changed by what other connections write.
    others: i64,
    /// Changed by what this one writes.
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
