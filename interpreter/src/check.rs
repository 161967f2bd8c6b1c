//! A check: an assertion cell that looks at the learner's namespace from outside.

/// What became of a check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckOutcome {
    /// Every assertion held.
    pub passed: bool,
    /// Share of the points earned when the check scales them (0 to 1); `None` is all or nothing.
    pub score: Option<f64>,
    /// The rendered `#| hint:` of a failed check.
    pub hint: Option<String>,
    /// What failed, with both sides of the comparison, or the exception the check raised.
    pub message: Option<String>,
    /// Set when the `#| hint:` template itself could not be rendered: an error of the unit's
    /// author, which verification reports.
    pub hint_error: Option<String>,
    /// Both sides of the comparison that did not hold, in words.
    pub comparison: Option<String>,
    /// What the last run of the check did, as the JSON of a `cellist_timeline::Timeline`: of a watched
    /// check that failed, if tasks or several threads took part.
    pub timeline: Option<String>,
}
