//! Markdown of the cells that units describe in other words.

use crate::unit::Term;
use cellist_formats::spec::{FillAnswer, FillKey, QuizOption};
use cellist_judge::labelled;

/// A quiz to be answered. `below`: there is a cell for it, too.
pub(crate) fn quiz(question: &str, options: &[QuizOption], below: bool) -> String {
    let mut text = format!("{question}\n\n");
    for (at, option) in options.iter().enumerate() {
        text.push_str(&format!("- [ ] {}\n", labelled(at, &option.text)));
    }
    text.push_str(if below {
        "\n*Answer in the cell below, or double-click here and turn `[ ]` into `[x]`.*"
    } else {
        "\n*To answer, double-click here and turn `[ ]` into `[x]`.*"
    });
    text
}

/// A quiz with its answer and explanations. The explanations stand in lines of their own: the
/// judge compares the rest of a ticked line with the option.
pub(crate) fn quiz_answered(question: &str, options: &[QuizOption]) -> String {
    let mut text = format!("{question}\n");
    for (at, option) in options.iter().enumerate() {
        let mark = if option.correct { 'x' } else { ' ' };
        let shown = labelled(at, &option.text);
        text.push_str(&format!("\n- [{mark}] {shown}\n  — {}", option.explanation));
    }
    text
}

/// A quiz to be answered in words or numbers, in the cell below.
pub(crate) fn fill(question: &str) -> String {
    format!("{question}\n\n*Answer in the cell below.*")
}

/// The same with its answers and explanations.
pub(crate) fn fill_answered(question: &str, key: &FillKey) -> String {
    let mut text = format!("{question}\n");
    for FillAnswer { text: answer, correct, explanation } in &key.answers {
        let label = if *correct { RIGHT } else { WRONG };
        text.push_str(&format!("\n- {label}{answer}\n  — {explanation}"));
    }
    if !key.otherwise.is_empty() {
        text.push_str(&format!("\n- {WRONG}...\n  — {}", key.otherwise));
    }
    text
}

/// What an instructor's notebook puts before right answers, and before wrong ones.
pub(crate) const RIGHT: &str = "**right:** ";
pub(crate) const WRONG: &str = "**wrong:** ";

/// A reflection to be answered.
pub(crate) fn reflect(question: &str) -> String {
    format!("{question}\n\n*Your answer (double-click here and write below this line):*\n")
}

/// A reflection with what its grader looks for.
pub(crate) fn reflect_with_rubric(question: &str, rubric: &str, points: f64) -> String {
    format!("{question}\n\n{}{rubric}", rubric_label(points))
}

/// What stands between a question and its rubric.
pub(crate) fn rubric_label(points: f64) -> String {
    format!("**Rubric ({}):** ", count_points(points))
}

/// Terms with their definitions.
pub(crate) fn glossary(terms: &[Term]) -> String {
    let lines = terms.iter().map(|Term { term, definition }| format!("- **{term}**: {definition}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// "1 point", "2 points".
pub(crate) fn count_points(points: f64) -> String {
    format!("{points} {}", if points == 1.0 { "point" } else { "points" })
}
