//! Histories of one program, of several at once, and of files that are no good.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use cellist_history::{History, Place, Query, Row, Shell, Text};
use rusqlite::Connection;
use std::path::Path;

fn start(path: &Path) -> History {
    History::start(Place::File(path.to_owned())).unwrap()
}

fn note(history: &History, shell: Shell, cells: &[&str]) {
    for (line, cell) in (1..).zip(cells) {
        history.input(shell, line, (*cell).to_owned());
    }
}

fn found(history: &History, shell: Shell, query: Query) -> Vec<(i64, i64, String)> {
    let rows = history.find(shell, query, Text::Raw).unwrap();
    rows.into_iter().map(|row| (row.session, row.line, row.source)).collect()
}

fn tail(n: usize) -> Query {
    Query::Tail { n, include_latest: true }
}

fn range(session: i64, start: i64, stop: Option<i64>) -> Query {
    Query::Range { session, start, stop }
}

fn search(pattern: &str, n: Option<usize>, unique: bool) -> Query {
    Query::Search { pattern: pattern.to_owned(), n, unique }
}

fn row(session: i64, line: i64, source: &str) -> (i64, i64, String) {
    (session, line, source.to_owned())
}

#[test]
fn sessions_are_found_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("history.sqlite");
    let first = start(&path);
    let shell = first.shell();
    note(&first, shell, &["a = 1", "b = 2", "a = 1"]);
    assert!(first.finish());

    let second = start(&path);
    let shell = second.shell();
    note(&second, shell, &["c", "a = 1", "last"]);
    assert_eq!(
        found(&second, shell, tail(4)),
        [row(1, 3, "a = 1"), row(2, 1, "c"), row(2, 2, "a = 1"), row(2, 3, "last"),]
    );
    let before_this = Query::Tail { n: 2, include_latest: false };
    assert_eq!(found(&second, shell, before_this), [row(2, 1, "c"), row(2, 2, "a = 1")]);
    assert_eq!(found(&second, shell, range(0, 2, None)), [row(2, 2, "a = 1"), row(2, 3, "last")]);
    assert_eq!(found(&second, shell, range(0, -1, None)), [row(2, 3, "last")]);
    assert_eq!(found(&second, shell, range(-1, 1, Some(2))), [row(1, 1, "a = 1")]);
    assert_eq!(found(&second, shell, range(1, 2, Some(3))), [row(1, 2, "b = 2")]);
    assert_eq!(found(&second, shell, search("a*", None, false)).len(), 3);
    assert_eq!(
        found(&second, shell, search("? = [12]", Some(2), true)),
        [row(1, 2, "b = 2"), row(2, 2, "a = 1"),]
    );
    let info = second.session_info(shell, -1).unwrap();
    assert_eq!((info.session, info.cells), (1, Some(3)));
    assert!(info.start.is_some() && info.end.is_some());
}

#[test]
fn the_file_is_private_and_has_the_tables_of_ipython() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = start(&path);
    let shell = history.shell();
    note(&history, shell, &["%time f()"]);
    history.transformed(shell, 1, "run('time')".to_owned());
    history.output(shell, 1, "3".to_owned(), true);
    history.input(shell, 2, "secret".to_owned());
    history.output(shell, 2, "4".to_owned(), false);
    assert!(history.flush());
    // Also what comes after the cell was written reaches it.
    history.transformed(shell, 2, "public".to_owned());
    assert!(history.finish());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let file = Connection::open(&path).unwrap();
    let mut cells = file.prepare("SELECT source, source_raw FROM history ORDER BY line").unwrap();
    let cells: Vec<(String, String)> = cells
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let cell = |source: &str, raw: &str| (source.to_owned(), raw.to_owned());
    assert_eq!(cells, [cell("run('time')", "%time f()"), cell("public", "secret")]);
    let outputs: i64 =
        file.query_row("SELECT count(*) FROM output_history", (), |row| row.get(0)).unwrap();
    assert_eq!(outputs, 1);
}

#[test]
fn outputs_and_transformed_text_are_told_when_asked() {
    let history = History::start(Place::Memory).unwrap();
    let shell = history.shell();
    note(&history, shell, &["!ls", "1 + 1"]);
    history.transformed(shell, 1, "system('ls')".to_owned());
    history.output(shell, 2, "2".to_owned(), false);
    let rows = history.find(shell, tail(9), Text::Transformed).unwrap();
    let row = |line, source: &str, output: Option<&str>| Row {
        session: 1,
        line,
        source: source.to_owned(),
        output: output.map(str::to_owned),
    };
    assert_eq!(rows, [row(1, "system('ls')", None), row(2, "1 + 1", Some("2"))]);
}

