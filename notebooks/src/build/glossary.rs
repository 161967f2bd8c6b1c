//! A page per set with all terms of its units.

use super::{Generated, metadata};
use crate::course::{Course, NotebookPlan, Set};
use crate::unit::{Body, Term, Unit};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::{SPEC_SCHEMA, Spec};
use std::collections::BTreeMap;

/// `<set>/glossary.ipynb` for each set whose units define terms, unless the course has a notebook
/// of that name itself.
pub(super) fn pages(course: &Course) -> Vec<Generated> {
    let is_free = |file: &String| course.notebooks.iter().all(|plan| plan.file != *file);
    let page = |set: &Set| {
        let file = format!("{}/glossary.ipynb", set.id);
        let terms = terms(course, set);
        (is_free(&file) && !terms.is_empty()).then(|| generated(file, set, &terms))
    };
    course.sets.iter().filter_map(page).collect()
}

/// A definition and where it stands.
struct Entry<'a> {
    definition: &'a str,
    unit: &'a Unit,
    /// The notebook's name within the set.
    notebook: &'a str,
}

/// Terms in the order of the alphabet, capitals aside, with what each unit says of them.
fn terms<'a>(course: &'a Course, set: &Set) -> BTreeMap<(String, &'a str), Vec<Entry<'a>>> {
    let mut found: BTreeMap<(String, &str), Vec<Entry<'_>>> = BTreeMap::new();
    for plan in &course.notebooks {
        let Some(notebook) = plan.file.strip_prefix(&format!("{}/", set.id)) else { continue };
        for unit in course.units_of(plan) {
            let of_cell = unit.cells.iter().filter_map(|cell| match &cell.body {
                Body::Glossary(terms) => Some(terms),
                _ => None,
            });
            for Term { term, definition } in of_cell.flatten() {
                let entries = found.entry((term.to_lowercase(), term)).or_default();
                if entries.iter().all(|entry| entry.definition != definition) {
                    entries.push(Entry { definition, unit, notebook });
                }
            }
        }
    }
    found
}

fn generated(
    file: String,
    set: &Set,
    terms: &BTreeMap<(String, &str), Vec<Entry<'_>>>,
) -> Generated {
    let mut text = format!("# Glossary: {}\n", set.title);
    for ((_, term), entries) in terms {
        let said = entries.iter().map(|Entry { definition, unit, notebook }| {
            format!("{definition} ([{}]({}))", unit.front.title, notebook.replace(' ', "%20"))
        });
        text.push_str(&format!("\n- **{term}**: {}", said.collect::<Vec<_>>().join("; ")));
    }
    let plan = NotebookPlan { file: file.clone(), plan: None, units: Vec::new() };
    let cell = Cell::new(CellType::Markdown, "glossary", text);
    let page = Notebook::new(vec![cell], metadata(&plan, &[], "student"));
    let spec =
        Spec { schema: SPEC_SCHEMA, notebook: file.clone(), units: Vec::new(), older: Vec::new() };
    Generated { file, instructor: page.clone(), student: page, spec }
}
