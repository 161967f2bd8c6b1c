//! One submission, cell by cell.

use crate::allowances;
use crate::fields::address;
use crate::handed_in::Found;
use crate::history;
use crate::items::{count, points, states, status, text};
use crate::layout::{csrf, page};
use crate::markdown::markdown;
use crate::notebook::{Judged, Shown, beside, rubric, spec_cell};
use crate::outputs::{outputs, program_text};
use crate::problem::Problem;
use crate::save::{Subject, form};
use crate::site::Site;
use cellist_formats::notebook::{CellType, Notebook};
use cellist_formats::spec::{Spec, SpecCell};
use cellist_formats::verdict::{CellError, Status};
use cellist_gradebook::{LearnerHistory, ManualScore, Standing};
use cellist_grader::reporters::feedback::{check_name, outcome, total};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use std::borrow::Cow;
use std::path::Path;

/// All that the page's parts need.
struct View<'a> {
    site: &'a Site,
    standing: &'a Standing,
    history: &'a LearnerHistory,
    spec: Option<Cow<'a, Spec>>,
    /// This page.
    here: String,
}

/// The page.
pub(crate) fn submission(site: &Site, learner: &str, notebook: &str) -> Result<Markup, Problem> {
    let standing = site.standing(learner, notebook)?;
    let history = site.gradebook().learner(learner)?;
    let found = site.handed_in.find(&standing);
    let (file, content) = match &found {
        Found::Same(file, text) | Found::Changed(file, text) => (Some(file), Some(text)),
        Found::Missing => (None, None),
    };
    let path = file.map_or(Path::new(&standing.file), |file| &file.path);
    let parsed = content.map(|text| Notebook::parse(text, path));
    let parsed = parsed.and_then(Result::ok);
    let spec = parsed.as_ref().and_then(|parsed| site.grader.as_ref()?.spec(parsed, path));
    let here = address("/submission", &[("learner", learner), ("notebook", notebook)]);
    let view = View { site, standing: &standing, history: &history, spec, here };
    let content = html! {
        p.text.quiet { (plain(notebook)) }
        (view.neighbours()?)
        p { strong { (total(&standing.verdict)) } " " (states(&standing, None)) }
        (view.actions())
        @match &found {
            Found::Same(..) => {}
            Found::Changed(..) => {
                p.warning role="note" {
                    "The file is not what was graded any more: cells below may be newer than their points. "
                    "Grade it again to bring them together."
                }
            }
            Found::Missing => {
                p.warning role="note" {
                    "The notebook is not where it was graded (" (text(&standing.file))
                    "), so only its points are shown. Start "
                    code { "cellist serve" } " with the folder of the submissions."
                }
            }
        }
        (notes(&standing))
        @match &parsed {
            Some(parsed) => { (view.cells(parsed)) }
            None => { (view.left(&view.all(), "Checks and answers")) }
        }
        section aria-labelledby="allowances" {
            h2 id="allowances" { "Allowances" }
            (allowances::form(site, learner, notebook, &history.allowances, &view.here))
        }
        (history::section(&history, notebook))
    };
    Ok(page(site, learner, &content))
}

fn notes(standing: &Standing) -> Markup {
    let notes = &standing.verdict.notes;
    html! {
        @if !notes.is_empty() {
            section aria-labelledby="notes" {
                h2 id="notes" { "Notes" }
                ul { @for note in notes { li.text { (plain(note)) } } }
            }
        }
    }
}

