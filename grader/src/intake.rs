//! Finding the submissions that a command line names.

mod archive;
mod attempt;
pub(crate) mod exchange;
mod platform;

pub use attempt::Mark;

use crate::nbgrader;
use cellist_formats::text_file::{self, TextFileError};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempPath;
use walkdir::{DirEntry, WalkDir};

/// A file that is to be graded.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The file, as it was named or found; in an archive, as if that were a folder.
    pub path: PathBuf,
    /// Where the file is that came out of an archive; removed with the last clone.
    unpacked: Option<Arc<TempPath>>,
}

impl Submission {
    pub(crate) fn file(path: PathBuf) -> Self {
        Self { path, unpacked: None }
    }

    /// The file's text.
    ///
    /// # Errors
    /// When it is missing, unreadable or not UTF-8.
    pub fn read(&self) -> Result<String, TextFileError> {
        let Some(unpacked) = &self.unpacked else { return text_file::read(&self.path) };
        let bytes = fs::read(unpacked.as_ref())
            .map_err(|source| TextFileError::Read { path: self.path.clone(), source })?;
        text_file::decode(&self.path, bytes)
    }

    /// Whose it is, as far as its path tells: the user in a folder of nbgrader's exchange; the number
    /// in the names that Moodle and Canvas give to what is downloaded from them; in
    /// `alice/day02/01-gather.ipynb`, handed in for the notebook `day02/01-gather.ipynb`, the folder
    /// above that path; else the file's own name. Marks of attempts are no part of it.
    pub fn learner(&self, notebook: &str) -> String {
        let notebook = Path::new(notebook);
        if let Some(inbound) = exchange::find(&self.path) {
            return inbound.learner.to_owned();
        }
        if let Some(id) = platform::learner(&self.path, notebook) {
            return id.to_owned();
        }
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let path = attempt::without_marks(&path, notebook);
        let depth = (1..=notebook.components().count()).rev().find(|depth| {
            let skipped = notebook.components().count() - depth;
            path.ends_with(notebook.components().skip(skipped).collect::<PathBuf>())
        });
        let name = match depth {
            Some(depth) => path.ancestors().nth(depth).and_then(Path::file_name),
            None => path.file_stem(),
        };
        let name = name.unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        match archive::without_ending(&name) {
            Some(learner) if self.unpacked.is_some() => attempt::unmarked(learner).to_owned(),
            _ => attempt::unmarked(&name).to_owned(),
        }
    }

    /// Which attempt it is, as far as that is known: by nbgrader's `timestamp.txt` beside it, and by
    /// its names.
    pub fn mark(&self, notebook: &str) -> Mark {
        let mark = attempt::mark(&self.path, Path::new(notebook));
        let beside = self.path.parent().filter(|_| self.unpacked.is_none());
        let time = beside.and_then(|folder| nbgrader::handed_in(folder).ok().flatten());
        Mark { time: time.or(mark.time), ..mark }
    }
}

/// Why an argument names nothing that can be graded. A file that does not exist is a submission
/// still: reading it says so.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// A folder without notebooks.
    #[error("`{}` holds no notebooks (`.ipynb`)", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A pattern that nothing matches.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A folder that cannot be read to its end.
    #[error("`{}` could not be searched: {reason}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// An archive that cannot be read to its end.
    #[error("the archive `{}` could not be read: {reason}; download it again", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A learner has handed in for a notebook, but not the attempt that was asked for.
    #[error("{learner} has no attempt `{name}` for `{notebook}`; there is {there}")]
    NoAttempt {
        /// The latest that there is.
        path: PathBuf,
        /// Whose.
        learner: String,
        /// What it is for.
        notebook: String,
        /// What was asked for.
        name: String,
        /// What there is, for people.
        there: String,
    },
    /// Something in an archive that nobody hands in by mistake.
    #[error("`{}` was refused: {reason}; ask who handed it in", path.display())]
    Refused {
        /// Its name within the archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl IntakeError {
    /// What was asked for.
    pub fn path(&self) -> &Path {
        match self {
            Self::EmptyFolder { path }
            | Self::Unreadable { path, .. }
            | Self::Archive { path, .. }
            | Self::NoAttempt { path, .. }
            | Self::Refused { path, .. } => path,
            Self::NoMatch { pattern } => Path::new(pattern),
        }
    }
}

