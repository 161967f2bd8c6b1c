//! What can go wrong with the file.

use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the gradebook cannot be used as asked. Two lines: what happened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum GradebookError {
    /// No such file.
    #[error(
        "the gradebook `{}` does not exist\n`cellist grade … --gradebook {}` makes it",
        path.display(), path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file, but no gradebook; or a broken one.
    #[error(
        "`{}` is not a gradebook, or a broken one\nname another file, or put a copy back in its place",
        path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Made by a later version.
    #[error(
        "the gradebook `{}` was made by a newer cellist (its version is {found}, the latest known \
         {known})\nupdate cellist",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// Another program is writing and does not end.
    #[error(
        "the gradebook `{}` is locked by another program\nnothing was changed; try again when that \
         program is done",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The system said no.
    #[error(
        "the gradebook `{}` could not be {doing}: {reason}\ncheck its folder: permissions, space on \
         the disk",
        path.display()
    )]
    System {
        /// The file.
        path: PathBuf,
        /// Opened, read, written.
        doing: Doing,
        /// What SQLite said.
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
    /// Opening the file.
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
    pub(crate) fn of(path: &Path, doing: Doing, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::NotOurs { path },
            _ => Self::System { path, doing, reason: error.to_string() },
        }
    }
}
