//! The machine's report.

use crate::batch::Graded;
use cellist_formats::verdict::Verdict;
use cellist_judge::{CheckRuns, Level};
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
    /// What was seen of its checks. Never printed: times differ from run to run.
    #[serde(skip)]
    pub runs: CheckRuns,
}

impl Entry {
    /// The entry of a submission that was judged at this level.
    pub fn new(graded: Graded, level: Option<Level>) -> Self {
        let Graded { path, learner, result, runs, .. } = graded;
        let (verdict, error) = match result {
            Ok(verdict) => (Some(verdict), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let submission = path.to_string_lossy().into_owned();
        let sandbox = level.filter(|_| verdict.is_some());
        Self { submission, learner, verdict, error, sandbox, runs }
    }

    /// The entry of a verdict that was kept, without what was seen on the way to it.
    pub fn kept(submission: String, learner: String, verdict: Verdict) -> Self {
        let (learner, verdict) = (Some(learner), Some(verdict));
        let runs = CheckRuns::new();
        Self { submission, learner, verdict, error: None, sandbox: None, runs }
    }
}

/// The report: a JSON array with an [`Entry`] per submission, in order, and a line end.
pub fn report(entries: &[Entry]) -> String {
    let mut pieces = Pieces::default();
    let text: String = entries.iter().map(|entry| pieces.entry(entry)).collect();
    text + pieces.end()
}

/// The same report in pieces, so that nobody has to keep it.
#[derive(Debug, Default)]
pub struct Pieces {
    begun: bool,
}

impl Pieces {
    /// The next entry, and what stands before it.
    pub fn entry(&mut self, entry: &Entry) -> String {
        #[expect(clippy::expect_used, reason = "strings, numbers and lists of them")]
        let text = serde_json::to_string_pretty(entry).expect("an entry has a JSON form");
        let before = if self.begun { "," } else { "[" };
        self.begun = true;
        // A line end within a string is none of the text's.
        format!("{before}\n  {}", text.replace('\n', "\n  "))
    }

    /// What stands after the last.
    pub fn end(self) -> &'static str {
        if self.begun { "\n]\n" } else { "[]\n" }
    }
}

/// An [`Entry`] on a line of its own.
pub fn line(entry: &Entry) -> String {
    #[expect(clippy::expect_used, reason = "strings, numbers and lists of them")]
    let mut text = serde_json::to_string(entry).expect("an entry has a JSON form");
    text.push('\n');
    text
}
