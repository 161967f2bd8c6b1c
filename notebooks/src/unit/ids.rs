//! Cell ids: `<unit>-<cell>`, at most 64 characters of `[A-Za-z0-9_-]` (nbformat 4.5).
//!
//! Not hashes of the content: learners edit cells, authors mend typos, and the id must stay.

use crate::diagnostic::Problems;
use std::collections::HashMap;

/// Longest cell id that nbformat 4.5 allows.
const LONGEST: usize = 64;

/// Gives out the ids of one unit.
pub(super) struct Ids {
    unit: String,
    /// Declared names and the lines of their fences.
    declared: HashMap<String, usize>,
    /// How many cells a section has by now.
    counters: HashMap<String, usize>,
}

impl Ids {
    pub(super) fn new(unit: &str) -> Self {
        Self { unit: unit.to_owned(), declared: HashMap::new(), counters: HashMap::new() }
    }

    /// Takes note of a name that a fence declares. Call for all of them before [`Ids::derive`].
    pub(super) fn declare(&mut self, name: &str, line: usize, problems: &mut Problems) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let room = LONGEST.saturating_sub(self.unit.len() + 1);
        if !name.chars().all(allowed) {
            problems.add(
                line,
                format!("the id `{name}` is not allowed"),
                "use A-Z, a-z, 0-9, `-` and `_`",
            );
        } else if name.len() > room {
            let message = format!("the id `{name}` is too long");
            problems.add(
                line,
                message,
                format!(
                    "use at most {room} characters, so that `{}-…` fits into {LONGEST}",
                    self.unit
                ),
            );
        }
        match self.declared.get(name) {
            Some(first) => {
                let message = format!("the id `{name}` is used twice, first at line {first}");
                problems.add(line, message, "give one of the fences another id");
            }
            None => {
                self.declared.insert(name.to_owned(), line);
            }
        }
    }

    /// A name for a cell without one: the section's slug, then a counter.
    pub(super) fn derive(&mut self, section: &str, suffix: &str) -> String {
        // Room for the unit, two dashes and a counter of three digits.
        let room = LONGEST.saturating_sub(self.unit.len() + suffix.len() + 5).max(1);
        let mut slug = slug(section);
        slug.truncate(room);
        let base = format!("{}{suffix}", slug.trim_end_matches('-'));
        loop {
            let counter = self.counters.entry(base.clone()).or_insert(0);
            *counter += 1;
            let name = if *counter == 1 { base.clone() } else { format!("{base}-{counter}") };
            if !self.declared.contains_key(&name) {
                self.declared.insert(name.clone(), 0);
                return name;
            }
        }
    }

    /// The cell id of a name.
    pub(super) fn cell_id(&self, name: &str) -> String {
        format!("{}-{name}", self.unit)
    }
}

/// Lower-case letters and digits with single dashes; `text` when nothing is left.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "text".to_owned() } else { slug.to_owned() }
}
