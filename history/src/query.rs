//! Questions about the history, and their answers.

/// One line of cells that are numbered together: each has a session of its own in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shell(pub u32);

/// Which text of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Text {
    /// As it was typed.
    #[default]
    Raw,
    /// As it ran: magics and the like are Python.
    Transformed,
}

/// Which cells are asked for. Answers are in order, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Cells of one session.
    Range {
        /// Its number; 0 is the shell's own, -1 the one before, and so on.
        session: i64,
        /// The first number; a negative one counts from the session's end.
        start: i64,
        /// Behind the last number; `None` is the session's end.
        stop: Option<i64>,
    },
    /// The last cells of all sessions; those of the shell's own are the latest.
    Tail {
        /// So many.
        n: usize,
        /// Also the shell's latest cell: the one that asks, when a cell asks.
        include_latest: bool,
    },
    /// Cells of all sessions whose whole text a pattern matches.
    Search {
        /// As SQLite's `GLOB`: `*`, `?`, `[a-z]`.
        pattern: String,
        /// The last so many; `None` is all.
        n: Option<usize>,
        /// Of cells with the same text only the last.
        unique: bool,
    },
}

/// A cell of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The session's number.
    pub session: i64,
    /// The cell's number in it.
    pub line: i64,
    /// The text that was asked for.
    pub source: String,
    /// The value that was shown, as text, where it was kept.
    pub output: Option<String>,
}

/// What is known about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its number.
    pub session: i64,
    /// When it began (`YYYY-MM-DD HH:MM:SS`, UTC); `None` for one that is not in the file.
    pub start: Option<String>,
    /// When it ended, if it did in good order.
    pub end: Option<String>,
    /// How many cells it had, once it has ended.
    pub cells: Option<i64>,
    /// Its name.
    pub remark: Option<String>,
}
