//! Fences of plain text: reflections and glossaries.

use super::Term;
use crate::diagnostic::Problems;

/// Splits a reflection into its question and its rubric.
pub(super) fn reflect(
    id: &str,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> (String, String) {
    const HOW: &str = "write the question, then `Rubric: what the grader looks for`";
    let (question, rubric) = match content.split_once("Rubric:") {
        Some((question, rubric)) => (question.trim(), rubric.trim()),
        None => (content.trim(), ""),
    };
    if rubric.is_empty() {
        problems.add(first_line - 1, format!("reflection `{id}` has no rubric"), HOW);
    }
    if question.is_empty() {
        problems.add(first_line - 1, format!("reflection `{id}` has no question"), HOW);
    }
    (question.to_owned(), rubric.to_owned())
}

/// Reads a glossary: `term: definition` per line, indented lines go on.
pub(super) fn glossary(content: &str, first_line: usize, problems: &mut Problems) -> Vec<Term> {
    const HOW: &str = "write `term: definition`, one per line; indent a line that goes on";
    let mut terms: Vec<Term> = Vec::new();
    for (index, line) in content.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = first_line + index;
        if line.starts_with([' ', '\t'])
            && let Some(last) = terms.last_mut()
        {
            last.definition.push(' ');
            last.definition.push_str(line.trim());
            continue;
        }
        match line.split_once(": ") {
            Some((term, definition))
                if !term.trim().is_empty() && !definition.trim().is_empty() =>
            {
                let term = term.trim().to_owned();
                if terms.iter().any(|other| other.term == term) {
                    problems.add(number, format!("the term `{term}` is defined twice"), "keep one");
                }
                terms.push(Term { term, definition: definition.trim().to_owned() });
            }
            _ => problems.add(number, format!("`{}` is no glossary entry", line.trim()), HOW),
        }
    }
    if terms.is_empty() {
        problems.add(first_line - 1, "the glossary is empty", HOW);
    }
    terms
}
