//! The class at a glance, for whoever teaches it.

use super::page::{self, Section};
use super::statistics::{Check, Statistics};
use super::{LEARNERS, charts};
use crate::reporters::feedback::{number, possible};
use crate::reporters::json::Entry;
use crate::reporters::plain::plain;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The page. `files` names each learner's own.
pub(super) fn page(entries: &[Entry], files: &BTreeMap<&str, String>) -> String {
    let statistics = Statistics::of(entries);
    let failed: Vec<&Entry> = entries.iter().filter(|entry| entry.verdict.is_none()).collect();
    let summary = html! {
        p { (count(entries.len(), "submission")) ", " (count(files.len(), "learner")) ", "
            (count(statistics.len(), "notebook")) "; " (failed.len()) " could not be graded." }
    };
    let of_notebook = |one: &Statistics<'_>| Section {
        heading: plain(one.notebook),
        content: html! {
            (notebook(one))
            h3 { "Checks" }
            (checks(&one.checks))
            @if one.checks.iter().any(|check| !check.took.is_empty()) {
                (charts::times(&one.checks))
            }
            h3 { "Learners" }
            (learners(one, files))
        },
    };
    let mut sections: Vec<Section> = statistics.iter().map(of_notebook).collect();
    if !failed.is_empty() {
        let content = html! {
            dl {
                @for entry in failed {
                    dt.text { (plain(&entry.submission)) }
                    dd.text { (plain(entry.error.as_deref().unwrap_or_default())) }
                }
            }
        };
        sections.push(Section { heading: "Could not be graded".to_owned(), content });
    }
    page::page("Class overview", &summary, &sections)
}

fn notebook(one: &Statistics<'_>) -> Markup {
    let most = one.verdicts.values().map(|verdict| possible(verdict)).fold(0.0, f64::max);
    let (median, slowest) = one.millis();
    html! {
        p { "Median " (number(one.median_points())) " of " (number(most)) " points. Judging one took "
            (seconds(median)) " in the median and " (seconds(slowest)) " at most." }
        (charts::tenths(one.tenths()))
    }
}

fn checks(checks: &[Check<'_>]) -> Markup {
    // A gradebook knows no times.
    let timed = checks.iter().any(|check| !check.took.is_empty());
    html! {
        table {
            caption { "Every check, in the notebook's order. Bars: passed dark, failed red, neither grey" }
            thead {
                tr {
                    th scope="col" { "Check" }
                    th.number scope="col" { "Passed" }
                    th scope="col" { "Share" }
                    th.number scope="col" { "Mean points" }
                    @if timed {
                        th.number scope="col" { "Median time" }
                        th.number scope="col" { "Longest" }
                    }
                    th scope="col" { "Commonest failure" }
                }
            }
            tbody {
                @for check in checks {
                    tr {
                        th scope="row" { (plain(check.unit)) " " (plain(check.name))
                            @if check.hidden { " (hidden)" } }
                        td.number { (percent(check.passed, check.count())) }
                        td { (charts::share(check)) }
                        td.number { (mean(check)) " of " (number(check.max_points)) }
                        @if timed {
                            @let (median, longest) = check.millis();
                            td.number { (median.map(milliseconds).unwrap_or_default()) }
                            td.number { (longest.map(milliseconds).unwrap_or_default()) }
                        }
                        td.text {
                            @if let Some((text, times)) = check.commonest_failure() {
                                (times) " × " (plain(text))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn learners(one: &Statistics<'_>, files: &BTreeMap<&str, String>) -> Markup {
    html! {
        table {
            caption { "Each learner's last submission" }
            thead {
                tr {
                    th scope="col" { "Learner" }
                    th.number scope="col" { "Points" }
                    th.number scope="col" { "Waiting for a person" }
                    th.number scope="col" { "Time" }
                }
            }
            tbody {
                @for (learner, verdict) in &one.verdicts {
                    tr {
                        th scope="row" {
                            @match files.get(learner) {
                                Some(file) => { a href={ (LEARNERS) "/" (file) } { (plain(learner)) } }
                                None => { (plain(learner)) }
                            }
                        }
                        td.number { (number(verdict.points)) " of " (number(possible(verdict))) }
                        td.number { (number(verdict.manual_points)) }
                        td.number { (seconds(verdict.millis)) }
                    }
                }
            }
        }
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn percent(part: usize, whole: usize) -> String {
    format!("{} %", 100 * part / whole.max(1))
}

fn mean(check: &Check<'_>) -> String {
    number(check.points / check.count().max(1) as f64)
}

/// Whole ones, but of less than ten.
pub(super) fn milliseconds(millis: f64) -> String {
    if millis < 9.95 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

fn seconds(millis: f64) -> String {
    format!("{:.2} s", millis / 1e3)
}
