//! Submissions of a notebook or unit, a hundred to a page.

use crate::fields::address;
use crate::items::{Show, count, states, units};
use crate::layout::page;
use crate::problem::Problem;
use crate::site::Site;
use cellist_gradebook::Standing;
use cellist_grader::reporters::feedback::number;
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use serde::Deserialize;

/// Rows of a page.
const ROWS: usize = 100;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    notebook: String,
    unit: String,
    show: String,
    /// Part of a learner's name.
    find: String,
    /// From 1.
    page: usize,
}

impl Wanted {
    fn unit(&self) -> Option<&str> {
        Some(self.unit.as_str()).filter(|unit| !unit.is_empty())
    }

    fn takes(&self, standing: &Standing) -> bool {
        let find = self.find.trim().to_lowercase();
        (self.notebook.is_empty() || self.notebook == standing.verdict.notebook)
            && standing.learner.to_lowercase().contains(&find)
            && Show::of(&self.show).takes(standing, self.unit())
    }

    fn address(&self, show: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let Self { notebook, unit, find, .. } = self;
        let questions =
            [("notebook", notebook.as_str()), ("unit", unit), ("show", show), ("find", find)];
        address("/list", &[questions.as_slice(), &[("page", &page)]].concat())
    }
}

/// The page.
pub(crate) fn list(site: &Site, wanted: &Wanted) -> Result<Markup, Problem> {
    let standings = site.standings()?;
    let found: Vec<&Standing> = standings.iter().filter(|one| wanted.takes(one)).collect();
    let pages = found.len().div_ceil(ROWS).max(1);
    let at = wanted.page.clamp(1, pages);
    let rows = found.iter().skip((at - 1) * ROWS).take(ROWS);
    let show = Show::of(&wanted.show);
    let content = html! {
        nav.filter aria-label="Filter" {
            @for one in Show::ALL {
                a href=(wanted.address(one.word(), 1)) aria-current=[(one == show).then_some("true")] {
                    (one.title())
                }
            }
        }
        form.row action="/list" role="search" {
            @for (name, value) in
                [("notebook", &wanted.notebook), ("unit", &wanted.unit), ("show", &wanted.show)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            label { "Learner " input type="search" name="find" value=(wanted.find); }
            button { "Find" }
        }
        p { (count(found.len(), "submission")) }
        div.scroll tabindex="0" role="region" aria-label="Submissions" {
            table {
                thead {
                    tr {
                        th scope="col" { "Learner" }
                        @if wanted.notebook.is_empty() { th scope="col" { "Notebook" } }
                        th scope="col" { "State" }
                        th.number scope="col" { "Points" }
                        th.number scope="col" { "Waiting" }
                        th scope="col" { "Graded" }
                    }
                }
                tbody { @for standing in rows { (row(standing, wanted)) } }
            }
        }
        @if pages > 1 {
            nav.filter aria-label="Pages" {
                @for page in 1..=pages {
                    a href=(wanted.address(&wanted.show, page))
                        aria-current=[(page == at).then_some("page")] { (page) }
                }
            }
        }
    };
    Ok(page(site, &title(wanted), &content))
}

fn title(wanted: &Wanted) -> String {
    let Wanted { notebook, unit, .. } = wanted;
    match (notebook.as_str(), unit.as_str()) {
        ("", _) => "Submissions".to_owned(),
        (notebook, "") => notebook.to_owned(),
        (notebook, unit) => format!("{unit} of {notebook}"),
    }
}

fn row(standing: &Standing, wanted: &Wanted) -> Markup {
    let Standing { learner, verdict, .. } = standing;
    let sum = |value: fn(&cellist_formats::verdict::UnitVerdict) -> f64| {
        units(standing, wanted.unit()).fold(0.0, |sum, unit| sum + value(unit))
    };
    let waiting = sum(|unit| {
        let waits = |status| status == cellist_formats::verdict::Status::Manual;
        unit.items.iter().filter(|item| waits(item.status)).fold(0.0, |sum, i| sum + i.max_points)
    });
    // What is forfeited counts in no sum of everything.
    let points = match wanted.unit() {
        Some(_) => sum(|unit| unit.points),
        None => verdict.points,
    };
    let to = address("/submission", &[("learner", learner), ("notebook", &verdict.notebook)]);
    html! {
        tr {
            th scope="row" { a.text href=(to) { (plain(learner)) } }
            @if wanted.notebook.is_empty() { td.text { (plain(&verdict.notebook)) } }
            td { (states(standing, wanted.unit())) }
            td.number { (number(points)) " of " (number(sum(|unit| unit.max_points))) }
            td.number { (number(waiting)) }
            td { time datetime=(standing.graded_at) { (moment(&standing.graded_at)) } }
        }
    }
}

/// `2027-01-31 12:00 UTC` of `2027-01-31T12:00:59Z`.
pub(crate) fn moment(at: &str) -> String {
    match (at.get(..10), at.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => plain(at),
    }
}
