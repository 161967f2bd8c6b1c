//! Everything that was ever decided about a submission, and by whom.

use crate::items::status;
use crate::list::moment;
use cellist_gradebook::{Allowance, LearnerHistory, ManualScore, PastScore};
use cellist_grader::reporters::feedback::number;
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};

/// What there is of a notebook.
pub(crate) fn section(history: &LearnerHistory, notebook: &str) -> Markup {
    let scores: Vec<&PastScore> =
        history.scores.iter().filter(|one| one.notebook == notebook).collect();
    let manual: Vec<&ManualScore> =
        history.manual.iter().filter(|one| one.notebook == notebook).collect();
    html! {
        section aria-labelledby="history" {
            h2 id="history" { "History" }
            (allowances(&history.allowances, notebook))
            @if !manual.is_empty() {
                h3 { "What people decided, oldest first" }
                ul { @for score in &manual { li.text { (decision(score)) } } }
            }
            details {
                summary { "What the grader said, oldest first" }
                div.scroll tabindex="0" role="region" aria-label="Scores of the grader" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "When" }
                                th scope="col" { "Item" }
                                th scope="col" { "Status" }
                                th.number scope="col" { "Points" }
                                th scope="col" { "Submission" }
                                th scope="col" { "Checks" }
                                th scope="col" { "Grader, seed" }
                            }
                        }
                        tbody { @for score in &scores { (row(score)) } }
                    }
                }
            }
        }
    }
}

/// What was allowed for a notebook, and taken back.
pub(crate) fn allowances(all: &[Allowance], notebook: &str) -> Markup {
    let of_it: Vec<&Allowance> = all.iter().filter(|one| one.notebook == notebook).collect();
    html! {
        @if !of_it.is_empty() {
            h3 { "What was allowed, oldest first" }
            ul { @for one in &of_it { li.text { (allowance(one)) } } }
        }
    }
}

fn row(score: &PastScore) -> Markup {
    let short = |hash: &str| hash.chars().take(8).collect::<String>();
    html! {
        tr {
            td { (moment(&score.at)) }
            th.text scope="row" { (plain(&score.item)) }
            td { (status(score.status)) }
            td.number { (number(score.points)) " of " (number(score.max_points)) }
            td { code { (short(&score.submission)) } }
            td { code { (short(&score.revision)) } }
            td { (score.grader) ", " (score.seed) }
        }
    }
}

fn decision(score: &ManualScore) -> String {
    let points = score
        .points
        .map_or("as the grader says".to_owned(), |points| format!("{} points", number(points)));
    let comment = match score.comment.as_str() {
        "" => String::new(),
        comment => format!(": {comment}"),
    };
    plain(&format!("{}, {}: {points}, by {}{comment}", moment(&score.at), score.item, score.by))
}

fn allowance(one: &Allowance) -> String {
    let comment = match one.comment.as_str() {
        "" => String::new(),
        comment => format!(": {comment}"),
    };
    plain(&format!("{}, {}, by {}{comment}", moment(&one.at), allowed(one), one.by))
}

/// `late days: 2`.
pub(crate) fn allowed(one: &Allowance) -> String {
    let kind = one.kind.as_str().replace('_', " ");
    format!("{kind}: {}", one.value.as_deref().unwrap_or("none any more"))
}
