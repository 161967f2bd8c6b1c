//! From what was observed to the verdict: points, guards, quizzes. Pure.

use crate::shown::{self, Shown};
use crate::{fill, quiz};
use cellist_formats::spec::{Spec, SpecCell, UnitSpec};
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// What became of a cell that was run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Observed {
    /// A check came to its end.
    Checked(Checked),
    /// A cell raised.
    Raised(CellError),
    /// nbgrader's tests came to their end.
    Shown(Shown),
    /// The process ended in this cell or check.
    Died(String),
}

/// A check's own result.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Checked {
    pub(crate) passed: bool,
    pub(crate) score: Option<f64>,
    pub(crate) hint: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) hint_error: Option<String>,
}

/// Cell id to what was observed. A check without an entry never ran: it earns nothing.
pub(crate) type Observations = HashMap<String, Observed>;

/// The verdict on a submission.
pub(crate) fn verdict(
    spec: &Spec,
    answers: &BTreeMap<String, String>,
    observed: &Observations,
    took: Duration,
) -> Verdict {
    let end = observed.iter().find(|(_, what)| matches!(what, Observed::Died(_)));
    let end = end.map(|(id, _)| id.as_str());
    let units: Vec<UnitVerdict> =
        spec.units.iter().map(|unit| unit_verdict(unit, answers, observed, end)).collect();
    let manual = units.iter().flat_map(|unit| &unit.items);
    let manual = manual.filter(|item| item.status == Status::Manual).map(|item| item.max_points);
    Verdict {
        notebook: spec.notebook.clone(),
        points: sum(units.iter().map(|unit| unit.points)),
        max_points: sum(units.iter().map(|unit| unit.max_points)),
        manual_points: sum(manual),
        units,
        notes: Vec::new(),
        // In whole microseconds: so few digits come back from JSON as they were.
        millis: took.as_micros() as f64 / 1e3,
        forfeited: false,
    }
}

fn unit_verdict(
    unit: &UnitSpec,
    answers: &BTreeMap<String, String>,
    observed: &Observations,
    end: Option<&str>,
) -> UnitVerdict {
    let mut items: Vec<ItemVerdict> = unit
        .cells
        .iter()
        .filter_map(|cell| item(cell, observed.get(cell.id()), answers, end))
        .collect();
    withhold_guards(&unit.cells, &mut items);
    let errors = unit
        .cells
        .iter()
        .filter(|cell| !is_answer(cell))
        .filter_map(|cell| match (cell, observed.get(cell.id())?) {
            (_, Observed::Raised(error)) => Some(error.clone()),
            (SpecCell::Check { .. } | SpecCell::Tests { .. }, _)
            | (_, Observed::Checked(_) | Observed::Shown(_)) => None,
            (_, Observed::Died(reason)) => Some(CellError {
                cell: cell.id().to_owned(),
                ename: "Stopped".to_owned(),
                evalue: reason.clone(),
                traceback: String::new(),
            }),
        })
        .collect();
    let automatic = items.iter().filter(|item| !item.written);
    UnitVerdict {
        id: unit.id.clone(),
        title: unit.title.clone(),
        points: sum(items.iter().map(|item| item.points)),
        max_points: sum(automatic.map(|item| item.max_points)),
        items,
        errors,
    }
}

/// `Iterator::sum` of no numbers is -0, which reads oddly in a report.
fn sum(points: impl Iterator<Item = f64>) -> f64 {
    points.fold(0.0, |sum, points| sum + points)
}

/// Answered, and so never run.
fn is_answer(cell: &SpecCell) -> bool {
    matches!(cell, SpecCell::Quiz { .. } | SpecCell::Fill { .. } | SpecCell::Reflect { .. })
}

