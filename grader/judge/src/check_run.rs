//! What is seen of a check beside its result, when somebody looks closely.

use std::collections::BTreeMap;
use std::time::Duration;

/// One run of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckRun {
    /// Real time, less what it waited for a processor that others had: as limits count it.
    pub took: Duration,
    /// Both sides of the comparison that failed it, in words. Never of a hidden check.
    pub comparison: Option<String>,
    /// What the learner's code did in it, as the JSON of a `cellist_timeline::Timeline`: of a check
    /// that failed, when tasks or several threads took part. Never of a hidden check.
    pub timeline: Option<String>,
}

/// Check id to its run.
pub type CheckRuns = BTreeMap<String, CheckRun>;
