//! A plan: the document in which somebody wrote down what a course is to teach. Its items are
//! what units cover.

mod ids;
mod outline;
mod repair;
mod unfold;

use cellist_formats::text_file;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use outline::Item;

/// A plan and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name, the first part of every item's id.
    pub id: String,
    /// The file.
    pub path: PathBuf,
    /// What it asks for, in the order of the text.
    pub items: Vec<Item>,
}

/// Short names for headings, by what the heading says before a colon, a bracket or its number:
/// `Exercise` for "Exercise 6: Queue". A short name that begins with `/` begins an id anew, an
/// empty one adds nothing to it.
pub type ShortNames = BTreeMap<String, String>;

impl Plan {
    /// Reads a plan as its author gave it: text that was decoded wrongly is repaired, and a plan
    /// on a single line is unfolded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(
        id: &str,
        path: &Path,
        short: &ShortNames,
    ) -> Result<Self, text_file::TextFileError> {
        Ok(Self::parse(id, path, &text_file::read(path)?, short))
    }

    /// As [`Plan::read`], from the file's text.
    pub fn parse(id: &str, path: &Path, text: &str, short: &ShortNames) -> Self {
        let items = outline::items(id, &clean(text), short);
        Self { id: id.to_owned(), path: path.to_owned(), items }
    }

    /// The items that `name` stands for: the one of this id, or all below it.
    pub fn matching<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(move |item| covers(name, &item.id))
    }
}

/// Whether `name` is the item's id, or that of a part of the plan in which it stands.
fn covers(name: &str, id: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The plan's text as its author meant it: see [`Plan::read`]. Correct text stays as it is.
pub fn clean(text: &str) -> String {
    unfold::unfold(&repair::repair(text))
}
