//! What is wrong in an author's file, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing to repair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file.
    pub path: PathBuf,
    /// Line in it, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

/// Collects the diagnostics of one file, so that its author sees all of them at once.
#[derive(Debug)]
pub(crate) struct Problems {
    path: PathBuf,
    found: Vec<Diagnostic>,
}

impl Problems {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), found: Vec::new() }
    }

    /// Notes a problem at a line of the file (0: the file as a whole).
    pub(crate) fn add(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic {
            path: self.path.clone(),
            line,
            message: message.into(),
            help: help.into(),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The problems in the order of their lines.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }
}

/// `, did you mean …` for a word that resembles one of `known`; otherwise the list of them.
pub fn suggest(word: &str, known: &[&str]) -> String {
    let similar = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance);
    match similar {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => "nothing is known by that name here; remove it".to_owned(),
        None => format!("known here: {}", list(known)),
    }
}

/// "`a`, `b`".
pub(crate) fn list<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
