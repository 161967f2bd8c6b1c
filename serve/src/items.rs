//! How things went, in words and signs; nothing is said by colour alone.

use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict};
use cellist_gradebook::Standing;
use cellist_grader::nbgrader::tells_lateness;
use cellist_grader::reporters::feedback::{mark, number};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};

/// Which submissions of a unit are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    All,
    /// Something waits for a person.
    Manual,
    /// A check failed, or could not be judged.
    Failed,
    /// Something was not answered.
    Unanswered,
    /// Everything passed.
    Passed,
    /// Handed in late.
    Late,
}

impl Show {
    pub(crate) const ALL: [Self; 6] =
        [Self::All, Self::Manual, Self::Failed, Self::Unanswered, Self::Passed, Self::Late];

    /// As in addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Manual => "manual",
            Self::Failed => "failed",
            Self::Unanswered => "unanswered",
            Self::Passed => "passed",
            Self::Late => "late",
        }
    }

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Manual => "Needs grading",
            Self::Failed => "Failed",
            Self::Unanswered => "Not answered",
            Self::Passed => "All passed",
            Self::Late => "Late",
        }
    }

    /// Of the word in an address; anything else is everything.
    pub(crate) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|show| show.word() == word).unwrap_or(Self::All)
    }

    /// Whether a submission, or that unit of it, is one.
    pub(crate) fn takes(self, standing: &Standing, unit: Option<&str>) -> bool {
        let mut units = units(standing, unit).peekable();
        if units.peek().is_none() {
            return false;
        }
        let mut items = units.flat_map(|unit| &unit.items);
        match self {
            Self::All => true,
            Self::Manual => items.any(|item| item.status == Status::Manual),
            Self::Failed => items.any(|item| matches!(item.status, Status::Failed | Status::Error)),
            Self::Unanswered => items.any(|item| item.status == Status::Unanswered),
            Self::Passed => items.all(|item| item.status == Status::Passed),
            Self::Late => is_late(standing),
        }
    }
}

/// The grader noted that it was handed in late.
pub(crate) fn is_late(standing: &Standing) -> bool {
    standing.verdict.notes.iter().any(|note| tells_lateness(note))
}

/// A submission's units, or the one of this id.
pub(crate) fn units<'a>(
    standing: &'a Standing,
    unit: Option<&'a str>,
) -> impl Iterator<Item = &'a UnitVerdict> {
    standing.verdict.units.iter().filter(move |one| unit.is_none_or(|unit| unit == one.id))
}

/// Sign and word of a status.
pub(crate) fn status(status: Status) -> Markup {
    let word = match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Withheld => "withheld",
        Status::Error => "not judged",
        Status::Manual => "needs grading",
        Status::Unanswered => "not answered",
    };
    html! { span class={ "status " (status.word()) } { span aria-hidden="true" { (mark(status)) " " } (word) } }
}

/// `2 of 4 points`.
pub(crate) fn points(item: &ItemVerdict) -> String {
    let got = if item.status == Status::Manual { "–".to_owned() } else { number(item.points) };
    format!("{got} of {} points", number(item.max_points))
}

/// How a submission, or a unit of it, stands: one or more signs.
pub(crate) fn states(standing: &Standing, unit: Option<&str>) -> Markup {
    let is = |show: Show| show.takes(standing, unit);
    html! {
        @if is(Show::Passed) { (status(Status::Passed)) " " }
        @if is(Show::Manual) { (status(Status::Manual)) " " }
        @if is(Show::Failed) { (status(Status::Failed)) " " }
        @if is(Show::Unanswered) { (status(Status::Unanswered)) " " }
        @if is(Show::Late) { span.status.late { span aria-hidden="true" { "⏱ " } "late" } }
    }
}

/// A learner's text as it is.
pub(crate) fn text(text: &str) -> Markup {
    html! { span.text { (plain(text)) } }
}

/// `3 learners`, `1 learner`.
pub(crate) fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}
