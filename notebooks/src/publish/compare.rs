//! In which cells a file differs from what the units make.

use super::name_cells;
use cellist_formats::notebook::{Cell, Notebook};
use std::path::Path;

/// Says how `found`, the bytes of the file, differs from `wanted`.
pub(super) fn difference(path: &Path, found: Vec<u8>, wanted: &str) -> String {
    if path.extension().is_none_or(|extension| extension != "ipynb") {
        return "it differs from what the units make".to_owned();
    }
    let Ok(text) = String::from_utf8(found) else { return "it is not UTF-8 text".to_owned() };
    let (found, wanted) = match (Notebook::parse(&text, path), Notebook::parse(wanted, path)) {
        (Ok(found), Ok(wanted)) => (found, wanted),
        (Err(error), _) | (_, Err(error)) => return error.to_string(),
    };
    let ids = |cells: &[&Cell]| cells.iter().map(|cell| cell.id().to_owned()).collect::<Vec<_>>();
    let changed: Vec<&Cell> = wanted
        .cells
        .iter()
        .filter(|cell| found.cell(cell.id()).is_some_and(|other| other != *cell))
        .collect();
    let missing: Vec<&Cell> =
        wanted.cells.iter().filter(|cell| found.cell(cell.id()).is_none()).collect();
    let extra: Vec<&Cell> =
        found.cells.iter().filter(|cell| wanted.cell(cell.id()).is_none()).collect();
    let mut parts = Vec::new();
    for (cells, what) in
        [(changed, "differs"), (missing, "is missing"), (extra, "is not in the unit")]
    {
        let plural = match what {
            "differs" => "differ",
            "is missing" => "are missing",
            _ => "are not in the unit",
        };
        if !cells.is_empty() {
            let verb = if cells.len() == 1 { what } else { plural };
            parts.push(format!("{} {verb}", name_cells(&ids(&cells))));
        }
    }
    if parts.is_empty() {
        let order = |notebook: &Notebook| {
            notebook.cells.iter().map(|cell| cell.id().to_owned()).collect::<Vec<_>>()
        };
        parts.push(if order(&found) != order(&wanted) {
            "the cells are in another order, or twice".to_owned()
        } else if found.metadata != wanted.metadata {
            "the notebook's metadata differ".to_owned()
        } else {
            "the cells are the same, but written in another way".to_owned()
        });
    }
    parts.join("; ")
}
