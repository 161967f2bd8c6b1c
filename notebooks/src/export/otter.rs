//! The course for Otter-Grader: a folder per notebook as `otter assign` would make it, `autograder` with
//! solutions and all tests, `student` without; and the checks' helpers as a module for CPython, `lab.py`.
//!
//! A check becomes a question of its own, asked where it stands: code under test runs there on a virtual
//! clock, too. What CPython cannot do as our kernel does it is left out, and counted.

use crate::build;
use crate::course::{Course, NotebookPlan};
use crate::unit::{Body, Check, Unit, UnitCell};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::SpecClock;
use serde_json::{Map, Value, json};

/// The checks' helpers, in Python.
pub const LAB: &str = include_str!("otter/lab.py");

/// A notebook for Otter.
#[derive(Clone, Debug, PartialEq)]
pub struct OtterAssignment {
    /// Its folder, `<set>/<name>`; the notebook's file in it is `<name>.ipynb`.
    pub folder: String,
    /// For the autograder: with solutions.
    pub autograder: Notebook,
    /// For learners.
    pub student: Notebook,
    /// All test files, by name without `.py`.
    pub tests: Vec<TestFile>,
    /// Checks that were left out, and why.
    pub left_out: Vec<(String, &'static str)>,
}

/// A test file.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// Its name without `.py`: the check's id.
    pub name: String,
    /// For the autograder.
    pub full: String,
    /// For learners, unless it is hidden.
    pub public: Option<String>,
}

impl OtterAssignment {
    /// The notebook's name without `.ipynb`.
    pub fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// `otter_config.json`.
    pub fn config(&self) -> String {
        format!("{:#}\n", json!({ "assignment_name": self.folder }))
    }
}

/// Every notebook of a course with checks that Otter can run; and those of the others that were left out.
pub fn otter(course: &Course) -> Vec<OtterAssignment> {
    course.notebooks.iter().map(|plan| assignment(course, plan)).collect()
}

fn assignment(course: &Course, plan: &NotebookPlan) -> OtterAssignment {
    let units: Vec<&Unit> = course.units_of(plan).collect();
    let folder = plan.file.strip_suffix(".ipynb").unwrap_or(&plan.file).to_owned();
    let mut assignment = OtterAssignment {
        autograder: Notebook::new(Vec::new(), metadata(&folder)),
        student: Notebook::new(Vec::new(), metadata(&folder)),
        folder,
        tests: Vec::new(),
        left_out: Vec::new(),
    };
    let mut first = Cell::new(
        CellType::Code,
        "otter",
        format!(
            "# Initialize Otter\nimport otter\ngrader = otter.Notebook(\"{}.ipynb\")",
            assignment.name()
        ),
    );
    lock(&mut first);
    for edition in [&mut assignment.autograder, &mut assignment.student] {
        edition.cells.push(first.clone());
    }
    for unit in units {
        for cell in &unit.cells {
            add(&mut assignment, unit, cell);
        }
    }
    let mut last = Cell::new(
        CellType::Code,
        "otter-export",
        "# Save the notebook, then run this cell: it makes the file to hand in.\n\
         grader.export(pdf=False)",
    );
    lock(&mut last);
    for edition in [&mut assignment.autograder, &mut assignment.student] {
        edition.cells.push(last.clone());
    }
    assignment
}

fn add(assignment: &mut OtterAssignment, unit: &Unit, cell: &UnitCell) {
    let mut both = |cell: Cell| {
        assignment.autograder.cells.push(cell.clone());
        assignment.student.cells.push(cell);
    };
    let prose = |text: String| Cell::new(CellType::Markdown, &cell.id, text);
    match &cell.body {
        Body::Prose(text) => both(prose(text.clone())),
        Body::Glossary(terms) => both(prose(build::glossary(terms))),
        Body::Instructor(_) => {}
        Body::Example(source) => both(Cell::new(CellType::Code, &cell.id, source.as_str())),
        Body::Exercise { solution, starter, .. } => {
            let made = |source: &str| Cell::new(CellType::Code, &cell.id, source);
            assignment.autograder.cells.push(made(solution));
            assignment.student.cells.push(made(starter));
        }
        Body::Quiz { question, options, .. } => {
            assignment.autograder.cells.push(prose(build::quiz_answered(question, options)));
            assignment.student.cells.push(prose(build::quiz(question, options, false)));
        }
        Body::Fill { question, key, .. } => {
            assignment.autograder.cells.push(prose(build::fill_answered(question, key)));
            assignment.student.cells.push(prose(build::reflect(question)));
        }
        // Marked as `otter assign` marks what a person reads.
        Body::Reflect { question, .. } => {
            let text = build::reflect(question);
            both(prose(format!("<!-- BEGIN QUESTION -->\n\n{text}\n\n<!-- END QUESTION -->")));
        }
        Body::Check(check) => match obstacle(unit, check) {
            Some(why) => assignment.left_out.push((cell.id.clone(), why)),
            None => ask(assignment, unit, cell, check),
        },
    }
}

