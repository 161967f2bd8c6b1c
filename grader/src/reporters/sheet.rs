//! Learners by notebooks: what a learning platform takes in. One of a learner's submissions for a
//! notebook counts, the last that was graded.

use super::feedback::{check_name, number, possible, total};
use super::json::Entry;
use cellist_formats::verdict::{Status, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Learners by notebooks.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Notebook to the points it is worth; of several revisions the most.
    pub(super) notebooks: BTreeMap<String, f64>,
    /// Learner to notebook to mark.
    pub(super) learners: BTreeMap<String, BTreeMap<String, Mark>>,
}

/// A learner's result for a notebook.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// Points, and a sentence on them.
    Points(f64, String),
    /// Need not hand it in.
    Excused,
}

impl Sheet {
    /// From the submissions that were graded.
    pub fn new(entries: &[Entry]) -> Self {
        let mut sheet = Self::default();
        for entry in entries {
            let (Some(verdict), Some(learner)) = (&entry.verdict, &entry.learner) else { continue };
            let most = sheet.notebooks.entry(verdict.notebook.clone()).or_default();
            *most = most.max(possible(verdict));
            let mark = Mark::Points(verdict.points, summary(verdict));
            let marks = sheet.learners.entry(learner.clone()).or_default();
            marks.insert(verdict.notebook.clone(), mark);
        }
        sheet
    }

    /// Takes a learner out of a notebook's marks.
    pub fn excuse(&mut self, learner: &str, notebook: &str) {
        let marks = self.learners.entry(learner.to_owned()).or_default();
        marks.insert(notebook.to_owned(), Mark::Excused);
        self.notebooks.entry(notebook.to_owned()).or_default();
    }

    /// Notebook to its column's heading: the file's name without its ending, or the whole path
    /// where two would be called the same.
    pub(super) fn headings(&self) -> BTreeMap<&str, String> {
        let short = |notebook: &str| {
            let name = notebook.rsplit('/').next().unwrap_or(notebook);
            name.strip_suffix(".ipynb").unwrap_or(name).to_owned()
        };
        let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for notebook in self.notebooks.keys() {
            if !once.insert(short(notebook)) {
                twice.insert(short(notebook));
            }
        }
        let heading = |notebook: &str| match short(notebook) {
            name if twice.contains(&name) => {
                notebook.strip_suffix(".ipynb").unwrap_or(notebook).to_owned()
            }
            name => name,
        };
        self.notebooks.keys().map(|notebook| (notebook.as_str(), heading(notebook))).collect()
    }
}

/// Names and points; nothing that a learner's program wrote.
fn summary(verdict: &Verdict) -> String {
    let mut lost = Vec::new();
    for unit in &verdict.units {
        for item in &unit.items {
            if item.status != Status::Manual && item.points < item.max_points {
                let (got, most) = (number(item.points), number(item.max_points));
                lost.push(format!("{} {}: {got}/{most}", unit.id, check_name(unit, item)));
            }
        }
    }
    match lost.is_empty() {
        true => total(verdict),
        false => format!("{}. {}", total(verdict), lost.join("; ")),
    }
}
