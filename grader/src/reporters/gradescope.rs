//! `results.json` as a Gradescope autograder hands it in.
//!
//! The format: "Autograder Specifications, Output Format" in Gradescope's documentation. Its learners
//! read what is in it, so the texts are those that a learner may read.

use super::feedback::{check_name, exception, number, outcome, own_errors, possible};
use super::json::Entry;
use super::plain::plain;
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;

/// When learners see the hidden checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// At once.
    Visible,
    /// When the grades are published.
    AfterPublished,
    /// Never.
    Hidden,
}

/// The submissions are not one learner's work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`results.json` is about one learner's work, and two submissions are for `{notebook}`; \
     let one count: `--attempts latest`"
)]
pub struct SeveralAttempts {
    /// What they are both for.
    pub notebook: String,
}

#[derive(Serialize)]
struct Results {
    score: f64,
    execution_time: f64,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    visibility: Visibility,
    tests: Vec<Test>,
    extra_data: Extra,
}

#[derive(Serialize)]
struct Test {
    name: String,
    number: String,
    /// None where a person decides: Gradescope adds what there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    max_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    output: String,
    tags: Vec<&'static str>,
    visibility: Visibility,
}

/// Kept with the submission, shown to nobody.
#[derive(Serialize)]
struct Extra {
    cellist: &'static str,
    possible_points: f64,
    waiting_points: f64,
}

/// The results of one learner's notebooks; `hidden` tells when the hidden checks are seen.
///
/// # Errors
/// When two of the submissions are for the same notebook.
pub fn report(entries: &[Entry], hidden: Visibility) -> Result<String, SeveralAttempts> {
    let verdicts: Vec<&Verdict> = entries.iter().filter_map(|e| e.verdict.as_ref()).collect();
    let mut seen = BTreeSet::new();
    if let Some(again) = verdicts.iter().find(|verdict| !seen.insert(&verdict.notebook)) {
        return Err(SeveralAttempts { notebook: again.notebook.clone() });
    }
    let sum = |value: fn(&Verdict) -> f64| verdicts.iter().fold(0.0, |sum, one| sum + value(one));
    let units = verdicts.iter().flat_map(|verdict| &verdict.units);
    let tests = units.enumerate().flat_map(|(first, unit)| {
        let test = move |(second, item)| test(unit, item, [first + 1, second + 1], hidden);
        unit.items.iter().enumerate().map(test)
    });
    let results = Results {
        score: sum(|verdict| verdict.points),
        execution_time: sum(|verdict| verdict.millis) / 1e3,
        output: output(entries),
        output_format: "text",
        test_output_format: "text",
        visibility: Visibility::Visible,
        tests: tests.collect(),
        extra_data: Extra {
            cellist: env!("CARGO_PKG_VERSION"),
            possible_points: sum(possible),
            waiting_points: sum(|verdict| verdict.manual_points),
        },
    };
    #[expect(clippy::expect_used, reason = "strings, numbers and lists of them")]
    let text = serde_json::to_string_pretty(&results).expect("results have a JSON form");
    Ok(text + "\n")
}

fn test(unit: &UnitVerdict, item: &ItemVerdict, number: [usize; 2], hidden: Visibility) -> Test {
    let status = match item.status {
        Status::Passed => Some("passed"),
        Status::Manual => None,
        Status::Failed | Status::Withheld | Status::Error | Status::Unanswered => Some("failed"),
    };
    let mut tags = Vec::new();
    for (tag, is_so) in [
        ("hidden", item.hidden),
        ("guard", item.guard),
        ("manual", item.status == Status::Manual),
        ("unanswered", item.status == Status::Unanswered),
    ] {
        tags.extend(is_so.then_some(tag));
    }
    Test {
        name: plain(&format!("{}: {}", unit.title, check_name(unit, item))),
        number: format!("{}.{}", number[0], number[1]),
        score: (item.status != Status::Manual).then_some(item.points),
        max_score: item.max_points,
        status,
        output: plain(&outcome(item)),
        tags,
        visibility: if item.hidden { hidden } else { Visibility::Visible },
    }
}

/// What stands above the tests.
fn output(entries: &[Entry]) -> String {
    let mut lines = Vec::new();
    for entry in entries {
        if let Some(verdict) = &entry.verdict {
            lines.extend(verdict.units.iter().flat_map(own_errors).map(exception));
            lines.extend(verdict.notes.iter().map(|note| plain(&format!("note: {note}"))));
            if verdict.manual_points > 0.0 {
                let more = number(verdict.manual_points);
                lines.push(format!("up to {more} more points from a person"));
            }
        }
        if let Some(error) = &entry.error {
            lines.push(format!("could not be graded: {}", plain(error)));
        }
    }
    lines.join("\n")
}