fn ask(assignment: &mut OtterAssignment, unit: &Unit, cell: &UnitCell, check: &Check) {
    let full = test_file(unit, cell, check, true);
    let public = (!check.hidden).then(|| test_file(unit, cell, check, false));
    assignment.tests.push(TestFile { name: cell.id.clone(), full, public });
    for edition in [&mut assignment.autograder, &mut assignment.student] {
        if check.hidden {
            // Otter runs these tests behind the cell.
            let Some(last) = edition.cells.last_mut() else { continue };
            let part = last.metadata.entry("otter").or_insert_with(|| json!({ "tests": [] }));
            if let Some(tests) = part.get_mut("tests").and_then(Value::as_array_mut) {
                tests.push(json!(cell.id));
            }
        } else {
            let mut asked =
                Cell::new(CellType::Code, &cell.id, format!("grader.check(\"{}\")", cell.id));
            lock(&mut asked);
            edition.cells.push(asked);
        }
    }
}

/// Why CPython cannot run a check as our kernel does.
fn obstacle(unit: &Unit, check: &Check) -> Option<&'static str> {
    if !unit.front.needs.is_empty() {
        return Some("it needs connections or processes, which know no virtual clock");
    }
    if check.clock.unwrap_or(unit.front.clock) == SpecClock::Wall {
        return Some("it measures real time");
    }
    if check.source.contains("lab.score(") {
        return Some("it pays a share of its points, and Otter's tests pass or fail");
    }
    // Examples run in real time, as they do in any notebook.
    let solutions = unit.cells.iter().filter_map(|cell| match &cell.body {
        Body::Exercise { solution, .. } => Some(solution.as_str()),
        _ => None,
    });
    let code: String = solutions.chain([check.source.as_str()]).collect();
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if has(&["threading", "to_thread", "run_in_executor", "concurrent.futures", "subprocess"]) {
        return Some("its unit uses threads or processes, which know no virtual clock there");
    }
    if has(&["cellist", "%task", "%timeline", "%simulate"]) {
        return Some("its unit uses what only our kernel has");
    }
    None
}

/// The file of a check. A guard pays only when a positive check of its unit passes: it runs those, of
/// which learners' file holds the public ones.
fn test_file(unit: &Unit, cell: &UnitCell, check: &Check, full: bool) -> String {
    let positive: Vec<&str> = unit
        .cells
        .iter()
        .filter_map(|cell| match &cell.body {
            Body::Check(other) if !other.guard && (full || !other.hidden) => {
                Some(other.source.as_str())
            }
            _ => None,
        })
        .collect();
    let unless = match check.guard {
        true => format!(", only_with={}", python(&json!(positive))),
        false => String::new(),
    };
    // A function's name: digits may come in it, but nothing else that is no letter.
    let function = cell.name.replace('-', "_");
    format!(
        "from lab import check\nfrom otter.test_files import test_case\n\nOK_FORMAT = False\n\n\
         name = \"{id}\"\npoints = {points}\n\nCHECK = {source}\n\n\n\
         @test_case(hidden={hidden})\ndef test_{function}(env):\n    check(env, CHECK{unless})\n",
        id = cell.id,
        points = check.points,
        source = python(&json!(check.source)),
        hidden = if check.hidden { "True" } else { "False" },
    )
}

/// A JSON text of strings and lists is a Python literal.
fn python(value: &Value) -> String {
    value.to_string()
}

fn metadata(folder: &str) -> Map<String, Value> {
    let metadata = json!({
        "kernelspec": { "display_name": "Python 3", "language": "python", "name": "python3" },
        "language_info": { "name": "python" },
        "otter": { "assignment_name": folder },
    });
    match metadata {
        Value::Object(metadata) => metadata,
        _ => Map::new(),
    }
}

fn lock(cell: &mut Cell) {
    for key in ["deletable", "editable"] {
        cell.metadata.insert(key.to_owned(), json!(false));
    }
}
