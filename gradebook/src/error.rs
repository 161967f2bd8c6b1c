//! What can go wrong with a file or a database.

use crate::schema::KNOWN;
use crate::store::Failure;
use rusqlite::ErrorCode;

/// Why the gradebook cannot be used as asked. Two lines: what happened, and what to do. A gradebook's `name` is
/// its file, or its address without the password.
#[derive(Debug, thiserror::Error)]
pub enum GradebookError {
    /// No such file, or a database without tables.
    #[error("the gradebook `{name}` does not exist\n`cellist grade … --gradebook {name}` makes it")]
    Missing {
        /// The gradebook's.
        name: String,
    },
    /// A file, but no gradebook; or a broken one.
    #[error(
        "`{name}` is not a gradebook, or a broken one\nname another file, or put a copy back in its place"
    )]
    NotOurs {
        /// The file's.
        name: String,
    },
    /// A database for something else.
    #[error(
        "`{name}` has tables already, and they are no gradebook's\nname an empty database, or a schema of its own \
         with `?options=-csearch_path%3DSCHEMA`"
    )]
    Others {
        /// The database's.
        name: String,
    },
    /// Made by a later version.
    #[error(
        "the gradebook `{name}` was made by a newer cellist (its version is {found}, the latest known \
         {known})\nupdate cellist"
    )]
    Newer {
        /// The gradebook's.
        name: String,
        /// Its version.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// Another program is writing and does not end.
    #[error(
        "the gradebook `{name}` is locked by another program\nnothing was changed; try again when that \
         program is done"
    )]
    Locked {
        /// The gradebook's.
        name: String,
    },
    /// The system said no.
    #[error(
        "the gradebook `{name}` could not be {doing}: {reason}\ncheck its folder: permissions, space on \
         the disk"
    )]
    System {
        /// The file's.
        name: String,
        /// Opened, read, written.
        doing: Doing,
        /// What SQLite said.
        reason: String,
    },
    /// Begins like an address of a database, and is none.
    #[error(
        "the gradebook's address cannot be read\nwrite postgres://USER:PASSWORD@HOST:PORT/DATABASE, with `@` as %40, \
         `/` as %2F and `?` as %3F in names and passwords"
    )]
    Address,
    /// There is no server, or there is none any more.
    #[error(
        "the gradebook `{name}` cannot be reached: {reason}\ncheck that its server runs, and the host, port and \
         `sslmode` of the address"
    )]
    Unreachable {
        /// The database's.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// The server wants somebody else, or knows no such database.
    #[error(
        "the gradebook `{name}` lets nobody in: {reason}\ncheck user, password (or PGPASSWORD) and database of the \
         address"
    )]
    Refused {
        /// The database's.
        name: String,
        /// What the server said.
        reason: String,
    },
    /// The server said no.
    #[error(
        "the gradebook `{name}` could not be {doing}: {reason}\ncheck its server: rights of the user, space on the disk"
    )]
    Server {
        /// The database's.
        name: String,
        /// Opened, read, written.
        doing: Doing,
        /// What the server said.
        reason: String,
    },
    /// There is no such learner.
    #[error("nobody is called `{learner}` here\n`cellist gradebook list` shows who there is")]
    NoLearner {
        /// Who was asked for.
        learner: String,
    },
    /// There is no such notebook, unit or check.
    #[error("there is no {what} here\n`cellist gradebook show {learner}` shows what there is")]
    NoItem {
        /// What was asked for.
        what: String,
        /// For whom.
        learner: String,
    },
    /// A name that could mean several.
    #[error("{what} is in several notebooks ({notebooks})\nsay which one with `--notebook`")]
    Ambiguous {
        /// What was asked for.
        what: String,
        /// Where it is.
        notebooks: String,
    },
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Opening the gradebook.
    Opening,
    /// Reading from it.
    Reading,
    /// Writing to it.
    Writing,
}

impl std::fmt::Display for Doing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Opening => "opened",
            Self::Reading => "read",
            Self::Writing => "written",
        })
    }
}

impl GradebookError {
    pub(crate) fn of(name: &str, doing: Doing, failure: Failure) -> Self {
        let (name, reason) = (name.to_owned(), failure.to_string());
        match failure {
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { name },
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    Self::NotOurs { name }
                }
                _ => Self::System { name, doing, reason },
            },
            // PostgreSQL's appendix A: the first two characters are the class.
            Failure::Postgres(error) => match error.code().map(|code| code.code()) {
                Some("55P03") => Self::Locked { name },
                Some(code) if code.starts_with("40") => Self::Locked { name },
                Some("3D000") => Self::Refused { name, reason },
                Some(code) if code.starts_with("28") => Self::Refused { name, reason },
                Some(code) if code.starts_with("08") || code.starts_with("57") => {
                    Self::Unreachable { name, reason }
                }
                Some(_) => Self::Server { name, doing, reason },
                None => match error.to_string().as_str() {
                    "invalid configuration" | "authentication error" => {
                        Self::Refused { name, reason }
                    }
                    _ => Self::Unreachable { name, reason },
                },
            },
            Failure::Kind(_) => Self::NotOurs { name },
        }
    }

    pub(crate) fn newer(name: &str, found: i64) -> Self {
        Self::Newer { name: name.to_owned(), found, known: KNOWN }
    }
}
