//! A folder that submissions are dropped into.
//!
//! The folder is looked through again and again. A system that tells of changes (inotify) hears
//! nothing of what other machines write into a shared folder, and cannot say either when a copy is
//! complete.

use crate::intake;
use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use walkdir::{DirEntry, WalkDir};

/// A file that has not changed for so long is complete.
const QUIET: Duration = Duration::from_secs(1);

/// A folder that submissions are dropped into.
#[derive(Debug)]
pub struct DropFolder {
    path: PathBuf,
    quiet: Duration,
    seen: HashMap<PathBuf, Seen>,
}

#[derive(Debug)]
struct Seen {
    state: State,
    /// No change since then.
    since: Instant,
    given: bool,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

impl State {
    fn of(file: &Metadata) -> Self {
        let changed = (file.mtime(), file.mtime_nsec());
        Self { inode: file.ino(), bytes: file.len(), changed }
    }
}

impl DropFolder {
    /// Everything that is in the folder already is new.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), quiet: QUIET, seen: HashMap::new() }
    }

    /// Looks through the folder and those below: notebooks and archives that are complete, and new or
    /// changed since they were given out, by name.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn look(&mut self) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(&self.path)?;
        let visible = |entry: &DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        };
        let found = WalkDir::new(&self.path).sort_by_file_name().into_iter().filter_entry(visible);
        // What vanishes meanwhile is not there.
        let files: HashMap<PathBuf, State> = found
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .filter(|entry| entry.file_name().to_str().is_some_and(intake::is_submission))
            .filter_map(|entry| Some((State::of(&entry.metadata().ok()?), entry.into_path())))
            .map(|(state, path)| (path, state))
            .collect();
        self.seen.retain(|path, _| files.contains_key(path));
        let mut ready = Vec::new();
        for (path, state) in files {
            let since = Instant::now();
            let new = || Seen { state, since, given: false };
            let seen = self.seen.entry(path.clone()).or_insert_with(new);
            if seen.state != state {
                *seen = new();
            }
            if !seen.given && seen.since.elapsed() >= self.quiet {
                seen.given = true;
                ready.push(path);
            }
        }
        ready.sort();
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::fs;

    fn found(folder: &mut DropFolder) -> Vec<String> {
        let names = folder.look().unwrap();
        names.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn files_are_given_out_once_and_when_they_change() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = DropFolder { quiet: Duration::ZERO, ..DropFolder::new(root.path()) };
        for name in ["b.ipynb", "a.zip", "notes.txt", ".hidden.ipynb", "c.ipynb.part"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        assert_eq!(found(&mut folder), ["a.zip", "b.ipynb"]);
        assert!(found(&mut folder).is_empty());
        fs::write(root.path().join("b.ipynb"), "longer").unwrap();
        assert_eq!(found(&mut folder), ["b.ipynb"]);
        fs::remove_file(root.path().join("a.zip")).unwrap();
        assert!(found(&mut folder).is_empty());
        fs::write(root.path().join("a.zip"), "x").unwrap();
        assert_eq!(found(&mut folder), ["a.zip"]);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_complete() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = DropFolder { quiet: Duration::MAX, ..DropFolder::new(root.path()) };
        fs::write(root.path().join("a.ipynb"), "x").unwrap();
        assert!(found(&mut folder).is_empty() && found(&mut folder).is_empty());
        folder.quiet = Duration::ZERO;
        assert_eq!(found(&mut folder), ["a.ipynb"]);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(DropFolder::new(&root.path().join("nothing")).look().is_err());
    }
}
