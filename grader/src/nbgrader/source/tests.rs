#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use serde_json::{Map, json};

fn cell(kind: CellType, source: &str, part: Value) -> Cell {
    let mut cell = Cell::new(kind, "id", source);
    cell.metadata.insert("nbgrader".into(), part);
    cell
}

fn code(source: &str, part: Value) -> Cell {
    cell(CellType::Code, source, part)
}

fn read(cells: Vec<Cell>) -> Result<Source, String> {
    let notebook = Notebook::new(cells, Map::new());
    Source::from_notebooks("ps1/a.ipynb", &notebook, None).map_err(|error| error.to_string())
}

/// The only cell that nbgrader knows.
fn only(cell: Cell) -> SourceCell {
    let mut source = read(vec![cell]).unwrap();
    assert_eq!(source.cells.len(), 1);
    source.cells.remove(0)
}

fn part(grade: bool, solution: bool, locked: bool, task: bool) -> Value {
    json!({
        "schema_version": 3, "grade_id": "a", "points": 2,
        "grade": grade, "solution": solution, "locked": locked, "task": task,
    })
}

#[test]
fn roles_by_flags() {
    let table = [
        ((true, false, true, false), CellType::Code, Role::Tests),
        ((true, false, false, false), CellType::Code, Role::Tests),
        ((true, true, false, false), CellType::Code, Role::Manual),
        ((true, true, false, false), CellType::Markdown, Role::Manual),
        ((false, true, false, false), CellType::Code, Role::Solution),
        ((false, false, true, false), CellType::Code, Role::ReadOnly),
        ((false, false, true, true), CellType::Markdown, Role::Task),
    ];
    for ((grade, solution, locked, task), kind, role) in table {
        assert_eq!(only(cell(kind, "x", part(grade, solution, locked, task))).role, role);
    }
    assert!(read(vec![code("x", part(false, false, false, false))]).unwrap().cells.is_empty());
    assert!(read(vec![code("x", json!({}))]).unwrap().cells.is_empty());
}

#[test]
fn older_schemas_are_upgraded_and_newer_refused() {
    for (version, points, wanted) in
        [(json!(1), json!("2"), 2.0), (json!(2), json!(2), 2.0), (json!(0), json!(-1), 0.0)]
    {
        let part = json!({
            "schema_version": version, "grade_id": "a", "grade": true, "solution": false,
            "locked": false, "points": points,
        });
        assert_eq!(only(code("x", part)).points, wanted);
    }
    let newer = json!({"schema_version": 4, "grade_id": "a", "grade": true, "solution": false});
    let error = read(vec![code("1", json!({})), code("x", newer)]).unwrap_err();
    assert!(error.starts_with("`ps1/a.ipynb`, cell 2: "), "{error}");
    assert!(error.contains("schema version 4, newer than 3"), "{error}");
}

#[test]
fn texts_as_nbgrader_keeps_them_and_as_learners_get_them() {
    let tests = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS";
    let tests_cell = only(code(tests, part(true, false, true, false)));
    assert_eq!((tests_cell.text.as_str(), tests_cell.released.as_str()), (tests, "assert a"));
    assert!(tests_cell.hides());
    let solution = only(code("a = 1", part(false, true, false, false)));
    assert_eq!(solution.text, CODE_STUB);
    let essay = only(cell(CellType::Markdown, "Because.", part(true, true, false, false)));
    assert_eq!(essay.text, TEXT_STUB);
    assert!(!essay.hides());
}

#[test]
fn stubs_of_another_configuration_are_those_of_the_release() {
    let made = |source: &str| code(source, part(true, true, false, false));
    let (source, release) = (vec![made("a = 1")], vec![made("# Dein Code")]);
    let notebooks = [source, release].map(|cells| Notebook::new(cells, Map::new()));
    let read = Source::from_notebooks("a.ipynb", &notebooks[0], Some(&notebooks[1])).unwrap();
    assert_eq!(read.cells[0].text, "# Dein Code");
}

#[test]
fn what_cannot_be_graded_is_named() {
    let twice = vec![code("1", part(true, false, true, false)); 2];
    let error = read(twice).unwrap_err();
    assert_eq!(error, "`ps1/a.ipynb`: two cells have the grade id `a`; rename one");
    let broken = code("### BEGIN SOLUTION", part(false, true, false, false));
    assert!(read(vec![broken]).unwrap_err().starts_with("`ps1/a.ipynb`, cell `a`: a `SOLUTION`"));
    let autotest = code("### AUTOTEST f(1)", part(true, false, true, false));
    assert!(read(vec![autotest]).unwrap_err().contains("generate_assignment"));
    let kernel = json!({"kernelspec": {"name": "ir", "language": "R"}});
    let notebook = Notebook::new(Vec::new(), kernel.as_object().unwrap().clone());
    let error = Source::from_notebooks("ps1/a.ipynb", &notebook, None).unwrap_err();
    assert_eq!(error.to_string(), "`ps1/a.ipynb` is in R; grade it with nbgrader");
}
