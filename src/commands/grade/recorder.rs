//! Verdicts into a gradebook, one by one: what is graded is kept, whatever comes after it.

use cellist_gradebook::{Gradebook, GradebookError, Record};
use cellist_grader::batch::Graded;

/// Writes down a verdict that was made with this seed; a submission without one changes nothing.
///
/// # Errors
/// When the gradebook is locked or cannot be written.
pub(crate) fn record(
    gradebook: &mut Gradebook,
    graded: &Graded,
    seed: u32,
) -> Result<(), GradebookError> {
    let (Ok(verdict), Some(identity), Some(learner)) =
        (&graded.result, &graded.identity, &graded.learner)
    else {
        return Ok(());
    };
    let file = graded.path.to_string_lossy();
    gradebook.record(&Record {
        learner,
        file: &file,
        submission: &identity.submission,
        revision: &identity.revision,
        grader: env!("CARGO_PKG_VERSION"),
        seed,
        verdict,
    })
}

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
        if self.failure.is_none() {
            self.failure = record(&mut self.gradebook, graded, self.seed).err();
        }
    }

    /// Why the gradebook does not have everything.
    pub(super) fn failure(self) -> Option<GradebookError> {
        self.failure
    }
}
