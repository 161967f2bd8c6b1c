//! The file, and what is not in it yet.
//!
//! Cells are staged in temporary tables, which are in memory, and moved into the file together.
//! What the file does not take stays staged; questions look at both.

use crate::query::{Query, Row, SessionInfo, Shell, Text};
use rusqlite::{Connection, OptionalExtension, ToSql, TransactionBehavior, params};
use std::collections::HashMap;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where the history is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this file, made if it is missing.
    File(PathBuf),
    /// Only as long as the process lives.
    Memory,
}

/// Another program that writes has this long to end it.
const PATIENCE: Duration = Duration::from_secs(1);
/// A file that took nothing is tried again after this.
const PAUSE: Duration = Duration::from_secs(30);
/// So many cells are kept that the file does not take.
const STAGED: u32 = 10_000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS main.sessions (session INTEGER PRIMARY KEY AUTOINCREMENT,
        start TIMESTAMP, end TIMESTAMP, num_cmds INTEGER, remark TEXT);
    CREATE TABLE IF NOT EXISTS main.history (session INTEGER, line INTEGER, source TEXT,
        source_raw TEXT, PRIMARY KEY (session, line));
    CREATE TABLE IF NOT EXISTS main.output_history (session INTEGER, line INTEGER, output TEXT,
        PRIMARY KEY (session, line));";

const STAGE: &str = "
    CREATE TEMP TABLE staged (session INTEGER, line INTEGER, source TEXT, source_raw TEXT,
        kept INTEGER, UNIQUE (session, line));
    CREATE TEMP TABLE staged_output (session INTEGER, line INTEGER, output TEXT, kept INTEGER,
        UNIQUE (session, line));
    CREATE TEMP VIEW cells AS SELECT session, line, source, source_raw FROM main.history
        UNION ALL SELECT session, line, source, source_raw FROM temp.staged;
    CREATE TEMP VIEW outputs AS SELECT session, line, output FROM main.output_history
        UNION ALL SELECT session, line, output FROM temp.staged_output;";

/// An open history.
pub(crate) struct Store {
    connection: Connection,
    /// `None` in memory.
    file: Option<PathBuf>,
    /// Whether new cells are for the file.
    pub(crate) enabled: bool,
    /// Why the file does not have all, once that has happened.
    pub(crate) trouble: Option<String>,
    sessions: HashMap<Shell, i64>,
    /// There are cells for the file.
    staged: bool,
    /// Not before this.
    retry: Option<Instant>,
}

impl Store {
    /// Opens the history. Where the file is no good, it is one in memory, with `trouble`.
    pub(crate) fn open(place: &Place) -> rusqlite::Result<Self> {
        let mut trouble = None;
        let opened = match place {
            Place::Memory => None,
            Place::File(path) => match open_file(path) {
                Ok(connection) => Some((connection, path.clone())),
                Err(error) => {
                    trouble = Some(format!(
                        "`{}` cannot be used: {error}; move it away to begin a new one",
                        path.display()
                    ));
                    None
                }
            },
        };
        let (connection, file) = match opened {
            Some((connection, path)) => (connection, Some(path)),
            None => {
                let connection = Connection::open_in_memory()?;
                connection.execute_batch(TABLES)?;
                connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
                connection.execute_batch(STAGE)?;
                (connection, None)
            }
        };
        let mut store = Self {
            connection,
            file,
            enabled: true,
            trouble: None,
            sessions: HashMap::new(),
            staged: false,
            retry: None,
        };
        if let Some(trouble) = trouble {
            store.complain(trouble);
        }
        Ok(store)
    }

    /// The file, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Stops a question from another thread.
    pub(crate) fn interrupt_handle(&self) -> rusqlite::InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// Something waits to be written, and the file may take it now; when.
    pub(crate) fn due(&self, after: Duration) -> Option<Instant> {
        let soon = Instant::now() + after;
        self.staged.then(|| self.retry.map_or(soon, |retry| retry.max(soon)))
    }

    /// The session of a shell; begins one.
    pub(crate) fn session(&mut self, shell: Shell) -> i64 {
        if let Some(&session) = self.sessions.get(&shell) {
            return session;
        }
        let begun = self
            .connection
            .execute("INSERT INTO main.sessions (start) VALUES (datetime('now'))", ())
            .map(|_| self.connection.last_insert_rowid());
        let session = begun.unwrap_or_else(|error| {
            self.complain_of_file(&error);
            self.latest().saturating_add(1)
        });
        self.sessions.insert(shell, session);
        session
    }

