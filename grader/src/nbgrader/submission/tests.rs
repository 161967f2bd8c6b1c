#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use serde_json::{Map, json};

fn known(id: &str, role: Role, text: &str) -> SourceCell {
    let kind = if role == Role::Task { CellType::Markdown } else { CellType::Code };
    let (text, released) = (text.to_owned(), text.to_owned());
    SourceCell { id: id.into(), role, kind, text, released, points: 2.0 }
}

fn source() -> Source {
    let cells = vec![
        known("answer", Role::Solution, "stub"),
        known("essay", Role::Manual, "stub"),
        known("setup", Role::ReadOnly, "import math"),
        known("tests", Role::Tests, "assert answer"),
        known("task", Role::Task, "Draw it."),
    ];
    Source { notebook: "ps1/a.ipynb".into(), cells, code: Vec::new() }
}

fn cell(grade_id: &str, source: &str) -> Cell {
    let kind = if grade_id == "task" { CellType::Markdown } else { CellType::Code };
    let mut cell = Cell::new(kind, "id", source);
    cell.metadata.insert("nbgrader".into(), json!({"grade_id": grade_id, "schema_version": 3}));
    cell
}

fn handed_in() -> Vec<Cell> {
    vec![
        cell("answer", "answer = 1"),
        cell("essay", "stub"),
        cell("setup", "import math"),
        cell("tests", "assert answer"),
        cell("task", "Draw it."),
    ]
}

fn rebuilt(cells: Vec<Cell>) -> Rebuilt {
    rebuild(&source(), &Notebook::new(cells, Map::new())).unwrap()
}

/// Kind, id and source of what is run and graded, after the prelude.
fn cells(rebuilt: &Rebuilt) -> Vec<(&'static str, &str, &str)> {
    let cells = rebuilt.spec.units[0].cells.iter().skip(1);
    cells
        .map(|cell| match cell {
            SpecCell::Example { id, source } => ("run", id.as_str(), source.as_str()),
            SpecCell::Tests { id, source, .. } => ("tests", id.as_str(), source.as_str()),
            other => ("person", other.id(), ""),
        })
        .collect()
}

#[test]
fn a_notebook_runs_in_its_own_order_with_its_locked_cells_put_back() {
    let mut notebook = handed_in();
    notebook[2].set_source("import math; math.pi = 3");
    notebook[3].set_source("assert True");
    notebook.insert(0, Cell::new(CellType::Code, "answer", "help = 1"));
    notebook.swap(3, 4);
    let rebuilt = rebuilt(notebook);
    let wanted = [
        ("run", "cell 1", "help = 1"),
        ("run", "answer", "answer = 1"),
        ("run", "cell 3", "stub"),
        ("person", "essay", ""),
        ("tests", "tests", "assert answer"),
        ("run", "setup", "import math"),
        ("person", "task", ""),
    ];
    assert_eq!(cells(&rebuilt), wanted);
    let notes = [
        "cell `setup` was changed; the original was taken",
        "cell `tests` was changed; the original was taken",
    ];
    assert_eq!(rebuilt.notes, notes);
}

#[test]
fn an_answer_as_it_was_given_out_is_none() {
    let answered = |text: &str| {
        let mut notebook = handed_in();
        notebook[1].set_source(text);
        rebuilt(notebook).answers.get("essay").cloned()
    };
    assert_eq!(answered("stub"), None);
    assert_eq!(answered("stub ").as_deref(), Some("stub "));
    assert_eq!(answered("").as_deref(), Some("(nothing)"));
    // A task is solved elsewhere: a person looks in any case.
    assert!(rebuilt(handed_in()).answers.contains_key("task"));
}

#[test]
fn of_copies_the_last_is_taken_and_the_others_are_run() {
    let mut notebook = handed_in();
    notebook.push(cell("tests", "assert 2"));
    let rebuilt = rebuilt(notebook);
    let cells = cells(&rebuilt);
    assert_eq!(cells[4], ("run", "cell 4", "assert answer"));
    assert_eq!(cells.last(), Some(&("tests", "tests", "assert answer")));
    let notes = [
        "cell `tests` is there 2 times; the last was taken",
        "cell `tests` was changed; the original was taken",
    ];
    assert_eq!(rebuilt.notes, notes);
}

#[test]
fn a_cell_whose_type_was_changed_is_taken_as_what_it_was() {
    let mut notebook = handed_in();
    let mut text = Cell::new(CellType::Markdown, "id", "answer = 2");
    text.metadata = notebook[0].metadata.clone();
    notebook[0] = text;
    let rebuilt = rebuilt(notebook);
    assert_eq!(cells(&rebuilt)[0], ("run", "answer", "answer = 2"));
    assert_eq!(
        rebuilt.notes,
        ["cell `answer` is a markdown cell; it was taken as the code cell it was"]
    );
}

#[test]
fn what_is_missing_earns_nothing() {
    let verdict = absent(&source());
    let items: Vec<_> =
        verdict.units[0].items.iter().map(|item| (item.id.as_str(), item.status)).collect();
    let wanted =
        [("essay", Status::Unanswered), ("tests", Status::Error), ("task", Status::Unanswered)];
    assert_eq!(items, wanted);
    assert_eq!((verdict.points, verdict.max_points, verdict.manual_points), (0.0, 2.0, 0.0));
    let rebuilt = rebuilt(vec![cell("setup", "import math")]);
    assert_eq!(cells(&rebuilt), [("run", "setup", "import math")]);
    assert!(rebuilt.notes.contains(&"cell `tests` is missing".to_owned()));
}

#[test]
fn a_newer_schema_is_refused() {
    let mut notebook = handed_in();
    notebook[3].metadata["nbgrader"]["schema_version"] = json!(4);
    let error = rebuild(&source(), &Notebook::new(notebook, Map::new())).unwrap_err();
    assert_eq!(error, NewerMetadata { number: 4, found: 4 });
}
