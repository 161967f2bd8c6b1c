//! Modules that a notebook needs and this Python does not have.

use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, SpecClock, UnitSpec};
use cellist_formats::verdict::Verdict;

/// A notebook that cannot run here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{notebook}` imports {}, which this Python does not have (packages with C extensions do not \
     run in it); grade this notebook with {grader}",
    list(modules)
)]
pub struct MissingModules {
    /// Its path within `source`.
    pub notebook: String,
    /// What is not there.
    pub modules: Vec<String>,
    /// The grader that it was made for.
    pub grader: &'static str,
}

const PROBE: &str = include_str!("needs.py");
const ID: &str = "needs";

/// A spec whose one cell looks for the modules that this code imports.
pub(crate) fn question(notebook: &str, code: &[String]) -> Spec {
    // A JSON list of strings is a Python list of them.
    let sources = serde_json::Value::from(code.to_vec());
    let source = format!("{}\n{PROBE}\n_missing({sources})", super::submission::PRELUDE);
    asking(ID, notebook, vec![SpecCell::Example { id: ID.to_owned(), source }])
}

/// A spec of nothing but these cells, whose errors are an answer.
pub(crate) fn asking(id: &str, notebook: &str, cells: Vec<SpecCell>) -> Spec {
    let unit = UnitSpec {
        needs: Vec::new(),
        id: id.to_owned(),
        title: notebook.to_owned(),
        clock: SpecClock::Wall,
        rev: 1,
        cells,
    };
    Spec {
        schema: SPEC_SCHEMA,
        notebook: notebook.to_owned(),
        units: vec![unit],
        older: Vec::new(),
    }
}

/// The modules that are not there. None when the question itself came to grief: then the
/// submissions tell.
pub(crate) fn answer(verdict: &Verdict) -> Vec<String> {
    let errors = verdict.units.iter().flat_map(|unit| &unit.errors);
    errors
        .filter(|error| error.ename == "ImportError")
        .flat_map(|error| error.evalue.split(','))
        .map(str::to_owned)
        .collect()
}

fn list(modules: &[String]) -> String {
    modules.iter().map(|module| format!("`{module}`")).collect::<Vec<_>>().join(", ")
}