#[test]
fn several_at_once_and_several_shells_have_sessions_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let histories: Vec<History> = (0..4).map(|_| start(&path)).collect();
    for line in 1..=50 {
        for history in &histories {
            if line == 1 {
                history.shell();
            }
            history.input(Shell(0), line, format!("cell {line}"));
        }
    }
    let second = histories[0].shell();
    histories[0].input(second, 1, "of a subshell".to_owned());
    assert!(histories.iter().all(History::flush));
    let all = found(&histories[3], Shell(0), search("*", None, false));
    assert_eq!(all.len(), 4 * 50 + 1);
    let sessions: std::collections::BTreeSet<i64> = all.iter().map(|row| row.0).collect();
    assert_eq!(sessions.len(), 5);
    // One's own cells are the latest, whatever the others do.
    let mine = histories[1].state(Shell(0)).unwrap().session;
    assert!(found(&histories[1], Shell(0), tail(50)).iter().all(|row| row.0 == mine));
}

#[test]
fn off_means_that_the_file_gets_nothing_and_this_session_is_known_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = start(&path);
    let shell = history.shell();
    history.input(shell, 1, "on".to_owned());
    history.enable(false);
    history.input(shell, 2, "off".to_owned());
    history.enable(true);
    history.input(shell, 3, "on again".to_owned());
    assert_eq!(found(&history, shell, range(0, 1, None)).len(), 3);
    assert!(history.finish());
    let next = start(&path);
    let shell = next.shell();
    assert_eq!(found(&next, shell, tail(9)), [row(1, 1, "on"), row(1, 3, "on again")]);
}

#[test]
fn a_broken_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    std::fs::write(&path, "this is no database, and long enough to be taken for one".repeat(99))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let history = start(&path);
    let shell = history.shell();
    note(&history, shell, &["a", "b"]);
    assert_eq!(found(&history, shell, tail(9)), [row(1, 1, "a"), row(1, 2, "b")]);
    let state = history.state(shell).unwrap();
    assert_eq!((state.file, state.enabled), (None, false));
    assert!(state.trouble.unwrap().contains(path.to_str().unwrap()));
    history.finish();
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_that_cannot_be_made_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let history = start(&folder.path().join("file").join("history.sqlite"));
    let shell = history.shell();
    note(&history, shell, &["a"]);
    assert_eq!(found(&history, shell, tail(9)), [row(1, 1, "a")]);
}

/// A file that takes no more cells; what undoes that.
fn full(path: &Path) -> Connection {
    let file = Connection::open(path).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON history
         BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    )
    .unwrap();
    file
}

#[test]
fn a_full_disk_loses_nothing_of_the_session_and_takes_it_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = start(&path);
    let shell = history.shell();
    note(&history, shell, &["a"]);
    assert!(history.flush());
    let file = full(&path);
    history.input(shell, 2, "b".to_owned());
    assert!(!history.flush());
    assert!(history.state(shell).unwrap().trouble.unwrap().contains("full"));
    assert_eq!(found(&history, shell, tail(9)), [row(1, 1, "a"), row(1, 2, "b")]);
    file.execute_batch("DROP TRIGGER full").unwrap();
    assert!(history.flush());
    let cells: i64 = file.query_row("SELECT count(*) FROM history", (), |row| row.get(0)).unwrap();
    assert_eq!(cells, 2);
}

#[test]
fn a_locked_file_holds_nobody_up_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = start(&path);
    let shell = history.shell();
    note(&history, shell, &["a"]);
    assert!(history.flush());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    history.input(shell, 2, "b".to_owned());
    assert!(!history.flush());
    assert_eq!(found(&history, shell, tail(9)).len(), 2);
    other.execute_batch("COMMIT").unwrap();
    assert!(history.flush());

    // From the beginning on, and not even to be read.
    other.execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap_or_default();
    let late = start(&path);
    let shell = late.shell();
    note(&late, shell, &["c"]);
    assert!(found(&late, shell, tail(1)).iter().any(|row| row.2 == "c"));
}

#[test]
fn a_question_after_the_end_has_no_answer_and_does_not_hang() {
    let history = History::start(Place::Memory).unwrap();
    assert!(history.finish());
    assert!(history.find(Shell(0), tail(1), Text::Raw).is_err());
}
