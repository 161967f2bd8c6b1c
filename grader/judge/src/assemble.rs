//! Taking the learner's answers out of a notebook, and nothing else.
//!
//! Everything that is run or graded comes from the spec; from the submission come only the
//! sources of its solution cells, found by id.

use cellist_formats::cell_metadata::{CellistMetadata, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::{Spec, SpecCell};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A submission reduced to what the judge takes from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    /// Cell id to the learner's source. A cell that is not in the notebook is not in here.
    pub answers: BTreeMap<String, String>,
    /// What is odd about the notebook, for people.
    pub notes: Vec<String>,
}

/// The notebook has nothing to do with the spec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "none of its cells belongs to `{notebook}`; hand in the notebook that was given out, with its \
     own cells"
)]
pub struct ForeignNotebook {
    /// The notebook that the spec is for.
    pub notebook: String,
}

/// Finds the spec's cells in a notebook.
///
/// A cell is found by its cell id, else by its nbgrader `grade_id` (copying a cell in JupyterLab
/// keeps the metadata and makes a new id; notebooks before nbformat 4.5 have no ids at all).
///
/// # Errors
/// When not one of the spec's cells is there.
pub fn assemble(spec: &Spec, notebook: &Notebook) -> Result<Assembled, ForeignNotebook> {
    let below: Vec<String> = spec_cells(spec).filter_map(SpecCell::answer_id).collect();
    let known: HashSet<&str> =
        spec_cells(spec).map(SpecCell::id).chain(below.iter().map(String::as_str)).collect();
    let found = find(&known, notebook);
    if found.is_empty() {
        return Err(ForeignNotebook { notebook: spec.notebook.clone() });
    }
    let mut assembled = Assembled::default();
    for cell in spec_cells(spec) {
        let copies = found.get(cell.id()).map(Vec::as_slice).unwrap_or_default();
        take(cell, copies, &mut assembled);
        if let Some(id) = cell.answer_id() {
            let copies = found.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
            // What was given out before quizzes had cells below them is answered by ticks alone.
            if !copies.is_empty() || matches!(cell, SpecCell::Fill { .. }) {
                take_answer(&id, copies, &mut assembled);
            }
        }
    }
    if let Some(note) = added_code(&known, notebook) {
        assembled.notes.push(note);
    }
    Ok(assembled)
}

/// How many of the spec's cells the notebook has: tells which spec a submission is for.
pub fn matching_cells(spec: &Spec, notebook: &Notebook) -> usize {
    let older = spec.older.iter().flat_map(|unit| &unit.cells);
    let known: HashSet<&str> = spec_cells(spec).chain(older).map(SpecCell::id).collect();
    find(&known, notebook).len()
}

fn spec_cells(spec: &Spec) -> impl Iterator<Item = &SpecCell> {
    spec.units.iter().flat_map(|unit| &unit.cells)
}

/// The spec's cells in the notebook: cells that bear the id itself before copies that only bear
/// the metadata, each in the notebook's order.
fn find<'a>(known: &HashSet<&'a str>, notebook: &'a Notebook) -> HashMap<&'a str, Vec<&'a Cell>> {
    let mut found: HashMap<&str, Vec<&Cell>> = HashMap::new();
    for cell in &notebook.cells {
        if let Some(id) = known.get(cell.id()) {
            found.entry(id).or_default().push(cell);
        }
    }
    for cell in notebook.cells.iter().filter(|cell| !known.contains(cell.id())) {
        if let Some(id) = grade_id(cell).and_then(|id| known.get(id)) {
            found.entry(id).or_default().push(cell);
        }
    }
    found
}

/// Not through [`NbgraderMetadata`]: one malformed field must not lose a learner's answer.
fn grade_id(cell: &Cell) -> Option<&str> {
    cell.metadata.get(NbgraderMetadata::KEY)?.get("grade_id")?.as_str()
}

