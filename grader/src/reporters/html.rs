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
mod picture;
mod statistics;

use super::json::Entry;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Folder of the learners' pages.
const LEARNERS: &str = "learners";

/// The pages: paths within the folder, and their text. `index.html`, the overview, is the first. Each
/// is made when it is asked for: with their pictures they are large.
pub fn pages(entries: &[Entry]) -> impl Iterator<Item = (PathBuf, String)> {
    let mut learners: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.verdict.is_some()) {
        let learner = entry.learner.as_deref().unwrap_or(&entry.submission);
        learners.entry(learner).or_default().push(entry);
    }
    let files = names::file_names(learners.keys().copied());
    let overview = overview::page(entries, &files);
    let pages = learners.into_iter().zip(files.into_values());
    // Both are in the order of the learners' names, and have one each.
    let pages = pages.map(|((learner, entries), file)| {
        (PathBuf::from(LEARNERS).join(file), learner::page(learner, &entries))
    });
    std::iter::once((PathBuf::from("index.html"), overview)).chain(pages)
}
