//! The syllabus that is published with the notebooks.

use crate::course::{Course, NotebookPlan};
use crate::coverage::{self, PlanCoverage, Reviewed, State};
use cellist_formats::syllabus::{
    SYLLABUS_SCHEMA, Syllabus, SyllabusItem, SyllabusNotebook, SyllabusPlan,
};
use pulldown_cmark::{Event, Parser};

/// Derives the syllabus of a course. Plans that no notebook follows are not in it.
pub fn syllabus(course: &Course) -> Syllabus {
    let coverage = coverage::of(course, &Reviewed::new());
    let mut plans: Vec<SyllabusPlan> = Vec::new();
    for notebook in &course.notebooks {
        let set = notebook.file.split('/').next().unwrap_or_default();
        let id = notebook.plan.as_deref().unwrap_or(set);
        let entry = SyllabusNotebook { file: notebook.file.clone(), units: notebook.units.clone() };
        match plans.iter_mut().find(|plan| plan.id == id) {
            Some(plan) => plan.notebooks.push(entry),
            None => plans.push(SyllabusPlan {
                id: id.to_owned(),
                title: title(course, set),
                notebooks: vec![entry],
                items: items(course, &coverage, notebook),
            }),
        }
    }
    for plan in &mut plans {
        plan.notebooks.sort_by(|one, other| one.file.cmp(&other.file));
    }
    Syllabus { schema: SYLLABUS_SCHEMA, title: course.title.clone(), plans }
}

/// A plan is called after the first set in which it is followed.
fn title(course: &Course, set: &str) -> String {
    let found = course.sets.iter().find(|other| other.id == set);
    found.map_or_else(|| set.to_owned(), |set| set.title.clone())
}

/// The items of the plan that a notebook follows.
fn items(
    course: &Course,
    coverage: &[PlanCoverage<'_>],
    notebook: &NotebookPlan,
) -> Vec<SyllabusItem> {
    let followed = coverage.iter().find(|of| Some(&of.plan.id) == notebook.plan.as_ref());
    let item = |(item, state): &(&crate::plan::Item, State<'_>)| {
        let (units, waived) = match state {
            State::Covered { units, .. } => (own_units(course, notebook, units), None),
            State::Waived(reason) => (Vec::new(), Some((*reason).to_owned())),
            State::Uncovered => (Vec::new(), None),
        };
        SyllabusItem { id: item.id.clone(), text: beginning(&item.text), units, waived }
    };
    followed.map(|of| of.items.iter().map(item).collect()).unwrap_or_default()
}

/// Of the units that cover an item, those in notebooks of its own plan; a learner of one plan need
/// not work through another for it. All of them when it has none.
fn own_units(course: &Course, followed: &NotebookPlan, units: &[&str]) -> Vec<String> {
    let is_own = |unit: &&&str| {
        let mut own = course.notebooks.iter().filter(|notebook| notebook.plan == followed.plan);
        own.any(|notebook| notebook.units.iter().any(|id| id == **unit))
    };
    let own: Vec<String> = units.iter().filter(is_own).map(|unit| (*unit).to_owned()).collect();
    if own.is_empty() { units.iter().map(|unit| (*unit).to_owned()).collect() } else { own }
}

/// What an item says in few words: up to its first code block or table, links by their text.
fn beginning(text: &str) -> String {
    /// Characters; about what fits on a line.
    const MOST: usize = 100;
    let text = text.replace("<prompt>", "").replace("</prompt>", "");
    let end = ["```", "| "].iter().filter_map(|mark| text.find(mark)).min();
    let mut plain = String::new();
    for event in Parser::new(text[..end.unwrap_or(text.len())].trim()) {
        match event {
            Event::Text(piece) => plain.push_str(&piece),
            Event::Code(code) => plain.push_str(&format!("`{code}`")),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            Event::InlineHtml(html) | Event::Html(html) => plain.push_str(&html),
            _ => {}
        }
    }
    let mut short = String::new();
    for word in plain.split_whitespace() {
        if short.chars().count() + 1 + word.chars().count() > MOST {
            // Half of a piece of code would be taken for a stray sign.
            if short.matches('`').count() % 2 == 1 {
                short.push('`');
            }
            return short + " …";
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_told_in_few_words() {
        for (text, short) in [
            (
                "Read: [Coroutines — docs](https://docs.python.org/3/x.html)",
                "Read: Coroutines — docs",
            ),
            ("Run N with `asyncio.gather`", "Run N with `asyncio.gather`"),
            ("Build a queue. ```python q = 1 ```", "Build a queue."),
            ("```python import asyncio ```", ""),
            ("<prompt>Explain `yield`.</prompt>", "Explain `yield`."),
            ("", ""),
        ] {
            assert_eq!(beginning(text), short, "{text}");
        }
        let long = format!("one `{}`", "two ".repeat(60));
        let short = beginning(&long);
        assert!(short.ends_with("two` …") && short.chars().count() <= 104, "{short}");
    }
}
