//! A learner's notebook held against its assignment: what is to be run, in the learner's order.

use super::config::Config;
use super::master::Manual;
use super::questions::Question;
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, SpecClock, UnitSpec};
use cellist_formats::verdict::{Status, Verdict};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Before the first cell: what Otter's grading has that the judge's does not. Expressions without a
/// value, which leave no name behind.
pub(super) const PRELUDE: &str =
    "__import__('sys').path.append(''); __import__('otter').Notebook.init_grading_mode()";

/// Cells with this tag are not run.
const IGNORED: &str = "otter_ignore";
const ANSWER: &str = "otter_answer_cell";
/// Otter's part of metadata.
pub(super) const KEY: &str = "otter";

/// What the judge takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rebuilt {
    pub(super) spec: Spec,
    /// Written answers by question.
    pub(super) answers: BTreeMap<String, String>,
}

/// Rebuilds a submission for the assignment `title`.
pub(super) fn rebuild(
    title: &str,
    config: &Config,
    questions: &[Question],
    manual: &[Manual],
    notebook: &Notebook,
) -> Rebuilt {
    let run: Vec<(usize, &Cell)> = notebook
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.cell_type() == CellType::Code && !is_ignored(cell))
        .collect();
    // A question that is asked several times counts as it goes the last time.
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (index, cell) in &run {
        for question in questions.iter().filter(|question| asks(cell, &question.name)) {
            last.insert(&question.name, *index);
        }
    }
    let before = config.before_each_cell();
    let mut cells = vec![SpecCell::Example { id: "cell 0".to_owned(), source: PRELUDE.to_owned() }];
    for (index, cell) in run {
        let source = match cell.source() {
            magic if magic.starts_with("%%") => magic.to_owned(),
            code => format!("{before}{code}"),
        };
        cells.push(SpecCell::Example { id: format!("cell {}", index + 1), source });
        let here = questions.iter().filter(|question| last.get(&*question.name) == Some(&index));
        cells.extend(here.flat_map(Question::checks));
    }
    let rest = questions.iter().filter(|question| !last.contains_key(&*question.name));
    cells.extend(rest.flat_map(Question::checks));
    cells.extend(manual.iter().filter(|each| each.manual).map(|each| SpecCell::Reflect {
        id: each.name.clone(),
        points: each.points,
        rubric: String::new(),
        starter: each.starter.clone(),
    }));
    let unit = UnitSpec {
        needs: Vec::new(),
        id: title.to_owned(),
        title: String::new(),
        // Otter's assignments know no other.
        clock: SpecClock::Wall,
        rev: 1,
        cells,
    };
    let spec = Spec {
        schema: SPEC_SCHEMA,
        notebook: format!("{title}.ipynb"),
        units: vec![unit],
        older: Vec::new(),
    };
    Rebuilt { spec, answers: answers(manual, notebook) }
}

/// What comes on top of the judge's verdict: questions that count whole or not at all, and the
/// assignment's own scale.
pub(super) fn settle(
    config: &Config,
    questions: &[Question],
    manual: &[Manual],
    verdict: &mut Verdict,
) {
    let [unit] = verdict.units.as_mut_slice() else { return };
    for question in questions.iter().filter(|question| question.all_or_nothing) {
        let own: Vec<String> = (0..question.cases.len()).map(|at| question.case_id(at)).collect();
        let mut items: Vec<_> =
            unit.items.iter_mut().filter(|item| own.contains(&item.id)).collect();
        if items.iter().all(|item| item.status == Status::Passed) {
            continue;
        }
        for item in &mut items {
            item.points = 0.0;
            if item.status == Status::Passed {
                item.status = Status::Withheld;
            }
        }
    }
    let cases = questions.iter().flat_map(|question| {
        (0..question.cases.len()).map(|at| question.case_id(at)).collect::<Vec<_>>()
    });
    let order: Vec<String> = cases.chain(manual.iter().map(|each| each.name.clone())).collect();
    unit.items.sort_by_key(|item| order.iter().position(|id| *id == item.id));
    // From 0, not `Iterator::sum`: of no numbers that is -0.
    unit.points = unit.items.iter().fold(0.0, |sum, item| sum + item.points);
    verdict.points = unit.points;
    scale(config, verdict);
    verdict.notes.extend(config.undone.iter().map(|undone| (*undone).to_owned()));
}