/// The verdict on one graded cell; `None` for cells that are not graded.
fn item(
    cell: &SpecCell,
    observed: Option<&Observed>,
    answers: &BTreeMap<String, String>,
    end: Option<&str>,
) -> Option<ItemVerdict> {
    match cell {
        SpecCell::Example { .. } | SpecCell::Exercise { .. } => None,
        SpecCell::Check { id, points, hidden, guard, .. } => {
            let blank = blank(id, *points);
            Some(ItemVerdict { hidden: *hidden, guard: *guard, ..check(blank, observed, end) })
        }
        SpecCell::Tests { id, points, hidden, .. } => {
            let blank = ItemVerdict { hidden: *hidden, ..blank(id, *points) };
            Some(match observed {
                Some(Observed::Shown(shown)) => shown::scored(blank, shown),
                other => check(blank, other, end),
            })
        }
        SpecCell::Quiz { .. } | SpecCell::Fill { .. } => quiz_item(cell, answers),
        SpecCell::Reflect { id, points, starter, .. } => {
            let text = answers.get(id).map(|text| text.trim()).unwrap_or_default();
            let written = !text.is_empty() && text != starter.trim();
            let status = if written { Status::Manual } else { Status::Unanswered };
            Some(ItemVerdict { status, written: true, ..blank(id, *points) })
        }
    }
}

/// The verdict on a quiz, for which nothing is run; `None` for other cells. `answers` as in
/// [`Judge::grade`](crate::Judge::grade).
pub fn quiz_item(cell: &SpecCell, answers: &BTreeMap<String, String>) -> Option<ItemVerdict> {
    let answer = |id: &str| answers.get(id).map(String::as_str).unwrap_or_default();
    let below = cell.answer_id()?;
    let (id, points, given) = match cell {
        SpecCell::Quiz { id, points, options } => {
            (id, *points, quiz::answer(options, answer(id), answer(&below)))
        }
        SpecCell::Fill { id, points, key } => (id, *points, fill::answer(key, answer(&below))),
        _ => return None,
    };
    let blank = blank(id, points);
    Some(match given {
        quiz::Answer::None => ItemVerdict { status: Status::Unanswered, ..blank },
        quiz::Answer::Right => ItemVerdict { status: Status::Passed, points, ..blank },
        quiz::Answer::Wrong(hint) => {
            ItemVerdict { status: Status::Failed, hint: Some(hint), ..blank }
        }
    })
}

/// Nothing earned, nothing said.
pub(crate) fn blank(id: &str, max_points: f64) -> ItemVerdict {
    ItemVerdict {
        id: id.to_owned(),
        status: Status::Failed,
        points: 0.0,
        max_points,
        hint: None,
        message: None,
        hidden: false,
        guard: false,
        written: false,
        hint_error: None,
    }
}

fn check(blank: ItemVerdict, observed: Option<&Observed>, end: Option<&str>) -> ItemVerdict {
    match observed {
        Some(Observed::Checked(checked)) => {
            let share = if checked.passed { share(checked.score) } else { 0.0 };
            let status = if share == 1.0 { Status::Passed } else { Status::Failed };
            ItemVerdict {
                status,
                points: blank.max_points * share,
                hint: checked.hint.clone(),
                message: checked.message.clone(),
                hint_error: checked.hint_error.clone(),
                ..blank
            }
        }
        Some(Observed::Died(reason)) => {
            ItemVerdict { status: Status::Error, hint: Some(reason.clone()), ..blank }
        }
        // These belong to other cells. Were they ever seen here, it would be no pass.
        Some(Observed::Raised(_) | Observed::Shown(_)) | None => {
            let hint = end.map_or_else(
                || "Not run.".to_owned(),
                |cell| format!("Not run: the program was stopped in `{cell}`."),
            );
            ItemVerdict { status: Status::Error, hint: Some(hint), ..blank }
        }
    }
}

/// The share of the points that a passed check pays.
fn share(score: Option<f64>) -> f64 {
    match score {
        None => 1.0,
        Some(score) if score.is_finite() => score.clamp(0.0, 1.0),
        Some(_) => 0.0,
    }
}

