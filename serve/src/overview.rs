//! The class: per unit who passed, failed and waits, and per check the share that passed.

use crate::fields::address;
use crate::items::{Show, count, units};
use crate::layout::{csrf, page};
use crate::problem::Problem;
use crate::site::Site;
use cellist_formats::verdict::Status;
use cellist_gradebook::Standing;
use cellist_grader::reporters::feedback::{check_name, number};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// A check, quiz or written answer of a unit, over all submissions.
struct Item {
    id: String,
    name: String,
    hidden: bool,
    max_points: f64,
    points: f64,
    passed: usize,
    waiting: usize,
    count: usize,
}

/// A unit over all submissions.
struct Unit {
    id: String,
    title: String,
    items: Vec<Item>,
}

/// The page.
pub(crate) fn overview(site: &Site) -> Result<Markup, Problem> {
    let standings = site.standings()?;
    let mut notebooks: BTreeMap<&str, Vec<&Standing>> = BTreeMap::new();
    for standing in standings.iter() {
        notebooks.entry(&standing.verdict.notebook).or_default().push(standing);
    }
    let can_grade = site.grader.as_ref().is_some_and(|grader| grader.can_grade());
    let work = site.work.borrow().clone();
    let content = html! {
        @if notebooks.is_empty() { p { "Nothing is in this gradebook yet." } }
        @if can_grade {
            form.row action="/grade" method="post" {
                (csrf(site))
                input type="hidden" name="task" value="everything";
                button { "Grade everything that was handed in" }
            }
        }
        @if !work.failures.is_empty() {
            section aria-labelledby="failures" {
                h2 id="failures" { "Not graded the last time" }
                ul { @for failure in &work.failures { li.text { (failure) } } }
            }
        }
        @for (name, standings) in &notebooks {
            (notebook(site, name, standings, can_grade))
        }
    };
    Ok(page(site, "Overview", &content))
}

fn notebook(site: &Site, name: &str, standings: &[&Standing], can_grade: bool) -> Markup {
    let units = summed(standings);
    html! {
        section {
            h2.text { (plain(name)) }
            div.row {
                p {
                    a href=(address("/list", &[("notebook", name)])) {
                        (count(standings.len(), "submission"))
                    }
                }
                @if can_grade {
                    form action="/grade" method="post" {
                        (csrf(site))
                        input type="hidden" name="task" value="notebook";
                        input type="hidden" name="notebook" value=(name);
                        button { "Grade all again" }
                    }
                }
            }
            (states(name, &units, standings))
            details {
                summary { "Every check" }
                (checks(&units))
            }
        }
    }
}

fn states(name: &str, all: &[Unit], standings: &[&Standing]) -> Markup {
    let shown = [Show::Passed, Show::Failed, Show::Unanswered, Show::Late, Show::Manual];
    let cell = |unit: &Unit, show: Show| {
        let n = standings.iter().filter(|one| show.takes(one, Some(&unit.id))).count();
        let to = [("notebook", name), ("unit", unit.id.as_str()), ("show", show.word())];
        html! { @if n > 0 { a href=(address("/list", &to)) { (n) } } @else { "0" } }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Units" {
            table {
                thead {
                    tr {
                        th scope="col" { "Unit" }
                        @for show in shown { th.number scope="col" { (show.title()) } }
                        th.number scope="col" { "Mean points" }
                        th scope="col" { "Written answers" }
                    }
                }
                tbody {
                    @for unit in all {
                        tr {
                            th scope="row" { (plain(&unit.id)) " " span.quiet { (plain(&unit.title)) } }
                            @for show in shown { td.number { (cell(unit, show)) } }
                            td.number { (mean(unit, standings)) }
                            td {
                                @for item in unit.items.iter().filter(|item| item.waiting > 0) {
                                    a.button href=(address("/answers", &[
                                        ("notebook", name), ("unit", &unit.id), ("item", &item.id),
                                    ])) { "Grade " (plain(&item.name)) ": " (item.waiting) }
                                    " "
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn checks(all: &[Unit]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Checks" {
            table {
                thead {
                    tr {
                        th scope="col" { "Check" }
                        th.number scope="col" { "Passed" }
                        th scope="col" { "Share" }
                        th.number scope="col" { "Mean points" }
                    }
                }
                tbody {
                    @for unit in all {
                        @for item in &unit.items {
                            tr {
                                th scope="row" {
                                    (plain(&unit.id)) " " (plain(&item.name))
                                    @if item.hidden { " (hidden)" }
                                }
                                td.number { (item.passed) " of " (item.count) }
                                td {
                                    meter min="0" max=(item.count.max(1)) value=(item.passed)
                                        aria-label=(format!("{} of {} passed", item.passed, item.count)) {}
                                }
                                td.number {
                                    (number(item.points / item.count.max(1) as f64)) " of "
                                    (number(item.max_points))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mean(unit: &Unit, standings: &[&Standing]) -> String {
    let of = standings.iter().filter(|one| units(one, Some(&unit.id)).next().is_some()).count();
    let points = unit.items.iter().fold(0.0, |sum, item| sum + item.points);
    let most = unit.items.iter().fold(0.0, |sum, item| sum + item.max_points);
    format!("{} of {}", number(points / of.max(1) as f64), number(most))
}

/// Units and items in the order of the submissions.
fn summed(standings: &[&Standing]) -> Vec<Unit> {
    let mut all: Vec<Unit> = Vec::new();
    for unit in standings.iter().flat_map(|standing| &standing.verdict.units) {
        let known = all.iter().position(|one| one.id == unit.id).unwrap_or_else(|| {
            all.push(Unit { id: unit.id.clone(), title: unit.title.clone(), items: Vec::new() });
            all.len() - 1
        });
        for item in &unit.items {
            let items = &mut all[known].items;
            let at = items.iter().position(|one| one.id == item.id).unwrap_or_else(|| {
                items.push(Item {
                    id: item.id.clone(),
                    name: check_name(unit, item).to_owned(),
                    hidden: item.hidden,
                    max_points: item.max_points,
                    points: 0.0,
                    passed: 0,
                    waiting: 0,
                    count: 0,
                });
                items.len() - 1
            });
            let one = &mut items[at];
            one.points += item.points;
            one.passed += usize::from(item.status == Status::Passed);
            one.waiting += usize::from(item.status == Status::Manual);
            one.count += 1;
        }
    }
    all
}
