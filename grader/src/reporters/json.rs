//! The machine's report.

use crate::batch::Graded;
use cellist_formats::verdict::Verdict;
use cellist_judge::Level;
use serde::Serialize;

/// One submission in the report: exactly one of `verdict` and `error` is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The file, as it was named or found.
    pub submission: String,
    /// Whose it is, as far as its path tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learner: Option<String>,
    /// How it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it could not be graded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How far it was locked away while it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Level>,
}

impl Entry {
    /// The entry of a submission that was judged at this level.
    pub fn new(graded: Graded, level: Option<Level>) -> Self {
        let (verdict, error) = match graded.result {
            Ok(verdict) => (Some(verdict), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let submission = graded.path.to_string_lossy().into_owned();
        let sandbox = level.filter(|_| verdict.is_some());
        Self { submission, learner: graded.learner, verdict, error, sandbox }
    }

    /// The entry of a verdict that was kept.
    pub fn kept(submission: String, learner: String, verdict: Verdict) -> Self {
        let (learner, verdict) = (Some(learner), Some(verdict));
        Self { submission, learner, verdict, error: None, sandbox: None }
    }
}

/// The report: a JSON array with an [`Entry`] per submission, in order, and a line end.
pub fn report(entries: &[Entry]) -> String {
    #[expect(clippy::expect_used, reason = "strings, numbers and lists of them")]
    let mut text = serde_json::to_string_pretty(entries).expect("a report has a JSON form");
    text.push('\n');
    text
}
