//! A course's folder: its notebooks, its learners' submissions, its gradebook.

use super::gradebook::Gradebook;
use super::late::{self, LatePolicy};
use super::needs::{self, MissingModules};
use super::source::{Source, SourceError};
use super::submission;
use crate::assignments::{Ask, Assignments, Owner, Prepared};
use crate::batch::GradeError;
use crate::intake::{IntakeError, Submission, exchange};
use cellist_formats::notebook::Notebook;
use cellist_formats::verdict::Verdict;
use cellist_judge::Attachment;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use walkdir::WalkDir;

/// Why a course cannot be graded at all.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// A folder is not there or cannot be read.
    #[error(
        "`{}` is not a course of nbgrader: its folder `{step}` could not be read ({source}); name the \
         folder that holds `source` and `submitted`", root.display()
    )]
    Folder {
        /// The course.
        root: PathBuf,
        /// `source` or `submitted`.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No such assignment.
    #[error("`{}` has no assignment {name}; it has {there}", root.display())]
    Assignment {
        /// The course.
        root: PathBuf,
        /// What was asked for, or `with notebooks`.
        name: String,
        /// What there is.
        there: String,
    },
    /// The gradebook is broken.
    #[error("`{}` could not be read: {source}; move it away to grade without it", path.display())]
    Gradebook {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// There is no due date.
    #[error("no assignment has a due date in `{}`; set it in nbgrader's formgrader", path.display())]
    NoDueDate {
        /// The gradebook.
        path: PathBuf,
    },
}

/// A course of nbgrader.
#[derive(Debug)]
pub struct Course {
    root: PathBuf,
    /// By path within `source`.
    notebooks: BTreeMap<String, Entry>,
    gradebook: Gradebook,
    policy: LatePolicy,
}

#[derive(Debug)]
struct Entry {
    source: Result<Source, SourceError>,
    /// What else lies beside the notebook in `source`.
    files: Vec<Attachment>,
    /// Modules that it needs and that are not there; looked for with its first submission.
    missing: OnceLock<Vec<String>>,
}

impl Course {
    /// Reads the course in `root`, or only one assignment of it. Without `submitted` it need not have
    /// that folder: its submissions come from elsewhere.
    ///
    /// # Errors
    /// When it is no course, has no such assignment, its gradebook is broken, or the policy needs
    /// due dates and there are none. A broken notebook is told with its submissions.
    pub fn read(
        root: &Path,
        assignment: Option<&str>,
        policy: LatePolicy,
        submitted: bool,
    ) -> Result<Self, CourseError> {
        let unreadable =
            |step| move |source| CourseError::Folder { root: root.to_owned(), step, source };
        if submitted {
            folders(&root.join("submitted")).map_err(unreadable("submitted"))?;
        }
        let all = folders(&root.join("source")).map_err(unreadable("source"))?;
        let path = root.join("gradebook.db");
        let gradebook = match Gradebook::read(&path) {
            Ok(book) if policy != LatePolicy::None && book.due.is_empty() => {
                return Err(CourseError::NoDueDate { path });
            }
            Ok(book) => book,
            Err(source) => return Err(CourseError::Gradebook { path, source }),
        };
        let mut notebooks = BTreeMap::new();
        for name in all.iter().filter(|name| assignment.is_none_or(|wanted| wanted == *name)) {
            let folder = root.join("source").join(name);
            let files = attachments(&folder);
            for notebook in notebooks_in(&folder) {
                let notebook = format!("{name}/{notebook}");
                let source = Source::read(root, &notebook);
                let entry = Entry { source, files: files.clone(), missing: OnceLock::new() };
                notebooks.insert(notebook, entry);
            }
        }
        if notebooks.is_empty() {
            let there: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            return Err(CourseError::Assignment {
                root: root.to_owned(),
                name: assignment.map_or("with notebooks".to_owned(), |name| format!("`{name}`")),
                there: if there.is_empty() { "none".to_owned() } else { there.join(", ") },
            });
        }
        Ok(Self { root: root.to_owned(), notebooks, gradebook, policy })
    }

    /// The submissions, learner by learner, also the notebooks that learners left out; and what
    /// was passed over, for people.
    pub fn submissions(&self) -> (Vec<Result<Submission, IntakeError>>, Vec<String>) {
        let submitted = self.root.join("submitted");
        let (mut found, mut notes) = (Vec::new(), Vec::new());
        for learner in folders(&submitted).unwrap_or_default() {
            for assignment in folders(&submitted.join(&learner)).unwrap_or_default() {
                let folder = submitted.join(&learner).join(&assignment);
                self.take(&folder, &assignment, &mut found, &mut notes);
            }
        }
        if found.is_empty() {
            found.push(Err(IntakeError::EmptyFolder { path: submitted }));
        }
        (found, notes)
    }

    /// The submissions in folders `inbound` of an exchange, or in single ones of their folders; as
    /// [`Course::submissions`].
    pub fn inbound(
        &self,
        arguments: &[PathBuf],
    ) -> (Vec<Result<Submission, IntakeError>>, Vec<String>) {
        let (mut found, mut notes) = (Vec::new(), Vec::new());
        for path in arguments {
            let before = found.len();
            let within = folders(path).unwrap_or_default();
            let within = within.iter().map(|name| path.join(name));
            for folder in iter::once(path.clone()).chain(within) {
                if let Some(inbound) = inbound(&folder) {
                    self.take(&folder, inbound.assignment, &mut found, &mut notes);
                }
            }
            if found.len() == before {
                found.push(Err(IntakeError::EmptyFolder { path: path.clone() }));
            }
        }
        (found, notes)
    }

    /// What a learner handed in for an assignment.
    fn take(
        &self,
        folder: &Path,
        assignment: &str,
        found: &mut Vec<Result<Submission, IntakeError>>,
        notes: &mut Vec<String>,
    ) {
        let within = format!("{assignment}/");
        let wanted: Vec<&str> =
            self.notebooks.keys().filter_map(|name| name.strip_prefix(&within)).collect();
        if !wanted.is_empty() {
            let unknown = notebooks_in(folder);
            let unknown = unknown.iter().filter(|name| !wanted.contains(&name.as_str()));
            notes.extend(unknown.map(|name| {
                format!("`{}` is not in `source`; passed over", folder.join(name).display())
            }));
        }
        found.extend(wanted.iter().map(|name| Ok(Submission::file(folder.join(name)))));
    }

    /// The notebook that a submission is of.
    fn entry(&self, path: &Path) -> Option<(&str, &Entry)> {
        let mut names = path.iter().rev().filter_map(OsStr::to_str);
        let (file, folder) = (names.next()?, names.next()?);
        let assignment = exchange::read(folder).map_or(folder, |inbound| inbound.assignment);
        let (name, entry) = self.notebooks.get_key_value(&format!("{assignment}/{file}"))?;
        Some((name, entry))
    }

    /// Takes the points of a late submission, if the course is so strict.
    fn penalize(&self, path: &Path, learner: &str, verdict: &mut Verdict) {
        let Some(folder) = path.parent() else { return };
        let assignment = verdict.notebook.split('/').next().unwrap_or_default().to_owned();
        let handed_in = match late::handed_in(folder) {
            Ok(Some(time)) => time,
            Ok(None) => match inbound(folder) {
                Some(inbound) => inbound.time,
                None => return,
            },
            Err(reason) => {
                verdict.notes.push(format!("{reason}; it counts as in time"));
                return;
            }
        };
        let Some(due) = self.gradebook.due.get(&assignment) else { return };
        let extension = self.gradebook.extension(&assignment, learner);
        let Some(late) = late::lateness(handed_in, *due, extension) else { return };
        let late = late::note(late);
        match self.policy {
            LatePolicy::None => verdict.notes.push(late),
            LatePolicy::Zero => {
                verdict.notes.push(format!("{late}: of {} points none count", verdict.points));
                verdict.points = 0.0;
                verdict.forfeited = true;
            }
        }
    }
}

impl Assignments for Course {
    fn absent(&self, path: &Path) -> Option<Verdict> {
        let (_, entry) = self.entry(path)?;
        if path.exists() {
            return None;
        }
        Some(self.settle(path, submission::absent(entry.source.as_ref().ok()?)))
    }

    fn prepare(
        &self,
        path: &Path,
        notebook: &Notebook,
        ask: &mut Ask<'_>,
    ) -> Result<Prepared<'_>, GradeError> {
        let Some((name, entry)) = self.entry(path) else {
            return Err(GradeError::Source(format!("`{}` is not in `source`", path.display())));
        };
        let source =
            entry.source.as_ref().map_err(|error| GradeError::Source(error.to_string()))?;
        let missing = match entry.missing.get() {
            Some(missing) => missing,
            None => {
                let verdict = ask(&needs::question(name, &source.code), &entry.files)?;
                entry.missing.get_or_init(|| needs::answer(&verdict))
            }
        };
        if !missing.is_empty() {
            let (notebook, modules) = (name.to_owned(), missing.clone());
            return Err(MissingModules { notebook, modules, grader: "nbgrader" }.into());
        }
        let rebuilt = submission::rebuild(source, notebook)?;
        // As nbgrader does it: the learner's files, and over them the course's.
        let mut files: HashMap<PathBuf, Attachment> = HashMap::new();
        let own = path.parent().map(attachments).unwrap_or_default();
        for file in own.into_iter().chain(entry.files.iter().cloned()) {
            files.insert(file.name.clone(), file);
        }
        Ok(Prepared {
            spec: Cow::Owned(rebuilt.spec),
            answers: rebuilt.answers,
            files: files.into_values().collect(),
            notes: rebuilt.notes,
        })
    }

    fn settle(&self, path: &Path, mut verdict: Verdict) -> Verdict {
        if let Some((_, Entry { source: Ok(source), .. })) = self.entry(path) {
            submission::add_missing(source, &mut verdict);
        }
        let learner = learner(path);
        self.gradebook.apply(&learner, &mut verdict);
        self.penalize(path, &learner, &mut verdict);
        verdict
    }

    fn learner(&self, path: &Path) -> Option<String> {
        Some(learner(path))
    }

    fn owner(&self, submission: &Submission) -> Option<Owner> {
        let notebook = self.entry(&submission.path).map(|(name, _)| name.to_owned());
        Some(Owner { learner: learner(&submission.path), notebook })
    }
}

