//! What reports say about an item: what its learner may know.

use super::plain::plain;
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};
use cellist_judge::{CheckRun, CheckRuns};

/// So many characters of a hint or an exception are shown.
const MAX_TEXT: usize = 600;

/// The item's id without its unit's: `durations` of `ex01-durations`.
pub fn check_name<'a>(unit: &UnitVerdict, item: &'a ItemVerdict) -> &'a str {
    let rest = item.id.strip_prefix(&unit.id).and_then(|rest| rest.strip_prefix('-'));
    rest.unwrap_or(&item.id)
}

/// How the item went, for its learner. Never what a hidden check compared.
pub fn outcome(item: &ItemVerdict) -> String {
    match item.status {
        Status::Passed => "passed".to_owned(),
        Status::Failed | Status::Error => advice(item),
        Status::Withheld => "counts once another check of the unit passes".to_owned(),
        Status::Manual => "waits for a person".to_owned(),
        Status::Unanswered => "not answered".to_owned(),
    }
}

/// What was seen of a check that did not pass, for its learner: of a hidden one nothing, whatever the
/// judge reports.
pub(super) fn seen<'a>(item: &ItemVerdict, runs: &'a CheckRuns) -> Option<&'a CheckRun> {
    let shown = !item.hidden && matches!(item.status, Status::Failed | Status::Error);
    runs.get(&item.id).filter(|_| shown)
}

/// Both sides of the comparison that failed a check, where its outcome does not say them.
pub(super) fn comparison<'a>(item: &ItemVerdict, runs: &'a CheckRuns) -> Option<&'a str> {
    let hinted = item.hint.as_ref().is_some_and(|hint| !hint.trim().is_empty());
    seen(item, runs).filter(|_| hinted)?.comparison.as_deref()
}

/// The sign that stands before an outcome.
pub fn mark(status: Status) -> &'static str {
    match status {
        Status::Passed => "✔",
        Status::Failed | Status::Error => "✘",
        Status::Withheld => "○",
        Status::Manual => "…",
        Status::Unanswered => "–",
    }
}

/// Points that the notebook's items are worth, those that a person gives among them.
pub fn possible(verdict: &Verdict) -> f64 {
    // From 0, not `Iterator::sum`: of no numbers that is -0.
    let items = verdict.units.iter().flat_map(|unit| &unit.items);
    items.fold(0.0, |sum, item| sum + item.max_points)
}

/// `6 of 12 points; up to 2 more from a person`.
pub fn total(verdict: &Verdict) -> String {
    let (got, most) = (number(verdict.points), number(verdict.max_points));
    if verdict.manual_points > 0.0 {
        let more = number(verdict.manual_points);
        format!("{got} of {most} points; up to {more} more from a person")
    } else {
        format!("{got} of {most} points")
    }
}

/// Exceptions of the learner's own cells; none of a hidden check, whatever the judge reports.
pub fn own_errors(unit: &UnitVerdict) -> impl Iterator<Item = &CellError> {
    let hidden = |cell: &str| unit.items.iter().any(|item| item.hidden && item.id == cell);
    unit.errors.iter().filter(move |error| !hidden(&error.cell))
}

/// One line about an exception.
pub fn exception(error: &CellError) -> String {
    let CellError { cell, ename, evalue, .. } = error;
    let text = match (ename.as_str(), evalue.as_str()) {
        ("Stopped", why) => format!("cell `{cell}`: {why}"),
        (name, "") => format!("cell `{cell}` raised {name}"),
        (name, why) => format!("cell `{cell}` raised {name}: {}", brief(why)),
    };
    plain(&text)
}

/// What the learner may know: the hint, or for a public check without one what failed.
fn advice(item: &ItemVerdict) -> String {
    match (&item.hint, &item.message) {
        (Some(hint), _) if !hint.trim().is_empty() => brief(hint),
        (_, Some(message)) if !item.hidden => brief(last_lines(message)),
        _ => "not passed".to_owned(),
    }
}

/// A message of a few lines is an assertion with its sides; a longer one is a traceback, whose
/// last line says what happened.
fn last_lines(message: &str) -> &str {
    let message = message.trim();
    if message.lines().count() > 4 { message.lines().last().unwrap_or_default() } else { message }
}

/// A hint may quote whatever a learner's function returned.
pub fn brief(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// At most two digits after the point, and no zeros at the end.
pub fn number(points: f64) -> String {
    rounded(points, 2)
}

/// For programs: six digits after the point at most, so that a sum of shares stays readable.
pub fn exact(points: f64) -> String {
    rounded(points, 6)
}

fn rounded(points: f64, digits: usize) -> String {
    let text = format!("{points:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
