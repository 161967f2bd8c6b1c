//! Files for learning platforms and spreadsheets, made by the grader's reporters.

use crate::fields::address;
use crate::layout::page;
use crate::problem::Problem;
use crate::site::Site;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use cellist_gradebook::{Kind, Standing};
use cellist_grader::reporters::gradescope::{self, Visibility};
use cellist_grader::reporters::json::Entry;
use cellist_grader::reporters::sheet::Sheet;
use cellist_grader::reporters::{canvas, csv, html, junit, moodle};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Files of the whole class: name, and what it is.
const FILES: [(&str, &str); 5] = [
    ("units.csv", "a row per submission and unit"),
    ("checks.csv", "a row per submission and check"),
    ("canvas.csv", "a gradebook for Canvas to import"),
    ("moodle.csv", "grades and feedback for Moodle to import"),
    ("junit.xml", "JUnit XML: a suite per submission, a test per check"),
];

/// Whose work.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Whose {
    learner: String,
    /// When Gradescope shows hidden checks: `visible`, `after_published` (the default), `hidden`.
    hidden: String,
}

/// The page that names them.
pub(crate) fn overview(site: &Site) -> Result<Markup, Problem> {
    let standings = site.standings()?;
    let learners: BTreeSet<&str> = standings.iter().map(|one| one.learner.as_str()).collect();
    let content = html! {
        p { "People's points and comments are in all of them; no hidden check's code or values are." }
        ul {
            @for (name, what) in FILES {
                li { a href=(format!("/export/{name}")) { (name) } ", " (what) }
            }
        }
        h2 { "One learner's" }
        @if learners.is_empty() { p { "Nothing is in this gradebook yet." } }
        @else {
            form.row action="/export/gradescope.json" {
                (chooser(&learners))
                label { "Hidden checks "
                    select name="hidden" {
                        option value="after_published" { "with the published grades" }
                        option value="visible" { "at once" }
                        option value="hidden" { "never" }
                    }
                }
                button { "results.json for Gradescope" }
            }
            form.row action="/export/feedback.html" {
                (chooser(&learners))
                button { "Feedback page" }
            }
        }
    };
    Ok(page(site, "Exports", &content))
}

fn chooser(learners: &BTreeSet<&str>) -> Markup {
    html! {
        label { "Learner "
            select name="learner" {
                @for learner in learners { option value=(learner) { (learner) } }
            }
        }
    }
}

/// A file to be saved.
pub(crate) fn file(site: &Site, name: &str, whose: &Whose) -> Result<Response, Problem> {
    let standings = site.standings()?;
    let entries = |only: Option<&str>| {
        let wanted = standings.iter().filter(|one| only.is_none_or(|only| one.learner == only));
        wanted.cloned().map(entry).collect::<Vec<Entry>>()
    };
    let of_learner = || match entries(Some(&whose.learner)) {
        none if none.is_empty() => {
            Err(Problem::NotFound(format!("submission of `{}`", whose.learner)))
        }
        some => Ok(some),
    };
    let (kind, text) = match name {
        "units.csv" => ("text/csv", csv::units(&entries(None))),
        "checks.csv" => ("text/csv", csv::checks(&entries(None))),
        "canvas.csv" => ("text/csv", canvas::report(&sheet(site, &entries(None))?)),
        "moodle.csv" => ("text/csv", moodle::report(&sheet(site, &entries(None))?)),
        "junit.xml" => ("application/xml", junit::report(&entries(None))),
        "gradescope.json" => {
            let hidden = match whose.hidden.as_str() {
                "visible" => Visibility::Visible,
                "hidden" => Visibility::Hidden,
                _ => Visibility::AfterPublished,
            };
            let report = gradescope::report(&of_learner()?, hidden);
            ("application/json", report.map_err(|error| Problem::Bad(error.to_string()))?)
        }
        "feedback.html" => {
            let entries = of_learner()?;
            // The first is the overview of the class.
            let page = html::pages(&entries).nth(1).ok_or(Problem::Internal)?;
            ("text/html", page.1)
        }
        _ => return Err(Problem::NotFound(address(&format!("export `{name}`"), &[]))),
    };
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text).into_response())
}

fn sheet(site: &Site, entries: &[Entry]) -> Result<Sheet, Problem> {
    let mut sheet = Sheet::new(entries);
    let allowed = site.gradebook().allowances()?;
    for one in allowed.iter().filter(|one| one.kind == Kind::Exemption) {
        sheet.excuse(&one.learner, &one.notebook);
    }
    Ok(sheet)
}

fn entry(standing: Standing) -> Entry {
    Entry::kept(standing.file, standing.learner, standing.verdict)
}