fn take(cell: &SpecCell, copies: &[&Cell], assembled: &mut Assembled) {
    let id = cell.id();
    let mut note = |text: String| assembled.notes.push(text);
    match cell {
        SpecCell::Example { .. } | SpecCell::Tests { .. } => {}
        SpecCell::Check { hidden: true, .. } => {}
        SpecCell::Check { source, .. } => match copies {
            [] => note(format!("check cell `{id}` is missing; the original was run")),
            [copy, ..] if !same_check(copy.source(), source) => {
                note(format!("check cell `{id}` was changed; the original was run"));
            }
            _ => {}
        },
        SpecCell::Exercise { .. } => {
            let code: Vec<&&Cell> =
                copies.iter().filter(|copy| copy.cell_type() == CellType::Code).collect();
            match (code.as_slice(), copies) {
                ([], []) => note(format!("solution cell `{id}` is missing")),
                ([], [other, ..]) => note(format!(
                    "solution cell `{id}` is a {} cell; it was not run. Make it a code cell again",
                    other.cell_type().as_str()
                )),
                ([first, rest @ ..], _) => {
                    if !rest.is_empty() {
                        note(duplicated(id, rest.len() + 1));
                    }
                    assembled.answers.insert(id.to_owned(), first.source().to_owned());
                }
            }
        }
        SpecCell::Quiz { .. } | SpecCell::Reflect { .. } => take_answer(id, copies, assembled),
        // Its answer is in the cell below.
        SpecCell::Fill { .. } => {}
    }
}

/// Takes a cell that was written into, and is not run.
fn take_answer(id: &str, copies: &[&Cell], assembled: &mut Assembled) {
    match copies {
        [] => assembled.notes.push(format!("answer cell `{id}` is missing")),
        [first, rest @ ..] => {
            if !rest.is_empty() {
                assembled.notes.push(duplicated(id, rest.len() + 1));
            }
            assembled.answers.insert(id.to_owned(), first.source().to_owned());
        }
    }
}

fn duplicated(id: &str, times: usize) -> String {
    format!("cell `{id}` is there {times} times; the first was taken")
}

/// A student notebook's check begins with lines that name it for the kernel; the spec's does not.
/// White space at line ends says nothing.
fn same_check(ours: &str, original: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let named = |line: &&str| {
            ["#| check:", "#| points:", "#| clock:"].iter().any(|key| line.starts_with(key))
        };
        let lines = text.trim().lines().skip_while(named);
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    lines(ours) == lines(original)
}