fn scale(config: &Config, verdict: &mut Verdict) {
    let (points, most) = (verdict.points, verdict.max_points);
    let share = if most > 0.0 { points / most } else { 0.0 };
    let full = config.points_possible.unwrap_or(most);
    let scaled = match config.score_threshold {
        Some(threshold) if share >= threshold => full,
        Some(_) => 0.0,
        None if config.points_possible.is_some() => share * full,
        None => return,
    };
    let of = format!("{points} of {most} points");
    verdict.notes.push(match config.score_threshold {
        Some(threshold) => {
            format!("{of}; the assignment counts whole from a share of {threshold} on")
        }
        None => format!("{of}; the assignment scales them to {full}"),
    });
    verdict.points = scaled;
    verdict.max_points = full;
}

/// The name of the assignment that a notebook says it is for.
pub(super) fn assignment_name(notebook: &Notebook) -> Option<&str> {
    notebook.metadata.get(KEY)?.get("assignment_name")?.as_str()
}

fn is_ignored(cell: &Cell) -> bool {
    let tags = cell.metadata.get("tags").and_then(Value::as_array);
    let tagged = tags.is_some_and(|tags| tags.iter().any(|tag| tag == IGNORED));
    let part = cell.metadata.get(KEY);
    tagged || part.and_then(|part| part.get("ignore")).and_then(Value::as_bool) == Some(true)
}

fn has_tag(cell: &Cell, wanted: &str) -> bool {
    let tags = cell.metadata.get("tags").and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == wanted))
}

/// Whether a cell has a question's tests run: by its metadata, or by a call that names it.
fn asks(cell: &Cell, question: &str) -> bool {
    let part = cell.metadata.get(KEY).and_then(|part| part.get("tests"));
    let listed = part.and_then(Value::as_array);
    listed.is_some_and(|tests| tests.iter().any(|test| test == question))
        || cell.source().lines().any(|line| calls(line, question))
}

/// Whether a line of code calls `….check("question"…)`.
fn calls(line: &str, question: &str) -> bool {
    if line.trim_start().starts_with('#') {
        return false;
    }
    line.split(".check").skip(1).any(|rest| {
        let rest = rest.trim_start().strip_prefix('(').map(str::trim_start);
        let quote = |quote: char| {
            rest.and_then(|rest| rest.strip_prefix(quote))
                .and_then(|rest| rest.strip_prefix(question))
                .is_some_and(|rest| rest.starts_with(quote))
        };
        quote('"') || quote('\'')
    })
}

/// The learner's answers to questions that a person grades: the cells between the comments with which
/// `otter assign` marks them for its export.
fn answers(manual: &[Manual], notebook: &Notebook) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut exported = manual.iter();
    let mut inside: Option<&Manual> = None;
    for cell in &notebook.cells {
        if cell.cell_type() == CellType::Markdown {
            for line in cell.source().lines() {
                match line.trim() {
                    "<!-- BEGIN QUESTION -->" => inside = exported.next(),
                    "<!-- END QUESTION -->" => inside = None,
                    _ => {}
                }
            }
        }
        if let Some(question) = inside.filter(|question| question.manual)
            && has_tag(cell, ANSWER)
        {
            let text = found.entry(question.name.clone()).or_default();
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(cell.source());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_by_the_questions_name() {
        let table = [
            (r#"grader.check("q1")"#, true),
            ("  result = grader.check( 'q1' )", true),
            (r#"grader.check("q1", globals())"#, true),
            (r#"grader.check("q2"); grader.check("q1")"#, true),
            (r#"grader.check("q10")"#, false),
            (r#"# grader.check("q1")"#, false),
            (r#"grader.check(q1)"#, false),
            (r#"grader.check_all("q1")"#, false),
        ];
        for (line, wanted) in table {
            assert_eq!(calls(line, "q1"), wanted, "{line}");
        }
    }
}
