//! Judging many submissions, several at a time. What is wrong with one stays with it.

mod journal;
mod worker;

pub use journal::{Journal, JournalError};

use crate::assignments::Assignments;
use crate::attempts::{Attempt, Planned};
use crate::intake::{IntakeError, Submission};
use crate::nbgrader::{MissingModules, NewerMetadata};
use crate::specs::Foreign;
use cellist_formats::notebook::NotebookError;
use cellist_formats::verdict::Verdict;
use cellist_judge::{CheckRuns, ForeignNotebook, Judge, JudgeError, Level, Limits};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use worker::Worker;

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
    /// Look closely at checks: what they run, and how long. Verdicts are the same.
    pub watched: bool,
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
    /// What was seen of its checks, if they were watched and it was judged in this run.
    pub runs: CheckRuns,
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

/// What became of a submission of a batch.
#[derive(Debug)]
pub struct Done {
    /// What became of it.
    pub graded: Graded,
    /// Its place among the learner's attempts, when there are several.
    pub attempt: Option<Attempt>,
    /// How far it was locked away while it ran; `None` when it did not run.
    pub level: Option<Level>,
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
    let batch = Batch::new(assignments, settings, first);
    batch.grade(found.into_iter().map(Planned::from).collect(), |one| done(one.graded));
}

/// Judges what is planned, as often as one likes: its judges stay warm.
pub struct Batch<'a> {
    assignments: &'a dyn Assignments,
    settings: &'a Settings,
    journal: Option<&'a Journal>,
    stop: Option<&'a AtomicBool>,
    /// Those that nobody uses now.
    judges: Mutex<Vec<Judge>>,
}

impl<'a> Batch<'a> {
    /// `first` is a judge that has been started already; others are started as they are needed.
    pub fn new(
        assignments: &'a dyn Assignments,
        settings: &'a Settings,
        first: Option<Judge>,
    ) -> Self {
        let judges = Mutex::new(first.into_iter().collect());
        Self { assignments, settings, journal: None, stop: None, judges }
    }

    /// Takes verdicts that the journal has from there, and writes those that it makes into it.
    #[must_use]
    pub fn with_journal(self, journal: Option<&'a Journal>) -> Self {
        Self { journal, ..self }
    }

    /// Begins no more submissions once this is true.
    #[must_use]
    pub fn until(self, stop: &'a AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Judges what is planned; `done` gets the results one by one in its order, each as soon as it
    /// and all before it are there.
    pub fn grade(&self, work: Vec<Planned>, mut done: impl FnMut(Done)) {
        let next = AtomicUsize::new(0);
        let (submissions, mut waiting): (Vec<Option<Job>>, Vec<Option<Done>>) = work
            .into_iter()
            .map(|Planned { found, attempt }| match found {
                Ok(submission) => (Some(Job { submission, attempt }), None),
                Err(error) => {
                    let path = error.path().to_owned();
                    let result = Err(error.into());
                    let runs = CheckRuns::new();
                    let graded = Graded { path, learner: None, identity: None, result, runs };
                    (None, Some(Done { graded, attempt, level: None }))
                }
            })
            .unzip();
        let workers = self.settings.jobs.get().min(submissions.len());
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..workers {
                let (sender, next, submissions) = (sender.clone(), &next, &submissions);
                scope.spawn(move || {
                    let mut worker = Worker::new(self);
                    while !self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(slot) = submissions.get(index) else { break };
                        if let Some(Job { submission, attempt }) = slot {
                            let (graded, level) = worker.safely(submission);
                            // Nobody receives when the caller's `done` has panicked.
                            let _ = sender.send((index, Done { graded, attempt: *attempt, level }));
                        }
                    }
                });
            }
            drop(sender);
            let mut next_out = 0;
            let mut hand_out = |waiting: &mut Vec<Option<Done>>| {
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
            // Where it was stopped, some before these have not begun.
            waiting.into_iter().flatten().for_each(done);
        });
    }

    fn judge(&self) -> Option<Judge> {
        self.judges.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, judge: Judge) {
        self.judges.lock().unwrap_or_else(PoisonError::into_inner).push(judge);
    }
}

/// A submission that is to be judged.
struct Job {
    submission: Submission,
    attempt: Option<Attempt>,
}

/// SHA-256 of a text, in hexadecimal digits: as in [`Identity`].
pub fn hash(text: &str) -> String {
    worker::hash(text.as_bytes())
}