impl View<'_> {
    fn notebook(&self) -> &str {
        &self.standing.verdict.notebook
    }

    fn actions(&self) -> Markup {
        let learner = self.standing.learner.as_str();
        let of = |name: &str| address(&format!("/export/{name}"), &[("learner", learner)]);
        let can_grade = self.site.grader.as_ref().is_some_and(|grader| grader.can_grade());
        html! {
            div.row {
                @if can_grade {
                    form action="/grade" method="post" {
                        (csrf(self.site))
                        input type="hidden" name="task" value="one";
                        input type="hidden" name="learner" value=(learner);
                        input type="hidden" name="notebook" value=(self.notebook());
                        input type="hidden" name="back" value=(self.here);
                        button { "Grade again" }
                    }
                }
                a href=(of("feedback.html")) { "Feedback page" }
                a href=(of("gradescope.json")) { "Gradescope" }
            }
        }
    }

    fn all(&self) -> Vec<Judged<'_>> {
        let units = self.standing.verdict.units.iter();
        units.flat_map(|unit| unit.items.iter().map(move |item| (unit, item))).collect()
    }

    fn cells(&self, notebook: &Notebook) -> Markup {
        let (cells, left) = beside(notebook, &self.standing.verdict, self.spec.as_deref());
        html! {
            section aria-labelledby="cells" {
                h2 id="cells" { "Notebook" }
                @for cell in &cells { (self.cell(cell)) }
            }
            (self.left(&left, "Not in the learner's notebook"))
        }
    }

    fn cell(&self, shown: &Shown<'_>) -> Markup {
        let Shown { cell, id, own, judged } = shown;
        let code = cell.cell_type() == CellType::Code;
        let source = html! {
            @if code { pre.code tabindex="0" { code { (plain(cell.source())) } } }
            @else { (markdown(cell.source())) }
        };
        let first = cell.source().lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let first: String = first.chars().take(80).collect();
        let Some((_, item)) = judged else {
            return match own {
                true => html! {
                    article.cell id=(format!("cell-{id}")) {
                        h3 { span.text { (plain(id)) } " " span.quiet { "own code" } }
                        (source)
                        (outputs(cell))
                        @for error in self.errors(id) { (raised(error)) }
                    }
                },
                // What everybody was given takes a line.
                false => html! {
                    details.given id=(format!("cell-{id}")) {
                        summary.text { (plain(&first)) }
                        (source)
                        (outputs(cell))
                    }
                },
            };
        };
        let open = *own || item.status != Status::Passed;
        html! {
            article.cell id=(format!("cell-{id}")) {
                h3 {
                    span.text { (plain(id)) } " "
                    span.quiet { (if code { "check" } else { "answer" }) } " "
                    (status(item.status)) " " (points(item))
                }
                @if open { (source) }
                @else { details { summary.text { (plain(&first)) } (source) } }
                (outputs(cell))
                @for error in self.errors(id) { (raised(error)) }
                @if let Some(judged) = judged { (self.judged(*judged)) }
            }
        }
    }

    /// To the submissions before and after this one in the list.
    fn neighbours(&self) -> Result<Markup, Problem> {
        let all = self.site.standings()?;
        let of_it: Vec<&Standing> =
            all.iter().filter(|one| one.verdict.notebook == self.notebook()).collect();
        let at = of_it.iter().position(|one| one.learner == self.standing.learner);
        let to = |at: Option<usize>| {
            let learner = of_it.get(at?)?.learner.as_str();
            Some((
                learner,
                address("/submission", &[("learner", learner), ("notebook", self.notebook())]),
            ))
        };
        Ok(html! {
            nav.row aria-label="Submissions" {
                @if let Some((learner, before)) = to(at.and_then(|at| at.checked_sub(1))) {
                    a rel="prev" href=(before) { "← " (plain(learner)) }
                }
                @if let Some((learner, after)) = to(at.map(|at| at + 1)) {
                    a rel="next" href=(after) { (plain(learner)) " →" }
                }
            }
        })
    }

    fn errors<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a CellError> {
        let units = self.standing.verdict.units.iter();
        units.flat_map(|unit| &unit.errors).filter(move |error| error.cell == id)
    }

    /// What was said of an item, and the form to say something else.
    fn judged(&self, (unit, item): Judged<'_>) -> Markup {
        let spec = self.spec.as_deref();
        let last = self.last(&unit.id, &item.id);
        let form = form(
            self.site,
            &Subject {
                learner: &self.standing.learner,
                notebook: self.notebook(),
                unit: &unit.id,
                item,
                last,
                back: &self.here,
            },
        );
        let message = item.message.as_deref().map(str::trim).filter(|text| !text.is_empty());
        html! {
            @if item.status != Status::Passed && item.status != Status::Manual {
                p.text { (plain(&outcome(item))) }
            }
            @if let Some(message) = message.filter(|_| item.status != Status::Passed) {
                details { summary { "What failed" } (program_text(message)) }
            }
            @if let Some(rubric) = rubric(spec, &item.id) {
                div.rubric { h4 { "Rubric" } div.text { (plain(rubric)) } }
            }
            @if let Some(SpecCell::Quiz { options, .. }) = spec_cell(spec, &item.id) {
                div.rubric {
                    h4 { "Right" }
                    ul { @for option in options.iter().filter(|option| option.correct) {
                        li.text { (plain(&option.text)) }
                    } }
                }
            }
            @if let Some(SpecCell::Fill { key, .. }) = spec_cell(spec, &item.id) {
                div.rubric {
                    h4 { "Right" }
                    ul { @for answer in key.answers.iter().filter(|answer| answer.correct) {
                        li.text { (plain(&answer.text)) }
                    } }
                }
            }
            @if item.status == Status::Manual || last.is_some() { (form) }
            @else { details { summary { "Give other points" } (form) } }
        }
    }

    fn last(&self, unit: &str, item: &str) -> Option<&ManualScore> {
        let is_it = |score: &&ManualScore| {
            score.notebook == self.notebook() && score.unit == unit && score.item == item
        };
        self.history.manual.iter().rev().find(is_it)
    }

    /// Items without a cell.
    fn left(&self, items: &[Judged<'_>], title: &str) -> Markup {
        html! {
            @if !items.is_empty() {
                section aria-labelledby="left" {
                    h2 id="left" { (title) ": " (count(items.len(), "item")) }
                    @for judged @ (unit, item) in items {
                        article.cell id=(format!("cell-{}", item.id)) {
                            h3 {
                                span.text { (plain(&unit.id)) " " (plain(check_name(unit, item))) }
                                @if item.hidden { " " span.quiet { "hidden check" } }
                                " " (status(item.status)) " " (points(item))
                            }
                            @if let Some(source) = self.check_source(&item.id) {
                                details {
                                    summary { "The check" }
                                    pre.code tabindex="0" { code { (plain(source)) } }
                                }
                            }
                            (self.judged(*judged))
                        }
                    }
                }
            }
        }
    }

    fn check_source(&self, id: &str) -> Option<&str> {
        match spec_cell(self.spec.as_deref(), id) {
            Some(SpecCell::Check { source, .. } | SpecCell::Tests { source, .. }) => Some(source),
            _ => None,
        }
    }
}

fn raised(error: &CellError) -> Markup {
    let CellError { ename, evalue, traceback, .. } = error;
    html! {
        details {
            summary.text {
                "Raised while it was graded: " (plain(ename))
                @if !evalue.is_empty() { ": " (plain(evalue)) }
            }
            (program_text(traceback))
        }
    }
}
