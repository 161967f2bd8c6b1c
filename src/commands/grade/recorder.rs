//! Verdicts into a gradebook, one by one: what is graded is kept, whatever comes after it.

use cellist_formats::verdict::Verdict;
use cellist_gradebook::{Gradebook, GradebookError, Record};
use cellist_grader::batch::{Graded, Identity};
use std::time::{Duration, Instant};

/// What could not be written is tried again after so long, and at the end. Each try waits for
/// another program that writes.
const AGAIN: Duration = Duration::from_secs(30);

/// Adds to a gradebook. What it does not take now waits, so that grading goes on.
pub(super) struct Recorder {
    gradebook: Gradebook,
    seed: u32,
    /// In their order: the last counts.
    waiting: Vec<Waiting>,
    tried: Instant,
}

/// A verdict on its way.
struct Waiting {
    learner: String,
    file: String,
    identity: Identity,
    verdict: Verdict,
}

impl Recorder {
    /// For verdicts that were made with this seed.
    pub(super) fn new(gradebook: Gradebook, seed: u32) -> Self {
        Self { gradebook, seed, waiting: Vec::new(), tried: Instant::now() }
    }

    /// Writes a verdict down; a submission without one changes nothing.
    pub(super) fn add(&mut self, graded: &Graded) {
        let (Ok(verdict), Some(identity), Some(learner)) =
            (&graded.result, &graded.identity, &graded.learner)
        else {
            return;
        };
        let file = graded.path.to_string_lossy();
        let record = record(learner, &file, identity, self.seed, verdict);
        if self.waiting.is_empty() && self.gradebook.record(&record).is_ok() {
            return;
        }
        if self.waiting.is_empty() {
            self.tried = Instant::now();
        }
        self.waiting.push(Waiting {
            learner: learner.clone(),
            file: file.into_owned(),
            identity: identity.clone(),
            verdict: verdict.clone(),
        });
        if self.tried.elapsed() >= AGAIN {
            // Why it did not work is told at the end, if it does not work then.
            let _ = self.catch_up();
        }
    }

    /// Writes down what waits; why the gradebook does not have everything.
    pub(super) fn failure(mut self) -> Option<GradebookError> {
        self.catch_up().err()
    }

    fn catch_up(&mut self) -> Result<(), GradebookError> {
        let mut written = 0;
        let caught_up = self.waiting.iter().try_for_each(|one| {
            let Waiting { learner, file, identity, verdict } = one;
            self.gradebook.record(&record(learner, file, identity, self.seed, verdict))?;
            written += 1;
            Ok(())
        });
        self.waiting.drain(..written);
        self.tried = Instant::now();
        caught_up
    }
}

pub(crate) fn record<'a>(
    learner: &'a str,
    file: &'a str,
    identity: &'a Identity,
    seed: u32,
    verdict: &'a Verdict,
) -> Record<'a> {
    Record {
        learner,
        file,
        submission: &identity.submission,
        revision: &identity.revision,
        grader: env!("CARGO_PKG_VERSION"),
        seed,
        verdict,
    }
}