/// Code in cells that the learner added is not run: worth knowing when a solution then misses
/// something.
fn added_code(known: &HashSet<&str>, notebook: &Notebook) -> Option<String> {
    let ours = |cell: &Cell| {
        known.contains(cell.id())
            || grade_id(cell).is_some_and(|id| known.contains(id))
            || matches!(CellistMetadata::from_cell(&cell.metadata), Ok(Some(_)))
    };
    let added = notebook.cells.iter().filter(|cell| {
        cell.cell_type() == CellType::Code && !cell.source().trim().is_empty() && !ours(cell)
    });
    match added.count() {
        0 => None,
        1 => Some("1 added code cell was not run: only the given cells are graded".to_owned()),
        n => Some(format!("{n} added code cells were not run: only the given cells are graded")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use cellist_formats::spec::{SpecClock, UnitSpec};
    use serde_json::{Map, json};

    fn spec() -> Spec {
        let cells = vec![
            SpecCell::Exercise { id: "u-shop".into(), starter: "pass".into() },
            SpecCell::Check {
                id: "u-open".into(),
                points: 1.0,
                hidden: false,
                guard: false,
                source: "#| hint: open it\nassert shop".into(),
            },
            SpecCell::Check {
                id: "u-secret".into(),
                points: 1.0,
                hidden: true,
                guard: false,
                source: "assert secret".into(),
            },
            SpecCell::Reflect {
                id: "u-why".into(),
                points: 1.0,
                rubric: String::new(),
                starter: String::new(),
            },
        ];
        let unit = UnitSpec {
            id: "u".into(),
            title: "Unit".into(),
            clock: SpecClock::Virtual,
            needs: Vec::new(),
            rev: 1,
            cells,
        };
        Spec { schema: 1, notebook: "day/u.ipynb".into(), units: vec![unit], older: Vec::new() }
    }

    fn code(id: &str, source: &str) -> Cell {
        Cell::new(CellType::Code, id, source)
    }

    fn copy_of(grade_id: &str, id: &str, source: &str) -> Cell {
        let mut cell = code(id, source);
        cell.metadata.insert("nbgrader".into(), json!({"grade_id": grade_id, "points": "broken"}));
        cell
    }

    fn check() -> Cell {
        code("u-open", "#| check: open\n#| points: 1\n#| hint: open it  \nassert shop\n")
    }

    fn why() -> Cell {
        Cell::new(CellType::Markdown, "u-why", "because")
    }

    fn assembled(cells: Vec<Cell>) -> Assembled {
        assemble(&spec(), &Notebook::new(cells, Map::new())).unwrap()
    }

    #[test]
    fn answers_are_taken_by_id_and_nothing_else() {
        let result = assembled(vec![check(), code("u-shop", "shop = 1"), why()]);
        let want = [("u-shop", "shop = 1"), ("u-why", "because")];
        assert_eq!(result.answers, want.map(|(id, text)| (id.into(), text.into())).into());
        assert_eq!(result.notes, Vec::<String>::new());
    }

    #[test]
    fn notebooks_without_cell_ids_are_read_by_grade_id() {
        let result = assembled(vec![copy_of("u-shop", "cell-1", "shop = 1"), check(), why()]);
        assert_eq!(result.answers["u-shop"], "shop = 1");
        assert_eq!(result.notes, Vec::<String>::new());
    }

    #[test]
    fn the_original_comes_before_its_copies() {
        let result = assembled(vec![
            copy_of("u-shop", "9f2c", "shop = 'copy'"),
            code("u-shop", "shop = 'own'"),
            check(),
            why(),
        ]);
        assert_eq!(result.answers["u-shop"], "shop = 'own'");
        assert_eq!(result.notes, ["cell `u-shop` is there 2 times; the first was taken"]);
    }

    #[test]
    fn changed_and_missing_checks_are_noted() {
        let mut changed = check();
        changed.set_source("assert True");
        let result = assembled(vec![code("u-shop", ""), changed, why()]);
        assert_eq!(result.notes, ["check cell `u-open` was changed; the original was run"]);
        let result = assembled(vec![code("u-shop", ""), why()]);
        assert_eq!(result.notes, ["check cell `u-open` is missing; the original was run"]);
    }

    #[test]
    fn a_check_that_names_its_clock_for_the_kernel_is_not_changed() {
        let source = "#| check: open\n#| points: 1\n#| clock: wall\n#| hint: open it\nassert shop";
        let result = assembled(vec![code("u-shop", ""), code("u-open", source), why()]);
        assert_eq!(result.notes, Vec::<String>::new());
    }

    #[test]
    fn missing_answers_are_noted() {
        let result = assembled(vec![check()]);
        assert!(result.answers.is_empty());
        assert_eq!(
            result.notes,
            ["solution cell `u-shop` is missing", "answer cell `u-why` is missing"]
        );
    }

    #[test]
    fn a_solution_that_is_no_code_is_not_run() {
        let text = Cell::new(CellType::Markdown, "u-shop", "shop = 1");
        let result = assembled(vec![text, check(), why()]);
        assert!(!result.answers.contains_key("u-shop"));
        let note = "solution cell `u-shop` is a markdown cell; it was not run. Make it a code cell \
                    again";
        assert_eq!(result.notes, [note]);
    }

    #[test]
    fn added_code_is_noted_and_not_taken() {
        let result = assembled(vec![
            code("u-shop", ""),
            check(),
            why(),
            code("mine", "help = 1"),
            code("empty", "  "),
        ]);
        assert_eq!(
            result.notes,
            ["1 added code cell was not run: only the given cells are graded"]
        );
    }

    #[test]
    fn a_foreign_notebook_is_refused() {
        let notebook = Notebook::new(vec![code("x", "1"), code("y", "2")], Map::new());
        let error = assemble(&spec(), &notebook).unwrap_err();
        assert_eq!(error.notebook, "day/u.ipynb");
        assert_eq!(matching_cells(&spec(), &notebook), 0);
    }
}
