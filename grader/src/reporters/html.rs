//! Pages to read in a browser or on paper: feedback for each learner, and an overview of the class.
//!
//! Every page stands alone: no scripts, no fonts, nothing from elsewhere, and a policy that forbids
//! it, should a learner's text ever get through as markup. What learners read is in a folder of its
//! own, so that it can be handed out without the overview.

mod charts;
mod learner;
mod names;
mod overview;
mod page;
mod statistics;

use super::json::Entry;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Folder of the learners' pages.
const LEARNERS: &str = "learners";

/// The pages: paths within the folder, and their text. `index.html` is the overview.
pub fn pages(entries: &[Entry]) -> Vec<(PathBuf, String)> {
    let mut learners: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.verdict.is_some()) {
        let learner = entry.learner.as_deref().unwrap_or(&entry.submission);
        learners.entry(learner).or_default().push(entry);
    }
    let files = names::file_names(learners.keys().copied());
    let overview = overview::page(entries, &files);
    let mut pages = vec![(PathBuf::from("index.html"), overview)];
    for (learner, entries) in &learners {
        if let Some(file) = files.get(learner) {
            pages.push((PathBuf::from(LEARNERS).join(file), learner::page(learner, entries)));
        }
    }
    pages
}
