//! The class at a glance, for whoever teaches it.

use super::statistics::{Check, Statistics};
use super::{LEARNERS, charts, page};
use crate::reporters::feedback::{number, possible};
use crate::reporters::json::Entry;
use crate::reporters::plain::plain;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The page. `files` names each learner's own.
pub(super) fn page(entries: &[Entry], files: &BTreeMap<&str, String>) -> String {
    let statistics = Statistics::of(entries);
    let failed: Vec<&Entry> = entries.iter().filter(|entry| entry.verdict.is_none()).collect();
    let content = html! {
        p { (count(entries.len(), "submission")) ", " (count(files.len(), "learner")) ", "
            (count(statistics.len(), "notebook")) "; " (failed.len()) " could not be graded." }
        @for one in &statistics {
            section {
                h2 { (plain(one.notebook)) }
                (notebook(one))
                h3 { "Checks" }
                (checks(&one.checks))
                h3 { "Learners" }
                (learners(one, files))
            }
        }
        @if !failed.is_empty() {
            section {
                h2 { "Could not be graded" }
                dl {
                    @for entry in failed {
                        dt.text { (plain(&entry.submission)) }
                        dd.text { (plain(entry.error.as_deref().unwrap_or_default())) }
                    }
                }
            }
        }
    };
    page::page("Class overview", &content)
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
    html! {
        table {
            caption { "Every check, in the notebook's order. Bars: passed dark, failed red, neither grey" }
            thead {
                tr {
                    th scope="col" { "Check" }
                    th.number scope="col" { "Passed" }
                    th scope="col" { "Share" }
                    th.number scope="col" { "Mean points" }
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

fn seconds(millis: f64) -> String {
    format!("{:.2} s", millis / 1e3)
}