/// A guard ("nothing blocked the loop") is true of an empty answer too: it pays only when a
/// positive check passed. A quiz is no check: it says nothing about the learner's code.
fn withhold_guards(cells: &[SpecCell], items: &mut [ItemVerdict]) {
    let positive = |cell: &SpecCell| matches!(cell, SpecCell::Check { guard: false, .. });
    let vouches = |item: &ItemVerdict| {
        item.status == Status::Passed
            && cells.iter().any(|cell| cell.id() == item.id && positive(cell))
    };
    if items.iter().any(vouches) {
        return;
    }
    for item in items.iter_mut().filter(|item| item.guard && item.status == Status::Passed) {
        item.status = Status::Withheld;
        item.points = 0.0;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "points here are exact")]
    use super::*;
    use cellist_formats::spec::{QuizOption, SpecClock};

    fn checks(checks: &[(&str, f64, bool)]) -> Spec {
        let cells = checks.iter().map(|(id, points, guard)| SpecCell::Check {
            id: (*id).into(),
            points: *points,
            hidden: false,
            guard: *guard,
            source: String::new(),
        });
        spec(cells.collect())
    }

    fn spec(cells: Vec<SpecCell>) -> Spec {
        let unit = UnitSpec {
            id: "u".into(),
            title: "Unit".into(),
            clock: SpecClock::Virtual,
            needs: Vec::new(),
            rev: 1,
            cells,
        };
        Spec { schema: 1, notebook: "u.ipynb".into(), units: vec![unit], older: Vec::new() }
    }

    fn passed(score: Option<f64>) -> Observed {
        Observed::Checked(Checked { passed: true, score, ..Checked::default() })
    }

    fn failed() -> Observed {
        Observed::Checked(Checked { hint: Some("try again".into()), ..Checked::default() })
    }

    fn judged(spec: &Spec, answers: &[(&str, &str)], seen: &[(&str, Observed)]) -> Verdict {
        let answers = answers.iter().map(|(id, text)| ((*id).into(), (*text).into())).collect();
        let seen = seen.iter().map(|(id, what)| ((*id).into(), what.clone())).collect();
        verdict(spec, &answers, &seen, Duration::from_millis(5))
    }

    fn statuses(verdict: &Verdict) -> Vec<(Status, f64)> {
        verdict.units[0].items.iter().map(|item| (item.status, item.points)).collect()
    }

    #[test]
    fn points_are_summed_over_passed_checks() {
        let spec = checks(&[("a", 3.0, false), ("b", 4.0, false)]);
        let verdict = judged(&spec, &[], &[("a", passed(None)), ("b", failed())]);
        assert_eq!(statuses(&verdict), [(Status::Passed, 3.0), (Status::Failed, 0.0)]);
        assert_eq!((verdict.points, verdict.max_points, verdict.manual_points), (3.0, 7.0, 0.0));
        assert_eq!(verdict.units[0].items[1].hint.as_deref(), Some("try again"));
    }

    #[test]
    fn a_share_pays_a_share_and_never_more_than_all() {
        let spec = checks(&[("a", 4.0, false)]);
        let pay = |score| statuses(&judged(&spec, &[], &[("a", passed(Some(score)))]))[0];
        assert_eq!(pay(0.25), (Status::Failed, 1.0));
        assert_eq!(pay(1.0), (Status::Passed, 4.0));
        assert_eq!(pay(7.0), (Status::Passed, 4.0));
        assert_eq!(pay(-1.0), (Status::Failed, 0.0));
        assert_eq!(pay(f64::NAN), (Status::Failed, 0.0));
        assert_eq!(pay(f64::INFINITY), (Status::Failed, 0.0));
    }

    #[test]
    fn a_failed_check_pays_nothing_whatever_its_score() {
        let checked = Checked { passed: false, score: Some(1.0), ..Checked::default() };
        let spec = checks(&[("a", 4.0, false)]);
        let verdict = judged(&spec, &[], &[("a", Observed::Checked(checked))]);
        assert_eq!(statuses(&verdict), [(Status::Failed, 0.0)]);
    }

    #[test]
    fn guards_pay_only_beside_a_positive_check() {
        let spec = checks(&[("guard", 1.0, true), ("a", 3.0, false)]);
        let alone = judged(&spec, &[], &[("guard", passed(None)), ("a", failed())]);
        assert_eq!(statuses(&alone), [(Status::Withheld, 0.0), (Status::Failed, 0.0)]);
        let beside = judged(&spec, &[], &[("guard", passed(None)), ("a", passed(None))]);
        assert_eq!(statuses(&beside), [(Status::Passed, 1.0), (Status::Passed, 3.0)]);
        let wrong = judged(&spec, &[], &[("guard", failed()), ("a", failed())]);
        assert_eq!(statuses(&wrong), [(Status::Failed, 0.0), (Status::Failed, 0.0)]);
    }

    #[test]
    fn two_guards_do_not_vouch_for_each_other() {
        let spec = checks(&[("g", 1.0, true), ("h", 1.0, true)]);
        let verdict = judged(&spec, &[], &[("g", passed(None)), ("h", passed(None))]);
        assert_eq!(verdict.points, 0.0);
    }

    #[test]
    fn a_quiz_does_not_vouch_for_a_guard() {
        let mut spec = checks(&[("g", 1.0, true)]);
        let option = QuizOption { text: "yes".into(), correct: true, explanation: String::new() };
        let quiz = SpecCell::Quiz { id: "q".into(), points: 2.0, options: vec![option] };
        spec.units[0].cells.push(quiz);
        let verdict = judged(&spec, &[("q", "- [x] yes")], &[("g", passed(None))]);
        assert_eq!(statuses(&verdict), [(Status::Withheld, 0.0), (Status::Passed, 2.0)]);
    }

    #[test]
    fn what_never_ran_earns_nothing() {
        let spec = checks(&[("a", 3.0, false), ("b", 4.0, false), ("c", 1.0, true)]);
        let seen = [("a", passed(None)), ("b", Observed::Died("Stopped after 10 s.".into()))];
        let verdict = judged(&spec, &[], &seen);
        assert_eq!(
            statuses(&verdict),
            [(Status::Passed, 3.0), (Status::Error, 0.0), (Status::Error, 0.0)]
        );
        let hint = |at: usize| verdict.units[0].items[at].hint.as_deref();
        assert_eq!(hint(1), Some("Stopped after 10 s."));
        assert_eq!(hint(2), Some("Not run: the program was stopped in `b`."));
        assert_eq!(verdict.points, 3.0);
    }

    #[test]
    fn nothing_observed_is_nothing_earned() {
        let verdict = judged(&checks(&[("a", 3.0, false)]), &[], &[]);
        assert_eq!(statuses(&verdict), [(Status::Error, 0.0)]);
    }

    #[test]
    fn a_cell_that_ends_the_process_is_an_error_of_the_unit() {
        let mut spec = checks(&[("a", 3.0, false)]);
        let exercise = SpecCell::Exercise { id: "x".into(), starter: String::new() };
        spec.units[0].cells.insert(0, exercise);
        let verdict = judged(&spec, &[], &[("x", Observed::Died("gone".into()))]);
        let error = &verdict.units[0].errors[0];
        assert_eq!((error.cell.as_str(), error.evalue.as_str()), ("x", "gone"));
    }

    #[test]
    fn reflections_wait_for_a_person() {
        let reflect = SpecCell::Reflect {
            id: "why".into(),
            points: 2.0,
            rubric: "sleeps overlap".into(),
            starter: "Why?\n\nYour answer:".into(),
        };
        let spec = spec(vec![reflect]);
        let written = judged(&spec, &[("why", "because")], &[]);
        assert_eq!(statuses(&written), [(Status::Manual, 0.0)]);
        assert_eq!((written.max_points, written.manual_points), (0.0, 2.0));
        for nothing in [" \n", "Why?\n\nYour answer:\n"] {
            let blank = judged(&spec, &[("why", nothing)], &[]);
            assert_eq!(statuses(&blank), [(Status::Unanswered, 0.0)]);
        }
        let blank = judged(&spec, &[("why", " \n")], &[]);
        assert_eq!(blank.manual_points, 0.0);
    }
}