/// What `arguments` name: files as they stand, the notebooks in folders and below and in archives
/// (zip, tar, tar.gz; not those in folders), and what patterns (`*`, `?`, `[…]`, `**`) match. In the arguments' order, each folder and pattern
/// sorted; a file that is named twice is taken once. Hidden files and folders (Jupyter's
/// checkpoints) are passed over.
pub fn collect(arguments: &[PathBuf]) -> Vec<Result<Submission, IntakeError>> {
    let mut seen = HashSet::new();
    let mut is_new = |found: &Result<Submission, IntakeError>| match found {
        Ok(Submission { path, .. }) => {
            seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone()))
        }
        Err(_) => true,
    };
    arguments.iter().flat_map(|argument| expand(argument)).filter(|found| is_new(found)).collect()
}

/// Whether a file may be handed in, by its name: a notebook or an archive, and not hidden.
pub(crate) fn is_submission(name: &str) -> bool {
    let is_notebook = Path::new(name).extension().is_some_and(|extension| extension == "ipynb");
    !name.starts_with('.') && (is_notebook || archive::without_ending(name).is_some())
}

fn expand(argument: &Path) -> Vec<Result<Submission, IntakeError>> {
    if argument.is_dir() {
        return folder(argument);
    }
    if let Some(found) = archive::open(argument) {
        return found;
    }
    match argument.to_str() {
        // A file may have such a name.
        Some(pattern) if pattern.contains(['*', '?', '[']) && !argument.exists() => {
            matches(pattern)
        }
        _ => vec![Ok(Submission::file(argument.to_owned()))],
    }
}

fn matches(pattern: &str) -> Vec<Result<Submission, IntakeError>> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let paths = glob::glob_with(pattern, options).into_iter().flatten().flatten();
    let found: Vec<_> = paths
        .flat_map(|path| match path.is_dir() {
            true => folder(&path),
            false => archive::open(&path).unwrap_or_else(|| vec![Ok(Submission::file(path))]),
        })
        .collect();
    match found.is_empty() {
        true => vec![Err(IntakeError::NoMatch { pattern: pattern.to_owned() })],
        false => found,
    }
}

