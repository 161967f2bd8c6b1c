//! What submissions are held against: our specs, or a course of another grader's.

use crate::batch::GradeError;
use crate::intake::Submission;
use crate::specs::Specs;
use cellist_formats::notebook::Notebook;
use cellist_formats::spec::{Spec, SpecNeed};
use cellist_formats::verdict::Verdict;
use cellist_judge::{Attachment, assemble, revised};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs a spec without a submission, with these files beside it.
pub type Ask<'a> = dyn FnMut(&Spec, &[Attachment]) -> Result<Verdict, GradeError> + 'a;

/// A submission, ready to be judged.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    /// What is run and graded.
    pub spec: Cow<'a, Spec>,
    /// The learner's sources by cell id.
    pub answers: BTreeMap<String, String>,
    /// Files that are beside the notebook when it runs.
    pub files: Vec<Attachment>,
    /// What is odd about the submission, for people.
    pub notes: Vec<String>,
}

/// Whose a submission is, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Who handed it in.
    pub learner: String,
    /// Path of the notebook within its set; `None` where that is not known before it is graded.
    pub notebook: Option<String>,
}

/// What submissions are held against.
pub trait Assignments: Sync {
    /// The verdict on a notebook that a learner did not hand in, where that is known to be so.
    fn absent(&self, path: &Path) -> Option<Verdict> {
        let _ = path;
        None
    }

    /// Holds a notebook against its assignment.
    ///
    /// # Errors
    /// When it belongs to none, or to one that cannot be graded.
    fn prepare(
        &self,
        path: &Path,
        notebook: &Notebook,
        ask: &mut Ask<'_>,
    ) -> Result<Prepared<'_>, GradeError>;

    /// Whether a unit needs something of the machine.
    fn need(&self, need: SpecNeed) -> bool {
        let _ = need;
        false
    }

    /// What comes on top of the judge's verdict.
    fn settle(&self, path: &Path, verdict: Verdict) -> Verdict {
        let _ = path;
        verdict
    }

    /// Whose submission this is and what it is for, before it is graded; `None` where only grading
    /// can say what is wrong with it.
    fn owner(&self, submission: &Submission) -> Option<Owner> {
        Some(Owner { learner: self.learner(&submission.path)?, notebook: None })
    }

    /// Whose submission this is, when that does not depend on what is in it.
    fn learner(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }
}

impl Assignments for Specs {
    fn need(&self, need: SpecNeed) -> bool {
        Self::need(self, need)
    }

    fn owner(&self, submission: &Submission) -> Option<Owner> {
        let text = submission.read().ok()?;
        let notebook = Notebook::parse(&text, &submission.path).ok()?;
        let notebook = &self.find(&notebook, &submission.path).ok()?.notebook;
        let learner = submission.learner(notebook);
        Some(Owner { learner, notebook: Some(notebook.clone()) })
    }

    fn prepare(
        &self,
        path: &Path,
        notebook: &Notebook,
        _: &mut Ask<'_>,
    ) -> Result<Prepared<'_>, GradeError> {
        let spec = self.find(notebook, path)?;
        let (spec, revisions) = revised(spec, notebook);
        let assembled = assemble(&spec, notebook)?;
        let notes = [revisions, assembled.notes].concat();
        Ok(Prepared { spec, answers: assembled.answers, files: Vec::new(), notes })
    }
}