/// What the name of a folder of the exchange says.
fn inbound(folder: &Path) -> Option<exchange::Inbound<'_>> {
    exchange::read(folder.file_name()?.to_str()?)
}

/// `submitted/LEARNER/ASSIGNMENT/NOTEBOOK.ipynb`, or a folder of the exchange.
fn learner(path: &Path) -> String {
    if let Some(inbound) = path.parent().and_then(inbound) {
        return inbound.learner.to_owned();
    }
    let folder = path.ancestors().nth(2).and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}

/// Names of the folders in a folder, sorted; hidden ones are passed over.
fn folders(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && entry.path().is_dir()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Names of the notebooks in a folder, sorted.
fn notebooks_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".ipynb") && !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The files in a folder and below but for notebooks and what nbgrader ignores. Symbolic links are
/// no files here: a learner's may lead anywhere.
fn attachments(folder: &Path) -> Vec<Attachment> {
    let ignored = ["__pycache__", "feedback", ".ipynb_checkpoints"];
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|entry| {
        entry.depth() == 0 || entry.file_name().to_str().is_none_or(|name| !ignored.contains(&name))
    });
    files
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| {
            let kind = entry.path().extension().and_then(OsStr::to_str);
            !matches!(kind, Some("ipynb" | "pyc"))
        })
        .filter_map(|entry| {
            let name = entry.path().strip_prefix(folder).ok()?.to_owned();
            Some(Attachment { name, file: entry.into_path() })
        })
        .collect()
}
