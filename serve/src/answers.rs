//! The written answers to one question, one after another, to be graded without leaving the keyboard.

use crate::fields::address;
use crate::handed_in::Found;
use crate::items::{count, points, status};
use crate::layout::page;
use crate::markdown::markdown;
use crate::notebook::{answer, rubric};
use crate::problem::Problem;
use crate::save::{Subject, form};
use crate::site::Site;
use cellist_formats::notebook::Notebook;
use cellist_formats::verdict::{ItemVerdict, Status};
use cellist_gradebook::{ManualScore, Standing};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Answers of a page: each is a file to be read.
const ANSWERS: usize = 20;

/// What is to be graded.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    notebook: String,
    unit: String,
    item: String,
    /// `all`, else those that wait.
    show: String,
    /// From 1.
    page: usize,
}

impl Question {
    fn item<'a>(&self, standing: &'a Standing) -> Option<&'a ItemVerdict> {
        let units = standing.verdict.units.iter().filter(|unit| unit.id == self.unit);
        units.flat_map(|unit| &unit.items).find(|item| item.id == self.item)
    }

    fn address(&self, show: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let Self { notebook, unit, item, .. } = self;
        address(
            "/answers",
            &[
                ("notebook", notebook),
                ("unit", unit),
                ("item", item),
                ("show", show),
                ("page", &page),
            ],
        )
    }
}

/// An answer as the page shows it.
struct Answer<'a> {
    standing: &'a Standing,
    item: &'a ItemVerdict,
    /// Or why it cannot be shown.
    text: Result<String, &'static str>,
}

/// The page.
pub(crate) fn answers(site: &Site, question: &Question) -> Result<Markup, Problem> {
    let standings = site.standings()?;
    let of_it = standings.iter().filter(|one| one.verdict.notebook == question.notebook);
    let all: Vec<(&Standing, &ItemVerdict)> =
        of_it.filter_map(|one| Some((one, question.item(one)?))).collect();
    if all.is_empty() {
        return Err(Problem::NotFound(format!("`{}` of unit `{}`", question.item, question.unit)));
    }
    let scores = site.gradebook().manual_scores(&question.notebook, &question.item)?;
    let everything = question.show == "all";
    let wanted = |item: &ItemVerdict| everything || item.status == Status::Manual;
    let found: Vec<_> = all.iter().filter(|(_, item)| wanted(item)).copied().collect();
    let pages = found.len().div_ceil(ANSWERS).max(1);
    let at = question.page.clamp(1, pages);
    let mut seen: Option<String> = None;
    let shown: Vec<Answer<'_>> = found
        .iter()
        .skip((at - 1) * ANSWERS)
        .take(ANSWERS)
        .map(|(standing, item)| read(site, standing, item, &mut seen))
        .collect();
    let waiting = all.iter().filter(|(_, item)| item.status == Status::Manual).count();
    let content = html! {
        p.quiet.text { (plain(&question.notebook)) }
        nav.filter aria-label="Filter" {
            a href=(question.address("", 1)) aria-current=[(!everything).then_some("true")] {
                "Waiting: " (waiting)
            }
            a href=(question.address("all", 1)) aria-current=[everything.then_some("true")] {
                "All: " (all.len())
            }
        }
        @if let Some(rubric) = &seen {
            div.rubric.stays { h2 { "Rubric" } div.text { (plain(rubric)) } }
        }
        p.note.keys {
            kbd { "j" } " " kbd { "n" } " next, " kbd { "k" } " " kbd { "p" } " previous answer; "
            "a digit gives points, " kbd { "c" } " a comment; " kbd { "Enter" } " saves and goes on, "
            kbd { "Esc" } " leaves a field"
        }
        @if shown.is_empty() { p { "No answer waits." } }
        div.answers {
            @for (index, answer) in shown.iter().enumerate() {
                (one(site, question, answer, &scores, index))
            }
        }
        @if pages > 1 && everything {
            nav.filter aria-label="Pages" {
                @for page in 1..=pages {
                    a href=(question.address("all", page))
                        aria-current=[(page == at).then_some("page")] { (page) }
                }
            }
        }
        @if found.len() > ANSWERS && !everything {
            p { a.button href=(question.address("", 1)) {
                "Next answers, of " (count(found.len(), "answer")) " that wait"
            } }
        }
    };
    Ok(page(site, &format!("{}: written answers", question.item), &content))
}

fn one(
    site: &Site,
    question: &Question,
    answer: &Answer<'_>,
    scores: &BTreeMap<String, ManualScore>,
    index: usize,
) -> Markup {
    let Answer { standing, item, text } = answer;
    let (learner, notebook) = (standing.learner.as_str(), question.notebook.as_str());
    let whole = address("/submission", &[("learner", learner), ("notebook", notebook)]);
    let back = question.address(&question.show, question.page);
    let form = form(
        site,
        &Subject {
            learner,
            notebook,
            unit: &question.unit,
            item,
            last: scores.get(learner),
            back: &back,
        },
    );
    html! {
        article.answer tabindex="-1" id=(format!("answer-{}", index + 1))
            aria-labelledby=(format!("learner-{}", index + 1)) {
            h2 id=(format!("learner-{}", index + 1)) {
                a.text href=(whole) { (plain(learner)) }
                " " (status(item.status)) " " span.quiet { (points(item)) }
            }
            @match text {
                Ok(text) if text.trim().is_empty() => { p.note { "an empty answer" } }
                Ok(text) => { (markdown(text)) }
                Err(why) => { p.warning role="note" { (why) } }
            }
            (form)
        }
    }
}

/// Reads an answer out of its notebook, and the question's rubric with the first.
fn read<'a>(
    site: &Site,
    standing: &'a Standing,
    item: &'a ItemVerdict,
    seen: &mut Option<String>,
) -> Answer<'a> {
    let text = match site.handed_in.find(standing) {
        Found::Same(file, text) => match Notebook::parse(&text, &file.path) {
            Ok(notebook) => {
                if seen.is_none()
                    && let Some(grader) = &site.grader
                {
                    let spec = grader.spec(&notebook, &file.path);
                    *seen = rubric(spec.as_deref(), &item.id).map(str::to_owned);
                }
                let found = answer(&notebook, &item.id).map(str::to_owned);
                found.ok_or("The notebook has no such cell.")
            }
            Err(_) => Err("The notebook cannot be read."),
        },
        Found::Changed(..) => {
            Err("The notebook is not what was graded any more; grade it again to see the answer.")
        }
        Found::Missing => Err("The notebook is not where it was graded."),
    };
    Answer { standing, item, text }
}
