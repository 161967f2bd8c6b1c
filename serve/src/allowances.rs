//! Extensions, late days, exemptions: who has them, and the form that gives and takes them.

use crate::fields::{Fields, address};
use crate::history;
use crate::layout::{csrf, page};
use crate::list::moment;
use crate::problem::Problem;
use crate::save::LONGEST;
use crate::site::Site;
use cellist_gradebook::{Allowance, GradebookError, Kind, is_day};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use serde::Deserialize;

/// Most late days that a form takes.
const MOST_DAYS: u32 = 10_000;
/// Longest name of a learner, in characters.
const LONGEST_NAME: usize = 200;

/// Whose allowances are to be edited; empty: everybody's are listed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Whom {
    learner: String,
    notebook: String,
}

/// The page.
pub(crate) fn allowances(site: &Site, whom: &Whom) -> Result<Markup, Problem> {
    let Whom { learner, notebook } = whom;
    let standings = site.standings()?;
    let mut notebooks: Vec<&str> =
        standings.iter().map(|one| one.verdict.notebook.as_str()).collect();
    notebooks.sort_unstable();
    notebooks.dedup();
    let mut learners: Vec<&str> = standings.iter().map(|one| one.learner.as_str()).collect();
    learners.dedup();
    let known = site.gradebook().allowances()?;
    let here = address("/allowances", &[("learner", learner), ("notebook", notebook)]);
    let chosen = !learner.trim().is_empty() && !notebook.is_empty();
    if chosen && !notebooks.contains(&notebook.as_str()) {
        return Err(Problem::NotFound(format!("notebook `{notebook}`")));
    }
    let content = html! {
        form.allow action="/allowances" method="get" role="search" aria-label="Choose" {
            label { "Learner "
                input name="learner" list="learners" required maxlength=(LONGEST_NAME) value=(learner)
                    autocomplete="off";
            }
            datalist id="learners" { @for learner in &learners { option value=(learner) {} } }
            label { "Notebook "
                select name="notebook" {
                    @for one in &notebooks {
                        option value=(one) selected[*one == notebook.as_str()] { (plain(one)) }
                    }
                }
            }
            button { "Choose" }
        }
        @if chosen {
            section aria-labelledby="chosen" {
                h2 id="chosen" { (plain(learner)) ", " (plain(notebook)) }
                (editor(site, learner, notebook, &here)?)
            }
        }
        section aria-labelledby="all" {
            h2 id="all" { "What is allowed now" }
            @if known.is_empty() { p { "Nobody is allowed anything special." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Allowances" {
                    table {
                        thead { tr {
                            th scope="col" { "Learner" }
                            th scope="col" { "Notebook" }
                            th scope="col" { "What" }
                            th scope="col" { "Why" }
                            th scope="col" { "By" }
                            th scope="col" { "When" }
                        } }
                        tbody { @for one in &known { (row(one)) } }
                    }
                }
            }
        }
    };
    Ok(page(site, "Allowances", &content))
}

fn row(one: &Allowance) -> Markup {
    let to = address("/allowances", &[("learner", &one.learner), ("notebook", &one.notebook)]);
    html! {
        tr {
            th scope="row" { a.text href=(to) { (plain(&one.learner)) } }
            td.text { (plain(&one.notebook)) }
            td.text { (plain(&history::allowed(one))) }
            td.text { (plain(&one.comment)) }
            td.text { (plain(&one.by)) }
            td { time datetime=(one.at) { (moment(&one.at)) } }
        }
    }
}

/// The form, and the history of what it changes; of a learner who handed in nothing, too.
fn editor(site: &Site, learner: &str, notebook: &str, back: &str) -> Result<Markup, Problem> {
    let all = match site.gradebook().learner(learner) {
        Ok(history) => history.allowances,
        Err(GradebookError::NoLearner { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(html! {
        (form(site, learner, notebook, &all, back))
        (history::allowances(&all, notebook))
    })
}

/// A form for everything that a learner may be allowed for a notebook; `all` is the history of it.
pub(crate) fn form(
    site: &Site,
    learner: &str,
    notebook: &str,
    all: &[Allowance],
    back: &str,
) -> Markup {
    let now = |kind: Kind| {
        let of_kind = |one: &&Allowance| one.notebook == notebook && one.kind == kind;
        all.iter().rev().find(of_kind).and_then(|one| one.value.as_deref()).unwrap_or_default()
    };
    let [until, days, exempt] = Kind::ALL.map(now);
    html! {
        form.allow action="/allow" method="post" {
            (csrf(site))
            // What stood there when the form was made: only what differs from it is a decision.
            @for (name, value) in [("learner", learner), ("notebook", notebook), ("back", back),
                                   ("was_extension", until), ("was_late_days", days),
                                   ("was_exemption", exempt)] {
                input type="hidden" name=(name) value=(value);
            }
            label { "May hand in until "
                input type="date" name="extension" value=(until) autocomplete="off";
            }
            label { "Late days without loss "
                input.points type="number" name="late_days" min="0" max=(MOST_DAYS) value=(days)
                    autocomplete="off";
            }
            label {
                input type="checkbox" name="exemption" value="yes" checked[!exempt.is_empty()]
                    autocomplete="off";
                " Need not hand in"
            }
            label.wide { "Why, which the learner reads "
                input name="comment" maxlength=(LONGEST) autocomplete="off";
            }
            div.row { button { "Allow" } span.note { "An empty field takes it back." } }
        }
    }
}

/// Does what a form says: one decision for each field that was changed in it, all or none.
///
/// # Errors
/// When a field cannot be, or nothing was changed; when the gradebook cannot be written.
pub(crate) fn allow(site: &Site, fields: &Fields) -> Result<(), Problem> {
    let (learner, notebook) = (fields.exact("learner"), fields.exact("notebook"));
    if learner.trim().is_empty() || learner.chars().count() > LONGEST_NAME {
        return Err(Problem::Bad("name a learner".to_owned()));
    }
    let mut changes = Vec::new();
    for kind in Kind::ALL {
        let sent = value(kind, fields.get(kind.as_str()))?;
        let was = value(kind, fields.get(&format!("was_{}", kind.as_str())))?;
        if sent != was {
            changes.push((kind, sent));
        }
    }
    if changes.is_empty() {
        return Err(Problem::Bad("nothing is other than before; nothing was saved".to_owned()));
    }
    let comment = fields.get("comment");
    if comment.chars().count() > LONGEST {
        return Err(Problem::Bad(format!("a comment has {LONGEST} characters at most")));
    }
    site.write(learner, notebook, |book| {
        book.allow(learner, notebook, &changes, (site.by.as_str(), comment))
    })?;
    Ok(())
}

/// A field's value as the gradebook has it; `None` for none.
fn value(kind: Kind, text: &str) -> Result<Option<String>, Problem> {
    let bad =
        |what: &str| Problem::Bad(format!("`{}` is no {what}; nothing was saved", plain(text)));
    match (kind, text) {
        (_, "") => Ok(None),
        (Kind::Extension, day) if is_day(day) => Ok(Some(day.to_owned())),
        (Kind::Extension, _) => Err(bad("day (YYYY-MM-DD)")),
        (Kind::LateDays, text) => match text.parse::<u32>() {
            Ok(0) => Ok(None),
            Ok(days) if days <= MOST_DAYS => Ok(Some(days.to_string())),
            _ => Err(bad("number of days")),
        },
        (Kind::Exemption, "yes") => Ok(Some("yes".to_owned())),
        (Kind::Exemption, _) => Err(bad("exemption")),
    }
}
