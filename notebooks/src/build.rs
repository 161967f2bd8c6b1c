//! Notebooks and specs from units. Pure: the same course gives the same bytes.

mod cells;
mod glossary;
mod instructor;
mod markdown;
mod quiz_cell;
mod seal;
mod spec;
mod student;
mod syllabus;

pub(crate) use cells::{answer, check as check_cell, example, exercise, markdown as markdown_cell};
pub(crate) use instructor::{FOR_INSTRUCTORS, cells as instructor_cells, mistakes_id};
pub(crate) use markdown::{
    RIGHT, WRONG, fill, fill_answered, glossary, quiz, quiz_answered, reflect, rubric_label,
};
pub(crate) use quiz_cell::{fill as fill_cell, letters, quoted, starter as quiz_starter, written};
pub use spec::{Answers, mutant_answers, right_answers, starter_answers, unit_spec};
pub use syllabus::syllabus;

use crate::course::{Course, NotebookPlan};
use crate::unit::Unit;
use cellist_formats::notebook::{Cell, Notebook};
use cellist_formats::spec::{Spec, SpecClock};
use serde_json::{Map, Value, json};

/// Everything that is derived from one entry of `course.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// Path within its folder: `<set>/<name>.ipynb`.
    pub file: String,
    /// What learners get: never a solution or a hidden check.
    pub student: Notebook,
    /// What instructors get: everything.
    pub instructor: Notebook,
    /// What the judge gets.
    pub spec: Spec,
}

/// Derives every notebook of a course, and below them the glossaries of its sets.
pub fn course(course: &Course) -> Vec<Generated> {
    let mut generated: Vec<Generated> =
        course.notebooks.iter().map(|plan| notebook(course, plan)).collect();
    generated.extend(glossary::pages(course));
    generated
}

/// What is derived from one entry of `course.toml`.
pub(crate) fn notebook(course: &Course, plan: &NotebookPlan) -> Generated {
    let units: Vec<&Unit> = course.units_of(plan).collect();
    let assemble = |edition, cells: fn(&Unit) -> Vec<Cell>| {
        let cells = units.iter().flat_map(|unit| cells(unit)).collect();
        Notebook::new(cells, metadata(plan, &units, edition))
    };
    Generated {
        file: plan.file.clone(),
        student: assemble("student", student::cells),
        instructor: assemble("instructor", instructor::cells),
        spec: spec::spec(&plan.file, &units, course.older_revisions(plan).cloned().collect()),
    }
}

/// Preselects our kernel, and says where the notebook comes from.
pub(crate) fn metadata(plan: &NotebookPlan, units: &[&Unit], edition: &str) -> Map<String, Value> {
    let revisions: Map<String, Value> =
        units.iter().map(|unit| (unit.front.id.clone(), json!(unit.front.rev))).collect();
    let mut cellist = json!({ "edition": edition, "notebook": plan.file, "units": revisions });
    // What `cellist check` cannot tell from the cells; for most units there is nothing.
    let needs = units.iter().filter(|unit| !unit.front.needs.is_empty());
    let needs: Map<String, Value> =
        needs.map(|unit| (unit.front.id.clone(), json!(unit.front.needs))).collect();
    let clocks = units.iter().filter(|unit| unit.front.clock != SpecClock::Virtual);
    let clocks: Map<String, Value> =
        clocks.map(|unit| (unit.front.id.clone(), json!(unit.front.clock))).collect();
    for (key, values) in [("needs", needs), ("clocks", clocks)] {
        if !values.is_empty() {
            cellist[key] = Value::Object(values);
        }
    }
    if edition == "instructor" {
        // What `sync` must find unchanged before it writes into a unit.
        let sources: Map<String, Value> =
            units.iter().map(|unit| (unit.front.id.clone(), json!(unit.fingerprint))).collect();
        cellist["sources"] = Value::Object(sources);
    }
    let metadata = json!({
        "cellist": cellist,
        "kernelspec": {
            "display_name": "Cellist (Python 3.14)",
            "language": "python",
            "name": "cellist",
        },
        "language_info": {
            "codemirror_mode": { "name": "ipython", "version": 3 },
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
            "pygments_lexer": "ipython3",
            "version": "3.14.0",
        },
    });
    match metadata {
        Value::Object(metadata) => metadata,
        _ => Map::new(),
    }
}
