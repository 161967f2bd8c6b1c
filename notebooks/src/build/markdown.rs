//! Markdown of the cells that units describe in other words.

use crate::unit::Term;
use cellist_formats::spec::QuizOption;

/// A quiz to be answered.
pub(crate) fn quiz(question: &str, options: &[QuizOption]) -> String {
    let mut text = format!("{question}\n\n");
    for option in options {
        text.push_str(&format!("- [ ] {}\n", option.text));
    }
    text.push_str("\n*To answer, double-click here and turn `[ ]` into `[x]`.*");
    text
}

/// A quiz with its answer and explanations. The explanations stand in lines of their own: the
/// judge compares the rest of a ticked line with the option.
pub(crate) fn quiz_answered(question: &str, options: &[QuizOption]) -> String {
    let mut text = format!("{question}\n");
    for option in options {
        let mark = if option.correct { 'x' } else { ' ' };
        text.push_str(&format!("\n- [{mark}] {}\n  — {}", option.text, option.explanation));
    }
    text
}

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
