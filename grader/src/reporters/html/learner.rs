//! A learner's page: every check with its points and what to do next.

use super::{page, picture};
use crate::reporters::feedback::{
    brief, check_name, comparison, exception, mark, number, outcome, own_errors, seen, total,
};
use crate::reporters::json::Entry;
use crate::reporters::plain::plain;
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use cellist_judge::CheckRuns;
use maud::{Markup, html};

/// The page of one learner's submissions.
pub(super) fn page(learner: &str, entries: &[&Entry]) -> String {
    let verdicts = entries.iter().filter_map(|entry| Some((entry.verdict.as_ref()?, &entry.runs)));
    let sections = verdicts.map(|(verdict, runs)| page::Section {
        heading: plain(&verdict.notebook),
        content: submission(verdict, runs),
    });
    page::page(&format!("Feedback for {learner}"), &html! {}, &sections.collect::<Vec<_>>())
}

fn submission(verdict: &Verdict, runs: &CheckRuns) -> Markup {
    html! {
        p.total { (total(verdict)) }
        @for unit in &verdict.units {
            h3 { (plain(&unit.title)) }
            @if !unit.items.is_empty() { (checks(unit, runs)) }
            (pictures(unit, runs))
            (errors(unit))
        }
        @if !verdict.notes.is_empty() {
            h3 { "About the notebook" }
            ul { @for note in &verdict.notes { li.text { (plain(note)) } } }
        }
    }
}

fn checks(unit: &UnitVerdict, runs: &CheckRuns) -> Markup {
    let summed = format!("{} of {} points", number(unit.points), number(unit.max_points));
    html! {
        table {
            caption { "Checks: " (summed) }
            thead {
                tr {
                    th scope="col" { "Check" }
                    th.number scope="col" { "Points" }
                    th scope="col" { "Result" }
                }
            }
            tbody {
                @for item in &unit.items {
                    tr {
                        th scope="row" {
                            (plain(check_name(unit, item)))
                            @if item.hidden { " (hidden)" }
                        }
                        td.number { (points(item)) }
                        td {
                            (result(item))
                            @if let Some(sides) = comparison(item, runs) {
                                p.sides.text { (plain(&brief(sides))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn points(item: &ItemVerdict) -> String {
    match item.status {
        Status::Manual => format!("– of {}", number(item.max_points)),
        _ => format!("{} of {}", number(item.points), number(item.max_points)),
    }
}

fn result(item: &ItemVerdict) -> Markup {
    let mark = mark(item.status);
    let word = match item.status {
        Status::Failed => "not passed: ",
        Status::Error => "not judged: ",
        _ => "",
    };
    let text = plain(&outcome(item));
    // `outcome` says so itself where there is no hint.
    let word = if text == "not passed" { "" } else { word };
    html! {
        span class=(item.status.word()) {
            span.mark aria-hidden="true" { (mark) " " }
            (word)
        }
        span.text { (text) }
    }
}

/// What the learner's code did in the checks that it failed.
fn pictures(unit: &UnitVerdict, runs: &CheckRuns) -> Markup {
    let timeline = |item| Some((check_name(unit, item), seen(item, runs)?.timeline.as_deref()?));
    let figures = picture::figures(unit.items.iter().filter_map(timeline));
    html! {
        @if !figures.is_empty() {
            h4 { "What your tasks and threads did" }
            @for figure in figures { (figure) }
        }
    }
}

fn errors(unit: &UnitVerdict) -> Markup {
    let errors: Vec<_> = own_errors(unit).collect();
    html! {
        @if !errors.is_empty() {
            h4 { "What your cells raised" }
            @for error in errors {
                p.text { (exception(error)) }
                @if !error.traceback.trim().is_empty() {
                    pre { (plain(&brief_end(&error.traceback))) }
                }
            }
        }
    }
}

/// A traceback says the most at its end.
fn brief_end(traceback: &str) -> String {
    const LINES: usize = 30;
    let lines: Vec<&str> = traceback.trim_end().lines().collect();
    let last = lines.len().saturating_sub(LINES);
    let shown = lines[last..].iter().map(|line| brief_line(line));
    let left_out = (last > 0).then(|| "…".to_owned());
    left_out.into_iter().chain(shown).collect::<Vec<_>>().join("\n")
}

/// Not trimmed: the blanks before it are Python's.
fn brief_line(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    format!("{}{}", " ".repeat(indent.min(80)), brief(line))
}
