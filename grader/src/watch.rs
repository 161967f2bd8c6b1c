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
        Self { path: path.to_owned(), seen: HashMap::new() }
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
            if !seen.given && seen.since.elapsed() >= QUIET {
                seen.given = true;
                ready.push(path);
            }
        }
        ready.sort();
        Ok(ready)
    }
}
