//! A submitted notebook beside its verdict: which cell is which item.

use cellist_formats::cell_metadata::{CellistMetadata, NbgraderMetadata};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::{Spec, SpecCell};
use cellist_formats::verdict::{ItemVerdict, UnitVerdict, Verdict};
use std::collections::{BTreeSet, HashMap};

/// An item and its unit.
pub(crate) type Judged<'a> = (&'a UnitVerdict, &'a ItemVerdict);

/// A cell of the submission.
pub(crate) struct Shown<'a> {
    pub(crate) cell: &'a Cell,
    /// By which id the grader knows it.
    pub(crate) id: &'a str,
    /// Learners were to write into it.
    pub(crate) own: bool,
    /// What was said of it.
    pub(crate) judged: Option<Judged<'a>>,
}

/// The verdict's items by id.
pub(crate) fn items(verdict: &Verdict) -> HashMap<&str, Judged<'_>> {
    let units = verdict.units.iter();
    let items = units.flat_map(|unit| unit.items.iter().map(move |item| (unit, item)));
    items.map(|(unit, item)| (item.id.as_str(), (unit, item))).collect()
}

/// The cells in the notebook's order, and the items that no cell of it stands for: hidden checks, and
/// what was deleted. An item is its first cell's, as in grading: one with that id, else one with
/// that `grade_id`.
pub(crate) fn beside<'a>(
    notebook: &'a Notebook,
    verdict: &'a Verdict,
    spec: Option<&Spec>,
) -> (Vec<Shown<'a>>, Vec<Judged<'a>>) {
    let items = items(verdict);
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let by_id: BTreeSet<&str> = notebook.cells.iter().map(Cell::id).collect();
    let cells = notebook.cells.iter().map(|cell| {
        let name = match grade_id(cell) {
            Some(name) if !items.contains_key(cell.id()) && !by_id.contains(name) => name,
            _ => cell.id(),
        };
        let judged = items.get(name).copied().filter(|_| taken.insert(name));
        Shown { cell, id: name, own: is_own(cell, name, spec), judged }
    });
    let cells: Vec<Shown<'a>> = cells.collect();
    let all = verdict.units.iter().flat_map(|unit| unit.items.iter().map(move |item| (unit, item)));
    let left = all.filter(|(_, item)| !taken.contains(item.id.as_str())).collect();
    (cells, left)
}

/// The source of the cell that an item was graded from, as [`beside`] finds it.
pub(crate) fn answer<'a>(notebook: &'a Notebook, item: &str) -> Option<&'a str> {
    let by_name = || notebook.cells.iter().find(|cell| grade_id(cell) == Some(item));
    notebook.cell(item).or_else(by_name).map(Cell::source)
}

/// The spec's cell of this id.
pub(crate) fn spec_cell<'a>(spec: Option<&'a Spec>, id: &str) -> Option<&'a SpecCell> {
    spec?.units.iter().flat_map(|unit| &unit.cells).find(|cell| cell.id() == id)
}

/// What a person looks for in an answer.
pub(crate) fn rubric<'a>(spec: Option<&'a Spec>, id: &str) -> Option<&'a str> {
    match spec_cell(spec, id) {
        Some(SpecCell::Reflect { rubric, .. }) => {
            Some(rubric.trim()).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

/// Not through [`NbgraderMetadata`]: one malformed field must not hide an answer.
fn grade_id(cell: &Cell) -> Option<&str> {
    cell.metadata.get(NbgraderMetadata::KEY)?.get("grade_id")?.as_str()
}

fn is_own(cell: &Cell, id: &str, spec: Option<&Spec>) -> bool {
    match spec_cell(spec, id) {
        Some(
            SpecCell::Exercise { .. }
            | SpecCell::Quiz { .. }
            | SpecCell::Fill { .. }
            | SpecCell::Reflect { .. },
        ) => true,
        Some(_) => false,
        None => match CellistMetadata::from_cell(&cell.metadata) {
            Ok(Some(ours)) => {
                matches!(ours.kind.as_str(), "exercise" | "quiz" | "answer" | "reflect")
            }
            _ => match NbgraderMetadata::from_cell(&cell.metadata) {
                Ok(Some(theirs)) => theirs.solution,
                // Neither the course's: the learner added it.
                _ => cell.cell_type() == CellType::Code,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Map, json};

    #[test]
    fn an_item_is_the_cell_it_was_graded_from() {
        let mut copy = Cell::new(CellType::Markdown, "9f2c", "copy");
        copy.metadata.insert("nbgrader".into(), json!({"grade_id": "u-why"}));
        let mut named = Cell::new(CellType::Markdown, "cell-3", "named");
        named.metadata.insert("nbgrader".into(), json!({"grade_id": "u-how", "points": "?"}));
        let own = Cell::new(CellType::Markdown, "u-why", "own");
        let notebook = Notebook::new(vec![copy, own, named], Map::new());
        let item = |id: &str| json!({"id": id, "status": "manual", "points": 0, "max_points": 1});
        let verdict: Verdict = serde_json::from_value(json!({
            "notebook": "n.ipynb", "points": 0, "max_points": 0, "manual_points": 0, "notes": [], "millis": 0,
            "units": [{"id": "u", "title": "", "points": 0, "max_points": 0,
                       "items": [item("u-why"), item("u-how"), item("u-secret")]}],
        }))
        .unwrap();
        let (cells, left) = beside(&notebook, &verdict, None);
        let judged: Vec<_> =
            cells.iter().map(|one| one.judged.map(|(_, item)| &*item.id)).collect();
        assert_eq!(judged, [None, Some("u-why"), Some("u-how")]);
        assert_eq!(left.iter().map(|(_, item)| &*item.id).collect::<Vec<_>>(), ["u-secret"]);
        assert_eq!(answer(&notebook, "u-why"), Some("own"));
        assert_eq!(answer(&notebook, "u-how"), Some("named"));
        assert_eq!(answer(&notebook, "u-secret"), None);
    }
}
