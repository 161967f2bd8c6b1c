//! Tables for spreadsheets and scripts: CSV as RFC 4180 has it, in UTF-8, lines ended by CR LF.

use super::feedback::{check_name, exact, outcome};
use super::json::Entry;
use super::plain::plain;
use cellist_formats::verdict::{Status, UnitVerdict};
use std::borrow::Cow;

/// One row per submission and unit, and one per submission that could not be graded.
/// `manual_points` are those that still wait for a person; `max_points` is without them.
pub fn units(entries: &[Entry]) -> String {
    let mut rows = Rows::new([
        "learner",
        "submission",
        "notebook",
        "unit",
        "title",
        "points",
        "max_points",
        "manual_points",
        "error",
    ]);
    for entry in entries {
        let learner = entry.learner.as_deref().unwrap_or_default();
        match &entry.verdict {
            Some(verdict) => {
                for unit in &verdict.units {
                    rows.add([
                        text(learner),
                        text(&entry.submission),
                        text(&verdict.notebook),
                        text(&unit.id),
                        text(&unit.title),
                        exact(unit.points).into(),
                        exact(unit.max_points).into(),
                        exact(waiting(unit)).into(),
                        "".into(),
                    ]);
                }
            }
            None => {
                let error = entry.error.as_deref().unwrap_or_default();
                let nothing = || Cow::from("");
                rows.add([
                    text(learner),
                    text(&entry.submission),
                    nothing(),
                    nothing(),
                    nothing(),
                    nothing(),
                    nothing(),
                    nothing(),
                    text(error),
                ]);
            }
        }
    }
    rows.finish()
}

/// One row per submission and check. Submissions that could not be graded have none.
pub fn checks(entries: &[Entry]) -> String {
    let mut rows = Rows::new([
        "learner",
        "submission",
        "notebook",
        "unit",
        "check",
        "status",
        "points",
        "max_points",
        "hidden",
        "guard",
        "feedback",
    ]);
    for entry in entries {
        let Some(verdict) = &entry.verdict else { continue };
        for unit in &verdict.units {
            for item in &unit.items {
                rows.add([
                    text(entry.learner.as_deref().unwrap_or_default()),
                    text(&entry.submission),
                    text(&verdict.notebook),
                    text(&unit.id),
                    text(check_name(unit, item)),
                    item.status.word().into(),
                    exact(item.points).into(),
                    exact(item.max_points).into(),
                    yes_no(item.hidden),
                    yes_no(item.guard),
                    text(&outcome(item)),
                ]);
            }
        }
    }
    rows.finish()
}

fn waiting(unit: &UnitVerdict) -> f64 {
    let manual = unit.items.iter().filter(|item| item.status == Status::Manual);
    manual.fold(0.0, |sum, item| sum + item.max_points)
}

fn yes_no(yes: bool) -> Cow<'static, str> {
    if yes { "yes".into() } else { "no".into() }
}

/// Text that a spreadsheet does not run: names of files and what learners' functions return may
/// begin like a formula, and then get an apostrophe before them (OWASP, "CSV Injection").
pub(super) fn text(text: &str) -> Cow<'static, str> {
    let shown = plain(text);
    match shown.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}') => {
            format!("'{shown}").into()
        }
        _ => shown.into(),
    }
}

/// A table that grows.
pub(super) struct Rows(csv::Writer<Vec<u8>>);

impl Rows {
    /// With a heading.
    pub(super) fn new<T: AsRef<str>>(heading: impl IntoIterator<Item = T>) -> Self {
        let terminator = csv::Terminator::CRLF;
        let mut rows =
            Self(csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new()));
        rows.add(heading);
        rows
    }

    /// One more row, as long as the heading.
    pub(super) fn add<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut cells = cells.into_iter();
        let mut write = || {
            cells.try_for_each(|cell| self.0.write_field(cell.as_ref()))?;
            self.0.write_record(None::<&[u8]>)
        };
        #[expect(
            clippy::expect_used,
            reason = "memory takes it; a caller's rows are of one length"
        )]
        write().expect("a row in memory");
    }

    /// The file's text.
    pub(super) fn finish(self) -> String {
        #[expect(clippy::expect_used, reason = "memory takes it, and all cells are text")]
        let text = String::from_utf8(self.0.into_inner().expect("a table in memory"));
        text.unwrap_or_default()
    }
}