fn folder(path: &Path) -> Vec<Result<Submission, IntakeError>> {
    let visible = |entry: &DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    let found: Vec<_> = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .filter_map(|entry| match entry {
            Ok(entry) => (entry.file_type().is_file()
                && entry.path().extension().is_some_and(|extension| extension == "ipynb"))
            .then(|| Ok(Submission::file(entry.into_path()))),
            Err(error) => Some(Err(IntakeError::Unreadable {
                path: error.path().unwrap_or(path).to_owned(),
                reason: error.to_string(),
            })),
        })
        .collect();
    match found.is_empty() {
        true => vec![Err(IntakeError::EmptyFolder { path: path.to_owned() })],
        false => found,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A folder with these empty files.
    fn folder_of(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    /// Paths below `root`, or messages.
    fn found(root: &Path, arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<PathBuf> = arguments.iter().map(|name| root.join(name)).collect();
        let shorten = |text: String| text.replace(&format!("{}/", root.display()), "");
        let texts = collect(&arguments).into_iter().map(|found| match found {
            Ok(submission) => submission.path.display().to_string(),
            Err(error) => format!("error: {error}"),
        });
        texts.map(shorten).collect()
    }

    #[test]
    fn folders_are_searched_in_order() {
        let root = folder_of(&["in/b/x.ipynb", "in/a/x.ipynb", "in/a/notes.txt", "in/z.ipynb"]);
        assert_eq!(found(root.path(), &["in"]), ["in/a/x.ipynb", "in/b/x.ipynb", "in/z.ipynb"]);
    }

    #[test]
    fn checkpoints_are_passed_over() {
        let root = folder_of(&["in/x.ipynb", "in/.ipynb_checkpoints/x-checkpoint.ipynb"]);
        assert_eq!(found(root.path(), &["in"]), ["in/x.ipynb"]);
        assert_eq!(found(root.path(), &["in/*"]), ["in/x.ipynb"]);
    }

    #[test]
    fn arguments_keep_their_order_and_files_come_once() {
        let root = folder_of(&["a.ipynb", "b.ipynb"]);
        let arguments = ["b.ipynb", "a.ipynb", "*.ipynb", "./b.ipynb"];
        assert_eq!(found(root.path(), &arguments), ["b.ipynb", "a.ipynb"]);
    }

    #[test]
    fn patterns_match_folders_too() {
        let root = folder_of(&["in/ann/x.ipynb", "in/bob/x.ipynb", "in/bob/y.ipynb"]);
        assert_eq!(found(root.path(), &["in/*/x.ipynb"]), ["in/ann/x.ipynb", "in/bob/x.ipynb"]);
        assert_eq!(found(root.path(), &["in/b*"]), ["in/bob/x.ipynb", "in/bob/y.ipynb"]);
    }

    #[test]
    fn a_file_with_a_pattern_for_a_name_is_a_file() {
        let root = folder_of(&["x[1].ipynb", "x1.ipynb"]);
        assert_eq!(found(root.path(), &["x[1].ipynb"]), ["x[1].ipynb"]);
    }

    #[test]
    fn what_names_nothing_is_said() {
        let root = folder_of(&["in/notes.txt"]);
        let want = [
            "error: `in` holds no notebooks (`.ipynb`)".to_owned(),
            "error: no file matches `in/*.ipynb`".to_owned(),
            "missing.ipynb".to_owned(),
        ];
        let root = root.path();
        let got = found(root, &["in", "in/*.ipynb", "missing.ipynb"]);
        let short = |text: &String| text.replace(&root.display().to_string(), "");
        assert_eq!(got.iter().map(short).collect::<Vec<_>>(), want);
    }

    #[test]
    fn learners_by_folder_or_file_name() {
        let root = folder_of(&["ann/day/u.ipynb", "bob/u.ipynb", "in/zoë.ipynb"]);
        let learner = |file: &str| Submission::file(root.path().join(file)).learner("day/u.ipynb");
        assert_eq!(learner("ann/day/u.ipynb"), "ann");
        assert_eq!(learner("bob/u.ipynb"), "bob");
        assert_eq!(learner("in/zoë.ipynb"), "zoë");
        assert_eq!(learner("in/not-there.ipynb"), "not-there");
    }

    #[test]
    fn learners_without_the_marks_of_attempts() {
        let learner = |file: &str| Submission::file(file.into()).learner("day/u.ipynb");
        for file in [
            "in/ann/attempt-2/day/u.ipynb",
            "in/ann/day/attempt 2/u.ipynb",
            "in/ann/2026-02-02T15-58-23/u.ipynb",
            "in/ann/u-1.ipynb",
            "in/ann/u (1).ipynb",
            "in/ann-attempt2/u.ipynb",
            "in/ann_2026-02-02.ipynb",
            "exchange/course/inbound/ann+ps1+2026-02-02 15:58:23 UTC+rnd/u.ipynb",
        ] {
            assert_eq!(learner(file), "ann", "{file}");
        }
        assert_eq!(learner("in/Lee (2)/u.ipynb"), "Lee (2)");
        assert_eq!(learner("in/student_2.ipynb"), "student_2");
    }
}
