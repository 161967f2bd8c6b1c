//! Verdicts into a gradebook, one by one: what is graded is kept, whatever comes after it.

use cellist_gradebook::{Gradebook, GradebookError, Record};
use cellist_grader::batch::Graded;

/// Adds to a gradebook until that fails; grading goes on.
pub(super) struct Recorder {
    gradebook: Gradebook,
    seed: u32,
    failure: Option<GradebookError>,
}

impl Recorder {
    /// For verdicts that were made with this seed.
    pub(super) fn new(gradebook: Gradebook, seed: u32) -> Self {
        Self { gradebook, seed, failure: None }
    }

    /// Writes a verdict down; a submission without one changes nothing.
    pub(super) fn add(&mut self, graded: &Graded) {
        let (Ok(verdict), Some(identity), Some(learner), None) =
            (&graded.result, &graded.identity, &graded.learner, &self.failure)
        else {
            return;
        };
        let file = graded.path.to_string_lossy();
        let record = Record {
            learner,
            file: &file,
            submission: &identity.submission,
            revision: &identity.revision,
            grader: env!("CARGO_PKG_VERSION"),
            seed: self.seed,
            verdict,
        };
        self.failure = self.gradebook.record(&record).err();
    }

    /// Why the gradebook does not have everything.
    pub(super) fn failure(self) -> Option<GradebookError> {
        self.failure
    }
}
