//! From what was observed to the verdict: points, guards, quizzes. Pure.

use crate::quiz;
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
        points: units.iter().map(|unit| unit.points).sum(),
        max_points: units.iter().map(|unit| unit.max_points).sum(),
        manual_points: manual.sum(),
        units,
        notes: Vec::new(),
        millis: took.as_secs_f64() * 1e3,
    }
}

fn unit_verdict(
    unit: &UnitSpec,
    answers: &BTreeMap<String, String>,
    observed: &Observations,
    end: Option<&str>,
) -> UnitVerdict {
    let answer = |id: &str| answers.get(id).map(String::as_str);
    let mut items: Vec<ItemVerdict> = unit
        .cells
        .iter()
        .filter_map(|cell| item(cell, observed.get(cell.id()), answer(cell.id()), end))
        .collect();
    withhold_guards(&mut items);
    let errors = unit
        .cells
        .iter()
        .filter_map(|cell| match (cell, observed.get(cell.id())?) {
            (_, Observed::Raised(error)) => Some(error.clone()),
            (SpecCell::Check { .. }, _) | (_, Observed::Checked(_)) => None,
            (_, Observed::Died(reason)) => Some(CellError {
                cell: cell.id().to_owned(),
                ename: "Stopped".to_owned(),
                evalue: reason.clone(),
                traceback: String::new(),
            }),
        })
        .collect();
    let automatic = items.iter().filter(|item| !is_written(&unit.cells, &item.id));
    UnitVerdict {
        id: unit.id.clone(),
        title: unit.title.clone(),
        points: items.iter().map(|item| item.points).sum(),
        max_points: automatic.map(|item| item.max_points).sum(),
        items,
        errors,
    }
}

fn is_written(cells: &[SpecCell], id: &str) -> bool {
    cells.iter().any(|cell| matches!(cell, SpecCell::Reflect { id: own, .. } if own == id))
}

/// The verdict on one graded cell; `None` for cells that are not graded.
fn item(
    cell: &SpecCell,
    observed: Option<&Observed>,
    answer: Option<&str>,
    end: Option<&str>,
) -> Option<ItemVerdict> {
    match cell {
        SpecCell::Example { .. } | SpecCell::Exercise { .. } => None,
        SpecCell::Check { id, points, hidden, guard, .. } => {
            let blank = blank(id, *points);
            Some(ItemVerdict { hidden: *hidden, guard: *guard, ..check(blank, observed, end) })
        }
        SpecCell::Quiz { id, points, options } => {
            let blank = blank(id, *points);
            Some(match quiz::answer(options, answer.unwrap_or_default()) {
                quiz::Answer::None => ItemVerdict { status: Status::Unanswered, ..blank },
                quiz::Answer::Right => {
                    ItemVerdict { status: Status::Passed, points: *points, ..blank }
                }
                quiz::Answer::Wrong(hint) => {
                    ItemVerdict { status: Status::Failed, hint: Some(hint), ..blank }
                }
            })
        }
        SpecCell::Reflect { id, points, .. } => {
            let written = answer.is_some_and(|text| !text.trim().is_empty());
            let status = if written { Status::Manual } else { Status::Unanswered };
            Some(ItemVerdict { status, ..blank(id, *points) })
        }
    }
}

/// Nothing earned, nothing said.
fn blank(id: &str, max_points: f64) -> ItemVerdict {
    ItemVerdict {
        id: id.to_owned(),
        status: Status::Failed,
        points: 0.0,
        max_points,
        hint: None,
        message: None,
        hidden: false,
        guard: false,
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
        // `Raised` belongs to cells. Were it ever seen here, it would be no pass.
        Some(Observed::Raised(_)) | None => {
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
/// positive check passed.
fn withhold_guards(items: &mut [ItemVerdict]) {
    let is_check = |item: &ItemVerdict| !item.guard && item.status == Status::Passed;
    if items.iter().any(is_check) {
        return;
    }
    for item in items.iter_mut().filter(|item| item.guard && item.points > 0.0) {
        item.status = Status::Withheld;
        item.points = 0.0;
    }
}
