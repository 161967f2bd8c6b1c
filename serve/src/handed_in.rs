//! The notebooks that were handed in, found again for what the gradebook has.

use crate::work::Grader;
use cellist_gradebook::Standing;
use cellist_grader::batch::hash;
use cellist_grader::intake::{self, Submission};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A submission's file beside its scores.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// What was graded.
    Same(Submission, String),
    /// A file of that name, but other than it was when it was graded.
    Changed(Submission, String),
    /// Not there any more.
    Missing,
}

/// Finds submissions: where they were when they were graded, or by what is in them.
pub(crate) struct HandedIn {
    grader: Option<Arc<dyn Grader>>,
    seen: Mutex<Option<Arc<Seen>>>,
}

/// What the command line named, at one time.
struct Seen {
    by_path: HashMap<String, Submission>,
    /// By the hash of the text; read when it is first asked for.
    by_hash: Mutex<Option<HashMap<String, Submission>>>,
}

impl HandedIn {
    pub(crate) fn new(grader: Option<Arc<dyn Grader>>) -> Self {
        Self { grader, seen: Mutex::new(None) }
    }

    /// Forgets what was seen: files may have come.
    pub(crate) fn look_again(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The file that this was graded from.
    pub(crate) fn find(&self, standing: &Standing) -> Found {
        let seen = self.seen();
        let there = seen.by_path.get(&standing.file).cloned().or_else(|| on_disk(&standing.file));
        let read = there.and_then(|file| Some((file.read().ok()?, file)));
        match read {
            Some((text, file)) if hash(&text) == standing.submission => Found::Same(file, text),
            other => {
                if let Some(file) = seen.by_hash(&standing.submission)
                    && let Ok(text) = file.read()
                    && hash(&text) == standing.submission
                {
                    return Found::Same(file, text);
                }
                other.map_or(Found::Missing, |(text, file)| Found::Changed(file, text))
            }
        }
    }

    fn seen(&self) -> Arc<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seen.get_or_insert_with(|| {
            let submissions = self.grader.iter().flat_map(|grader| grader.submissions());
            let by_path = submissions.map(|one| (one.path.to_string_lossy().into_owned(), one));
            Arc::new(Seen { by_path: by_path.collect(), by_hash: Mutex::new(None) })
        });
        Arc::clone(found)
    }
}

impl Seen {
    fn by_hash(&self, wanted: &str) -> Option<Submission> {
        let mut by_hash = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        let known = by_hash.get_or_insert_with(|| {
            let read = self.by_path.values().filter_map(|one| Some((one.read().ok()?, one)));
            read.map(|(text, one)| (hash(&text), one.clone())).collect()
        });
        known.get(wanted).cloned()
    }
}

/// The path that `cellist grade` was given, seen from here.
fn on_disk(file: &str) -> Option<Submission> {
    let path = PathBuf::from(file);
    if !path.is_file() {
        return None;
    }
    intake::collect(&[path]).into_iter().flatten().next()
}
