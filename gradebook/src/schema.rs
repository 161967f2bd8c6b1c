//! The tables, and how an older file gets the newest.

use crate::error::{Doing, GradebookError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Tells a gradebook from other SQLite files: "CELL".
const APPLICATION: i64 = 0x4345_4c4c;

/// Each brings a file from the version of its place in the list to the next. Never changed once
/// released: a new table or column is a new entry.
const MIGRATIONS: [&str; 3] = [FIRST, WRITTEN, REMARKS];

const FIRST: &str = "
    CREATE TABLE learners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE assignments (id INTEGER PRIMARY KEY, notebook TEXT NOT NULL UNIQUE);

    -- A check, quiz or written answer; `name` is the notebook's cell id.
    CREATE TABLE items (id INTEGER PRIMARY KEY,
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        unit TEXT NOT NULL, title TEXT NOT NULL, name TEXT NOT NULL, place BIGINT NOT NULL,
        UNIQUE (assignment, unit, name));

    -- `hash` is that of the submitted file.
    CREATE TABLE submissions (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        hash TEXT NOT NULL, file TEXT NOT NULL, seen_at TEXT NOT NULL,
        UNIQUE (learner, assignment, hash));

    -- What the grader was told: the same again gives the same scores.
    CREATE TABLE gradings (id INTEGER PRIMARY KEY,
        submission BIGINT NOT NULL REFERENCES submissions (id),
        revision TEXT NOT NULL, grader TEXT NOT NULL, seed BIGINT NOT NULL,
        millis DOUBLE PRECISION NOT NULL, graded_at TEXT NOT NULL,
        UNIQUE (submission, revision, grader, seed));

    -- Of a grading's scores for an item the one with the highest id counts.
    CREATE TABLE scores (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id),
        item BIGINT NOT NULL REFERENCES items (id),
        status TEXT NOT NULL, points DOUBLE PRECISION NOT NULL,
        max_points DOUBLE PRECISION NOT NULL,
        hidden BOOLEAN NOT NULL, guard BOOLEAN NOT NULL, hint TEXT, given_at TEXT NOT NULL);
    CREATE INDEX scores_of_grading ON scores (grading, item);

    -- The grading that counts: the one that was made, or made again, last.
    CREATE TABLE standings (
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        grading BIGINT NOT NULL REFERENCES gradings (id),
        PRIMARY KEY (learner, assignment));

    -- The one with the highest id counts; without points the grader's do again.
    CREATE TABLE manual_scores (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        item BIGINT NOT NULL REFERENCES items (id),
        points DOUBLE PRECISION, comment TEXT NOT NULL,
        given_by TEXT NOT NULL, given_at TEXT NOT NULL);
    CREATE INDEX manual_scores_of_learner ON manual_scores (learner, item);

    -- Extensions, late days, exemptions: of each kind the one with the highest id counts; without a
    -- value there is none any more.
    CREATE TABLE allowances (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        kind TEXT NOT NULL, value TEXT, comment TEXT NOT NULL,
        given_by TEXT NOT NULL, given_at TEXT NOT NULL);
    CREATE INDEX allowances_of_learner ON allowances (learner, assignment, kind);";

/// An answer that a person grades: unanswered, it could not be told from a quiz.
const WRITTEN: &str = "ALTER TABLE items ADD COLUMN written BOOLEAN NOT NULL DEFAULT FALSE";

/// What the grader says beside points. Notes and errors are those of the last time that the grading was
/// made.
const REMARKS: &str = "
    ALTER TABLE scores ADD COLUMN message TEXT;

    CREATE TABLE notes (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id), note TEXT NOT NULL);
    CREATE INDEX notes_of_grading ON notes (grading);

    -- Exceptions of the learner's own cells.
    CREATE TABLE cell_errors (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id),
        unit TEXT NOT NULL, cell TEXT NOT NULL, ename TEXT NOT NULL, evalue TEXT NOT NULL,
        traceback TEXT NOT NULL);
    CREATE INDEX cell_errors_of_grading ON cell_errors (grading);

    CREATE INDEX manual_scores_of_item ON manual_scores (item, learner);";

/// Checks that the file is a gradebook, or empty, and brings it up to date.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), GradebookError> {
    let failed = |error| GradebookError::of(path, Doing::Opening, error);
    let known = MIGRATIONS.len() as i64;
    let number = |connection: &Connection, question: &str| {
        connection.query_row(question, (), |row| row.get::<_, i64>(0)).map_err(failed)
    };
    let version = number(connection, "PRAGMA user_version")?;
    let application = number(connection, "PRAGMA application_id")?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_master")?;
    let empty = version == 0 && application == 0 && tables == 0;
    if !empty && application != APPLICATION {
        return Err(GradebookError::NotOurs { path: path.to_owned() });
    }
    if version > known {
        return Err(GradebookError::Newer { path: path.to_owned(), found: version, known });
    }
    // Readers then need not wait for a writer. Where the file system cannot do it, they do.
    connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(())).map_err(failed)?;
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL")
        .map_err(failed)?;
    if version == known {
        return Ok(());
    }
    let migration =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another program may have been first.
    let version = number(&migration, "PRAGMA user_version")?;
    for sql in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        migration.execute_batch(sql).map_err(failed)?;
    }
    let stamp = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {known}");
    migration.execute_batch(&stamp).map_err(failed)?;
    migration.commit().map_err(failed)
}
