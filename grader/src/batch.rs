//! Judging many submissions, several at a time. What is wrong with one stays with it.

use crate::assignments::Assignments;
use crate::intake::{IntakeError, Submission};
use crate::nbgrader::{MissingModules, NewerMetadata};
use crate::specs::Foreign;
use cellist_formats::notebook::{Notebook, NotebookError};
use cellist_formats::spec::Spec;
use cellist_formats::verdict::Verdict;
use cellist_judge::{Attachment, ForeignNotebook, Judge, JudgeError, Limits};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// How to judge.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The executable with the subcommand `judge-child`.
    pub program: PathBuf,
    /// What each submission may use.
    pub limits: Limits,
    /// How many are judged at the same time.
    pub jobs: NonZero<usize>,
    /// Seed of Python's string hashes.
    pub seed: u32,
}

/// What became of a submission.
#[derive(Debug)]
pub struct Graded {
    /// The file.
    pub path: PathBuf,
    /// Whose it is, as far as that is known.
    pub learner: Option<String>,
    /// What exactly was graded, once that is known.
    pub identity: Option<Identity>,
    /// The verdict, or why there is none.
    pub result: Result<Verdict, GradeError>,
}

/// Tells a submission and its assignment from all others: with the seed and the version of the
/// grader, the same gives the same verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of the submitted file's text, in hexadecimal digits.
    pub submission: String,
    /// SHA-256 of the spec, its units in the revisions that were graded, in hexadecimal digits.
    pub revision: String,
}

/// Why there is no verdict on a submission.
#[derive(Debug, thiserror::Error)]
pub enum GradeError {
    /// Nothing to grade was found.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The file is missing or broken.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    /// It is for none of the specs.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// It has no cell of its spec.
    #[error(transparent)]
    ForeignNotebook(#[from] ForeignNotebook),
    /// Its assignment cannot be graded.
    #[error("{0}")]
    Source(String),
    /// It needs what this Python does not have.
    #[error(transparent)]
    MissingModules(#[from] MissingModules),
    /// It was made by a newer nbgrader.
    #[error(transparent)]
    NewerMetadata(#[from] NewerMetadata),
    /// This machine failed.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A mistake of this program's.
    #[error("grading it hit a mistake in cellist itself; please report this")]
    Panicked,
}

/// Judges everything that was found; `done` gets the results one by one in the order of
/// `found`, each as soon as it and all before it are there. `first` is a judge that has been started
/// already; others are started as they are needed.
pub fn grade(
    found: Vec<Result<Submission, IntakeError>>,
    assignments: &dyn Assignments,
    settings: &Settings,
    first: Option<Judge>,
    mut done: impl FnMut(Graded),
) {
    let next = AtomicUsize::new(0);
    let mut first = first;
    let (submissions, mut waiting): (Vec<Option<Submission>>, Vec<Option<Graded>>) = found
        .into_iter()
        .map(|found| match found {
            Ok(submission) => (Some(submission), None),
            Err(error) => {
                let path = error.path().to_owned();
                let result = Err(error.into());
                (None, Some(Graded { path, learner: None, identity: None, result }))
            }
        })
        .unzip();
    let workers = settings.jobs.get().min(submissions.len());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..workers {
            let (sender, next, submissions) = (sender.clone(), &next, &submissions);
            let judge = first.take();
            scope.spawn(move || {
                let mut worker = Worker { assignments, settings, judge };
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = submissions.get(index) else { break };
                    if let Some(submission) = slot {
                        // Nobody receives when the caller's `done` has panicked.
                        let _ = sender.send((index, worker.safely(submission)));
                    }
                }
            });
        }
        drop(sender);
        let mut next_out = 0;
        let mut hand_out = |waiting: &mut Vec<Option<Graded>>| {
            while let Some(graded) = waiting.get_mut(next_out).and_then(Option::take) {
                done(graded);
                next_out += 1;
            }
        };
        hand_out(&mut waiting);
        for (index, graded) in receiver {
            waiting[index] = Some(graded);
            hand_out(&mut waiting);
        }
    });
}

/// One thread's judge, started with its first submission.
struct Worker<'a> {
    assignments: &'a dyn Assignments,
    settings: &'a Settings,
    judge: Option<Judge>,
}

impl Worker<'_> {
    fn safely(&mut self, submission: &Submission) -> Graded {
        let mut learner = self.assignments.learner(&submission.path);
        let mut identity = None;
        let judged = catch_unwind(AssertUnwindSafe(|| {
            self.judge(submission, |found, spec| {
                learner.get_or_insert_with(|| submission.learner(&spec.notebook));
                identity = Some(found);
            })
        }));
        let result = judged.unwrap_or_else(|_| {
            // It may be in the middle of something.
            self.judge = None;
            Err(GradeError::Panicked)
        });
        Graded { path: submission.path.clone(), learner, identity, result }
    }

    fn judge(
        &mut self,
        submission: &Submission,
        found: impl FnOnce(Identity, &Spec),
    ) -> Result<Verdict, GradeError> {
        let (assignments, path) = (self.assignments, &submission.path);
        if let Some(verdict) = assignments.absent(path) {
            return Ok(verdict);
        }
        let text = submission.read().map_err(NotebookError::from)?;
        let notebook = Notebook::parse(&text, path)?;
        let submission = hash(&text);
        let mut ask = |spec: &Spec, files: &[Attachment]| self.run(spec, &BTreeMap::new(), files);
        let prepared = assignments.prepare(path, &notebook, &mut ask)?;
        // Outputs may be large.
        drop(text);
        drop(notebook);
        // Revisions of a unit that were not asked for do not count.
        let graded = Spec { older: Vec::new(), ..prepared.spec.clone().into_owned() };
        found(Identity { submission, revision: hash(&graded.to_text()) }, &prepared.spec);
        let verdict = self.run(&prepared.spec, &prepared.answers, &prepared.files)?;
        let notes = [prepared.notes, verdict.notes].concat();
        Ok(assignments.settle(path, Verdict { notes, ..verdict }))
    }

    fn run(
        &mut self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
    ) -> Result<Verdict, GradeError> {
        let judge = match self.judge.take() {
            Some(judge) => judge,
            None => Judge::with_limits(&self.settings.program, self.settings.limits)?,
        };
        let judge = self.judge.insert(judge);
        Ok(judge.grade_with(spec, answers, files, self.settings.seed)?)
    }
}

/// SHA-256 of a text, in hexadecimal digits.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
