//! One thread of a batch, with a judge of its own.

use super::journal::Work;
use super::{Batch, GradeError, Graded, Identity};
use crate::intake::Submission;
use cellist_formats::notebook::{Notebook, NotebookError};
use cellist_formats::spec::Spec;
use cellist_formats::verdict::Verdict;
use cellist_judge::{Attachment, CheckRuns, Judge, Level};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One thread's judge, started with its first submission.
pub(super) struct Worker<'a> {
    batch: &'a Batch<'a>,
    judge: Option<Judge>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if let Some(judge) = self.judge.take() {
            self.batch.give_back(judge);
        }
    }
}

impl<'a> Worker<'a> {
    pub(super) fn new(batch: &'a Batch<'a>) -> Self {
        Self { batch, judge: None }
    }

    /// Judges a submission, whatever happens; and says how far it was locked away, if it ran.
    pub(super) fn safely(&mut self, submission: &Submission) -> (Graded, Option<Level>) {
        let mut learner = self.batch.assignments.learner(&submission.path);
        let (mut identity, mut level) = (None, None);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let found = |found, spec: &Spec| {
                learner.get_or_insert_with(|| submission.learner(&spec.notebook));
                identity = Some(found);
            };
            self.judge(submission, found, &mut level)
        }));
        let result = judged.unwrap_or_else(|_| {
            // It may be in the middle of something.
            self.judge = None;
            Err(GradeError::Panicked)
        });
        let (result, runs) = match result {
            Ok((verdict, runs)) => (Ok(verdict), runs),
            Err(error) => (Err(error), CheckRuns::new()),
        };
        (Graded { path: submission.path.clone(), learner, identity, result, runs }, level)
    }

    fn judge(
        &mut self,
        submission: &Submission,
        found: impl FnOnce(Identity, &Spec),
        level: &mut Option<Level>,
    ) -> Result<(Verdict, CheckRuns), GradeError> {
        let (assignments, path) = (self.batch.assignments, &submission.path);
        if let Some(verdict) = assignments.absent(path) {
            return Ok((verdict, CheckRuns::new()));
        }
        let text = submission.read().map_err(NotebookError::from)?;
        let notebook = Notebook::parse(&text, path)?;
        let submission = hash(text.as_bytes());
        let mut ask = |spec: &Spec, files: &[Attachment]| {
            self.run(spec, &BTreeMap::new(), files).map(|(verdict, _)| verdict)
        };
        let prepared = assignments.prepare(path, &notebook, &mut ask)?;
        // Outputs may be large.
        drop(text);
        drop(notebook);
        // Revisions of a unit that were not asked for do not count.
        let graded = Spec { older: Vec::new(), ..prepared.spec.clone().into_owned() };
        let identity = Identity { submission, revision: hash(graded.to_text().as_bytes()) };
        let journal = self.batch.journal;
        let work = journal.map(|_| Work::new(&identity, &prepared.files, self.batch.settings));
        found(identity, &prepared.spec);
        let known = journal.zip(work.as_ref()).and_then(|(journal, work)| journal.find(work));
        let (verdict, runs) = match known {
            Some((verdict, then)) => {
                *level = Some(then);
                (verdict, CheckRuns::new())
            }
            None => {
                let (verdict, runs) =
                    self.run(&prepared.spec, &prepared.answers, &prepared.files)?;
                *level = self.judge.as_ref().map(Judge::level);
                if let (Some(journal), Some(work), Some(level)) = (journal, &work, *level) {
                    journal.write(work, path, &verdict, level);
                }
                (verdict, runs)
            }
        };
        let notes = [prepared.notes, verdict.notes].concat();
        Ok((assignments.settle(path, Verdict { notes, ..verdict }), runs))
    }

    fn run(
        &mut self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
    ) -> Result<(Verdict, CheckRuns), GradeError> {
        let settings = self.batch.settings;
        let judge = match self.judge.take().or_else(|| self.batch.judge()) {
            Some(judge) => judge,
            None => Judge::with_limits(&settings.program, settings.limits)?,
        };
        let judge = self.judge.insert(judge);
        let seed = settings.seed;
        match settings.watched {
            true => Ok(judge.watch(spec, answers, files, seed)?),
            false => Ok((judge.grade_with(spec, answers, files, seed)?, CheckRuns::new())),
        }
    }
}

/// SHA-256, in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
