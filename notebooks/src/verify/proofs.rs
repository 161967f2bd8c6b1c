//! What speaks against each claim.

use super::judged::{Judged, passed};
use super::{Problem, SEEDS};
use crate::unit::{Body, Check, Mutant, Unit};
use cellist_formats::verdict::{CellError, ItemVerdict, Status};

/// The solution passes every check and quiz, and no cell raises.
pub(super) fn solution(unit: &Unit, judged: &Judged) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        judged.errors.iter().map(|(name, error)| raised(name, error)).collect();
    for cell in &unit.cells {
        if matches!(cell.body, Body::Check(_) | Body::Quiz { .. } | Body::Fill { .. }) {
            problems.extend(expect(&cell.name, judged, true));
        }
    }
    problems
}

/// The starter is Python and fails every check that is not a guard.
pub(super) fn starter(unit: &Unit, judged: &Judged) -> Vec<Problem> {
    let mut problems: Vec<Problem> = judged
        .errors
        .iter()
        .filter(|(_, error)| matches!(error.ename.as_str(), "SyntaxError" | "IndentationError"))
        .map(|(name, error)| raised(name, error))
        .collect();
    for (cell, Check { guard, .. }) in unit.checks() {
        if !guard {
            problems.extend(expect(&cell.name, judged, false));
        }
        problems.extend(hint_renders(&cell.name, judged));
    }
    problems
}

/// The mutant fails exactly the checks that it names.
pub(super) fn mutant(unit: &Unit, mutant: &Mutant, judged: &Judged) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (cell, _) in unit.checks() {
        let should_pass = !mutant.fails.contains(&cell.name);
        problems.extend(expect(&cell.name, judged, should_pass));
        problems.extend(hint_renders(&cell.name, judged));
    }
    problems
}

/// Every check was failed by something that is wrong.
pub(super) fn killed(unit: &Unit, failed: &[String]) -> Vec<Problem> {
    let survivors = unit.checks().filter(|(cell, _)| !failed.contains(&cell.name));
    let what = "nothing fails it: neither the starter nor a mutant; add a mutant, or remove it";
    survivors.map(|(cell, _)| problem(&cell.name, what)).collect()
}

/// Both hash seeds lead to the same words.
pub(super) fn same(unit: &Unit, one: &Judged, other: &Judged) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (cell, _) in unit.checks() {
        let (Some(first), Some(second)) = (one.item(&cell.name), other.item(&cell.name)) else {
            continue;
        };
        // A differing status was complained of by the claim itself.
        if first.status == second.status && first.hint != second.hint {
            let text = |hint: &Option<String>| hint.clone().unwrap_or_default();
            let what = format!(
                "its hint depends on the hash seed: `{}` with {}, `{}` with {}; sort what it shows",
                text(&first.hint),
                SEEDS[0],
                text(&second.hint),
                SEEDS[1]
            );
            problems.push(problem(&cell.name, what));
        }
    }
    problems
}

/// Joins the problems found under each seed: what all of them show is said once.
pub(super) fn merge(found: Vec<(u32, Vec<Problem>)>) -> Vec<Problem> {
    let everywhere = |problem: &Problem| {
        let same = |other: &Problem| other.cell == problem.cell && other.what == problem.what;
        found.iter().all(|(_, problems)| problems.iter().any(same))
    };
    let mut merged: Vec<Problem> = Vec::new();
    for (seed, problems) in &found {
        for problem in problems {
            let seed = (!everywhere(problem)).then_some(*seed);
            let said = |other: &Problem| other.cell == problem.cell && other.what == problem.what;
            if seed.is_some() || !merged.iter().any(said) {
                merged.push(Problem { seed, ..problem.clone() });
            }
        }
    }
    merged
}

/// A problem with a cell.
pub(super) fn problem(cell: &str, what: impl Into<String>) -> Problem {
    Problem { cell: cell.to_owned(), what: what.into(), message: None, hint: None, seed: None }
}

fn expect(name: &str, judged: &Judged, should_pass: bool) -> Option<Problem> {
    let Some(item) = judged.item(name) else {
        return Some(problem(name, "the judge said nothing about it"));
    };
    if passed(item) == should_pass {
        return None;
    }
    let what = match (should_pass, item.status) {
        (false, _) => "expected to fail, but passed",
        (true, Status::Error) => "expected to pass, but could not be judged",
        (true, _) => "expected to pass, but failed",
    };
    Some(explained(name, what, item))
}

/// A check that failed has a hint that could be rendered.
fn hint_renders(name: &str, judged: &Judged) -> Option<Problem> {
    let item = judged.item(name)?;
    let error = item.hint_error.as_ref()?;
    Some(explained(name, format!("its hint does not render: {error}"), item))
}

fn explained(name: &str, what: impl Into<String>, item: &ItemVerdict) -> Problem {
    Problem { message: item.message.clone(), hint: item.hint.clone(), ..problem(name, what) }
}

fn raised(name: &str, error: &CellError) -> Problem {
    let what = format!("the cell raised {}: {}", error.ename, error.evalue);
    let traceback = error.traceback.trim();
    let message = (!traceback.is_empty()).then(|| traceback.to_owned());
    Problem { message, ..problem(name, what) }
}