    /// The highest number of a session, here or in the file.
    fn latest(&self) -> i64 {
        let latest = self
            .connection
            .query_row("SELECT max(session) FROM cells", (), |row| row.get::<_, Option<i64>>(0))
            .ok()
            .flatten();
        self.sessions.values().copied().chain(latest).max().unwrap_or(0)
    }

    /// Stages a cell.
    pub(crate) fn input(&mut self, shell: Shell, line: u32, raw: &str) -> rusqlite::Result<()> {
        let session = self.session(shell);
        self.connection
            .prepare("INSERT OR REPLACE INTO temp.staged VALUES (?1, ?2, ?3, ?3, ?4)")?
            .execute(params![session, line, raw, self.enabled])?;
        self.staged |= self.enabled && self.file.is_some();
        self.forget("staged")
    }

    /// What a cell was made into before it ran.
    pub(crate) fn transformed(&self, shell: Shell, line: u32, text: &str) -> rusqlite::Result<()> {
        let Some(session) = self.sessions.get(&shell) else { return Ok(()) };
        for table in ["temp.staged", "main.history"] {
            let update = format!("UPDATE {table} SET source = ?3 WHERE session = ?1 AND line = ?2");
            if self.connection.prepare(&update)?.execute(params![session, line, text])? > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Stages the value that a cell showed; `kept` says whether it is for the file too.
    pub(crate) fn output(
        &mut self,
        shell: Shell,
        line: u32,
        text: &str,
        kept: bool,
    ) -> rusqlite::Result<()> {
        let session = self.session(shell);
        let kept = kept && self.enabled;
        self.connection
            .prepare("INSERT OR REPLACE INTO temp.staged_output VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![session, line, text, kept])?;
        self.staged |= kept && self.file.is_some();
        self.forget("staged_output")
    }

    /// Memory is not for ever: of more than `STAGED` cells the oldest go.
    fn forget(&self, table: &str) -> rusqlite::Result<()> {
        let delete = format!(
            "DELETE FROM temp.{table} WHERE rowid <= (SELECT max(rowid) FROM temp.{table}) - ?1"
        );
        self.connection.prepare(&delete)?.execute([STAGED]).map(drop)
    }

    /// Moves what is staged into the file; false when it did not take it.
    pub(crate) fn flush(&mut self) -> bool {
        if !self.staged {
            return true;
        }
        match self.move_staged() {
            Ok(()) => {
                (self.staged, self.retry) = (false, None);
                true
            }
            Err(error) => {
                self.retry = Some(Instant::now() + PAUSE);
                self.complain_of_file(&error);
                false
            }
        }
    }

    fn move_staged(&mut self) -> rusqlite::Result<()> {
        let moving = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        moving.execute_batch(
            "INSERT OR REPLACE INTO main.history
                SELECT session, line, source, source_raw FROM temp.staged WHERE kept;
             DELETE FROM temp.staged WHERE kept;
             INSERT OR REPLACE INTO main.output_history
                SELECT session, line, output FROM temp.staged_output WHERE kept;
             DELETE FROM temp.staged_output WHERE kept;",
        )?;
        moving.commit()
    }

    /// Marks a shell's session as ended.
    pub(crate) fn end(&mut self, shell: Shell) {
        self.flush();
        let Some(&session) = self.sessions.get(&shell) else { return };
        // A file that takes no cells takes no end either; that was told.
        let _ = self.connection.execute(
            "UPDATE main.sessions SET end = datetime('now'),
             num_cmds = (SELECT count(*) FROM main.history WHERE session = ?1) WHERE session = ?1",
            [session],
        );
    }

    /// All shells' sessions.
    pub(crate) fn end_all(&mut self) {
        let shells: Vec<Shell> = self.sessions.keys().copied().collect();
        for shell in shells {
            self.end(shell);
        }
        self.flush();
    }

    /// Answers a question.
    pub(crate) fn find(
        &mut self,
        shell: Shell,
        query: &Query,
        text: Text,
    ) -> rusqlite::Result<Vec<Row>> {
        let column = match text {
            Text::Raw => "source_raw",
            Text::Transformed => "source",
        };
        match query {
            Query::Range { session, start, stop } => {
                let session = if *session > 0 { *session } else { self.session(shell) + *session };
                let start = if *start < 0 { self.end_of(session)? + *start } else { *start };
                let chosen = "WHERE session = ?1 AND line >= ?2 AND line < ?3 ORDER BY line";
                self.rows(column, chosen, params![session, start, stop.unwrap_or(i64::MAX)])
            }
            Query::Tail { n, include_latest } => self.tail(shell, column, *n, *include_latest),
            Query::Search { pattern, n, unique } => {
                let limit = n.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
                // With `max`, SQLite takes the other columns from the row that has it.
                let grouped = format!(
                    "(SELECT session, line, {column}, max(session * 4294967296 + line)
                      FROM cells WHERE {column} GLOB ?1 GROUP BY {column})"
                );
                let from = if *unique { grouped.as_str() } else { "cells" };
                let select = select(column, from);
                let chosen = format!(
                    "{select} WHERE {column} GLOB ?1 ORDER BY session DESC, line DESC LIMIT ?2"
                );
                let mut rows = self.ask(&chosen, params![pattern, limit])?;
                rows.reverse();
                Ok(rows)
            }
        }
    }

    fn tail(
        &self,
        shell: Shell,
        column: &str,
        n: usize,
        include_latest: bool,
    ) -> rusqlite::Result<Vec<Row>> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        // Before its first cell a shell has no session, and none has this number.
        let own = self.sessions.get(&shell).copied().unwrap_or(-1);
        let skipped = i64::from(!include_latest);
        let chosen = "WHERE session = ?1 ORDER BY line DESC LIMIT ?2 OFFSET ?3";
        let mut rows = self.rows(column, chosen, params![own, n, skipped])?;
        let rest = n - i64::try_from(rows.len()).unwrap_or(n);
        let chosen = "WHERE session <> ?1 ORDER BY session DESC, line DESC LIMIT ?2";
        rows.extend(self.rows(column, chosen, params![own, rest])?);
        rows.reverse();
        Ok(rows)
    }

    fn end_of(&self, session: i64) -> rusqlite::Result<i64> {
        let last = self.connection.query_row(
            "SELECT max(line) FROM cells WHERE session = ?1",
            [session],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(last.unwrap_or(0) + 1)
    }

    fn rows(
        &self,
        column: &str,
        chosen: &str,
        arguments: &[&dyn ToSql],
    ) -> rusqlite::Result<Vec<Row>> {
        self.ask(&format!("{} {chosen}", select(column, "cells")), arguments)
    }

    fn ask(&self, select: &str, arguments: &[&dyn ToSql]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare(select)?;
        let rows = statement.query_map(arguments, |row| {
            Ok(Row {
                session: row.get(0)?,
                line: row.get(1)?,
                source: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                output: row.get(3)?,
            })
        })?;
        rows.collect()
    }

    /// What is known about a session; numbers as in [`Query::Range`].
    pub(crate) fn session_info(
        &mut self,
        shell: Shell,
        session: i64,
    ) -> rusqlite::Result<SessionInfo> {
        let session = if session > 0 { session } else { self.session(shell) + session };
        let known = self
            .connection
            .query_row(
                "SELECT start, end, num_cmds, remark FROM main.sessions WHERE session = ?1",
                [session],
                |row| {
                    let (start, end) = (row.get(0)?, row.get(1)?);
                    Ok(SessionInfo { session, start, end, cells: row.get(2)?, remark: row.get(3)? })
                },
            )
            .optional()?;
        let nothing = SessionInfo { session, start: None, end: None, cells: None, remark: None };
        Ok(known.unwrap_or(nothing))
    }

    fn complain_of_file(&mut self, error: &rusqlite::Error) {
        if let Some(path) = &self.file {
            self.complain(format!("`{}` takes no cells: {error}", path.display()));
        }
    }

    /// Says once what is wrong.
    fn complain(&mut self, trouble: String) {
        if self.trouble.is_none() {
            tracing::warn!("the history goes on in memory: {trouble}");
            self.trouble = Some(trouble);
        }
    }
}

fn select(column: &str, from: &str) -> String {
    format!(
        "SELECT session, line, {column}, (SELECT output FROM outputs
            WHERE outputs.session = c.session AND outputs.line = c.line LIMIT 1) FROM {from} AS c"
    )
}

/// Opens the file, or makes it. What cells hold is nobody else's: neither is the file.
fn open_file(path: &Path) -> Result<Connection, Box<dyn std::error::Error>> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    if !path.exists() {
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -256;")?;
    // Readers and one writer do not wait for each other. Some file systems cannot do it, and then
    // they wait.
    let _: rusqlite::Result<String> =
        connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0));
    connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
    let made = connection.execute_batch(TABLES);
    // A file that cannot be written may be read, if it has the tables.
    connection.execute_batch(STAGE)?;
    let readable = connection
        .prepare("SELECT session, start, end, num_cmds, remark FROM main.sessions")
        .and_then(|_| connection.query_row("SELECT count(*) FROM main.sessions", (), |_| Ok(())))
        .and_then(|()| connection.prepare(&select("source_raw", "cells")).map(drop));
    readable.map_err(|error| made.err().unwrap_or(error))?;
    Ok(connection)
}
