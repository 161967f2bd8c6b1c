//! Assignments of Otter's, and the submissions that are held against them.

use super::handed_in::{self, Files};
use super::origin::{self, Origin};
use super::questions::{self, Question};
use super::submission;
use crate::assignments::{Ask, Assignments, Prepared};
use crate::batch::GradeError;
use crate::nbgrader::{self, MissingModules};
use cellist_formats::notebook::{CellType, Notebook};
use cellist_formats::verdict::Verdict;
use cellist_judge::Attachment;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Why an assignment cannot be graded at all.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is no assignment of Otter's: {reason}", path.display())]
pub struct OtterError {
    /// What was named.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// Assignments of Otter's.
#[derive(Debug)]
pub struct OtterAssignments {
    all: Vec<Assignment>,
    /// Which assignment a submission that is being judged is for, and its own files.
    chosen: Mutex<HashMap<PathBuf, (usize, Option<Files>)>>,
}

#[derive(Debug)]
struct Assignment {
    origin: Origin,
    /// Read with the first submission.
    questions: OnceLock<Vec<Question>>,
    /// Modules that are not there, by the lines of a submission that import: the instructor's code may
    /// not be at hand.
    missing: Mutex<HashMap<BTreeSet<String>, Vec<String>>>,
}

impl OtterAssignments {
    /// Reads the assignments at these paths: notebooks for `otter assign`, what it made, or folders of
    /// them.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn read(paths: &[PathBuf]) -> Result<Self, OtterError> {
        let mut all = Vec::new();
        for path in paths {
            let found =
                origin::read(path).map_err(|reason| OtterError { path: path.clone(), reason })?;
            all.extend(found.into_iter().map(|origin| Assignment {
                origin,
                questions: OnceLock::new(),
                missing: Mutex::default(),
            }));
        }
        Ok(Self { all, chosen: Mutex::default() })
    }

    /// The assignment that a submission is for: by the name in its metadata, its file's name, or
    /// because there is only one. `Err` says which there are.
    fn find(&self, path: &Path, notebook: &Notebook) -> Result<usize, String> {
        let own = submission::assignment_name(notebook);
        let stem = path.file_stem().and_then(OsStr::to_str);
        let by = |matches: &dyn Fn(&Assignment) -> bool| self.all.iter().position(matches);
        let named = own.and_then(|own| by(&|one| one.name() == Some(own)));
        let found = named.or_else(|| by(&|one| Some(one.origin.title.as_str()) == stem));
        let found = found.or_else(|| (self.all.len() == 1).then_some(0));
        let there = || {
            let names = self.all.iter().map(|one| format!("`{}`", one.origin.title));
            names.collect::<Vec<_>>().join(", ")
        };
        let Some(index) = found else {
            return Err(format!(
                "it is for none of the assignments {}; name the one that it is for",
                there()
            ));
        };
        match (self.all[index].name(), own) {
            // Otter refuses it, too.
            (Some(wanted), own) if own != Some(wanted) => Err(match own {
                Some(own) => format!("it is for the assignment `{own}`, and this is `{wanted}`"),
                None => format!("it does not say in its metadata that it is for `{wanted}`"),
            }),
            _ => Ok(index),
        }
    }
}

impl Assignment {
    fn name(&self) -> Option<&str> {
        self.origin.config.assignment_name.as_deref()
    }

    fn questions(&self, ask: &mut Ask<'_>) -> Result<&[Question], GradeError> {
        if let Some(questions) = self.questions.get() {
            return Ok(questions);
        }
        let Origin { title, questions: raw, files, .. } = &self.origin;
        let verdict = ask(&questions::reader(title, raw), files)?;
        let read = questions::read(title, &verdict)?;
        Ok(self.questions.get_or_init(|| read))
    }

    /// # Errors
    /// When it needs what this Python does not have.
    fn needs(
        &self,
        questions: &[Question],
        notebook: &Notebook,
        ask: &mut Ask<'_>,
    ) -> Result<(), GradeError> {
        let lines = notebook
            .cells
            .iter()
            .filter(|cell| cell.cell_type() == CellType::Code && self.origin.code.is_empty())
            .flat_map(|cell| cell.source().lines())
            .filter(|line| line.starts_with("import ") || line.starts_with("from "));
        let lines: BTreeSet<String> = lines.map(str::to_owned).collect();
        let known =
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).get(&lines).cloned();
        let title = &self.origin.title;
        let modules = match known {
            Some(modules) => modules,
            None => {
                let tests = questions::code(questions).map(str::to_owned);
                let code = self.origin.code.iter().chain(&lines).cloned().chain(tests);
                let question = nbgrader::needs_question(title, &code.collect::<Vec<_>>());
                let modules = nbgrader::needs_answer(&ask(&question, &self.origin.files)?);
                let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                missing.entry(lines).or_insert(modules).clone()
            }
        };
        match modules.is_empty() {
            true => Ok(()),
            false => {
                Err(MissingModules { notebook: title.clone(), modules, grader: "Otter" }.into())
            }
        }
    }
}

impl Assignments for OtterAssignments {
    fn prepare(
        &self,
        path: &Path,
        notebook: &Notebook,
        ask: &mut Ask<'_>,
    ) -> Result<Prepared<'_>, GradeError> {
        let told = |why| GradeError::Source(format!("`{}`: {why}", path.display()));
        let index = self.find(path, notebook).map_err(told)?;
        let assignment = &self.all[index];
        let questions = assignment.questions(ask)?;
        assignment.needs(questions, notebook, ask)?;
        let Origin { title, config, manual, files, .. } = &assignment.origin;
        let rebuilt = submission::rebuild(title, config, questions, manual, notebook);
        let own = handed_in::beside(path).map_err(GradeError::Source)?;
        // As Otter does it: the learner's files, and over them the assignment's.
        let mut beside: HashMap<PathBuf, Attachment> = HashMap::new();
        for file in own.iter().flat_map(Files::attachments).chain(files.iter().cloned()) {
            beside.insert(file.name.clone(), file);
        }
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.insert(path.to_owned(), (index, own));
        Ok(Prepared {
            spec: Cow::Owned(rebuilt.spec),
            answers: rebuilt.answers,
            files: beside.into_values().collect(),
            notes: Vec::new(),
        })
    }

    fn settle(&self, path: &Path, mut verdict: Verdict) -> Verdict {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
        let assignment = chosen.as_ref().and_then(|(index, _)| self.all.get(*index));
        if let Some(Assignment { origin, questions, .. }) = assignment
            && let Some(questions) = questions.get()
        {
            submission::settle(&origin.config, questions, &origin.manual, &mut verdict);
        }
        verdict
    }
}
