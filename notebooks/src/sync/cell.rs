//! One edited cell: back from what the notebook shows to what the unit says.

use super::exercise;
use super::lines::UnitText;
use crate::build;
use crate::unit::{Body, Unit, UnitCell};
use cellist_judge::labelled;

/// Puts the edited `source` of a cell, `built` before, into the unit's text; else the reason why
/// it has no place there, and what to do.
pub(super) fn write(
    unit: &Unit,
    cell: &UnitCell,
    built: &str,
    source: &str,
    text: &mut UnitText,
) -> Result<(), String> {
    if source.trim().is_empty() {
        return Err(format!("it is empty; remove the cell from `{}`", unit.path.display()));
    }
    let content = match &cell.body {
        Body::Prose(prose) => {
            text.replace(cell.line, prose.lines().count(), source);
            return Ok(());
        }
        Body::Example(_) => source.to_owned(),
        Body::Exercise { .. } => exercise::merge(&text.fenced(cell.line), source)?.join("\n"),
        Body::Check(check) => {
            let head = built.strip_suffix(check.source.as_str()).unwrap_or_default();
            let rest = source.strip_prefix(head).ok_or_else(|| {
                format!(
                    "change id, points and clock in the unit; the first lines must stay\n{head}"
                )
            })?;
            rest.to_owned()
        }
        Body::Quiz { .. } => quiz(source)?,
        Body::Fill { .. } => fill(source)?,
        Body::Reflect { points, .. } => {
            let label = build::rubric_label(*points);
            let (question, rubric) = source
                .split_once(&label)
                .ok_or_else(|| format!("keep `{label}` between the question and the rubric"))?;
            format!("{}\n\nRubric: {}", question.trim(), rubric.trim())
        }
        Body::Glossary(_) => {
            let terms: Result<Vec<String>, String> = source.lines().map(term).collect();
            terms?.join("\n")
        }
        Body::Instructor(_) => {
            let rest = source.strip_prefix(build::FOR_INSTRUCTORS);
            let rest =
                rest.ok_or_else(|| format!("let it begin with `{}`", build::FOR_INSTRUCTORS))?;
            rest.trim().to_owned()
        }
    };
    text.replace_fenced(cell.line, &content);
    Ok(())
}

/// `- [x] a) text` with `— explanation` below it becomes `- [x] text > explanation`.
fn quiz(source: &str) -> Result<String, String> {
    let mut options = 0;
    answers(source, |line| {
        let (mark, text) = line.strip_prefix("- [")?.split_once(']')?;
        let label = labelled(options, "");
        options += 1;
        let text = text.trim_start();
        Some(format!(
            "- [{mark}] {}",
            text.strip_prefix(label.trim_end()).map_or(text, str::trim_start)
        ))
    })
    .ok_or_else(|| "it has no options `- [ ] …`".to_owned())
}

/// `- **right:** 5 s` with `— explanation` below it becomes `= 5 s > explanation`.
fn fill(source: &str) -> Result<String, String> {
    answers(source, |line| {
        let line = line.strip_prefix("- ")?;
        match (line.strip_prefix(build::RIGHT), line.strip_prefix(build::WRONG)) {
            (Some(text), _) => Some(format!("= {text}")),
            (_, Some(text)) => Some(format!("!= {text}")),
            _ => None,
        }
    })
    .ok_or_else(|| format!("it has no answers `- {}…`", build::RIGHT))
}

/// The question, and a line for each answer; `answer` knows the lines with which one begins. `None`
/// without answers.
fn answers(source: &str, mut answer: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_options = false;
    for line in source.lines() {
        if let Some(line) = answer(line) {
            if !in_options && lines.last().is_some_and(String::is_empty) {
                lines.pop();
            }
            in_options = true;
            lines.push(line);
        } else if !in_options {
            lines.push(line.to_owned());
        } else if let Some(option) = lines.last_mut() {
            match line.trim().strip_prefix("— ") {
                Some(explanation) => option.push_str(&format!(" > {explanation}")),
                None if line.trim().is_empty() => {}
                None => option.push_str(&format!(" {}", line.trim())),
            }
        }
    }
    in_options.then(|| lines.join("\n"))
}

/// `- **term**: definition` becomes `term: definition`.
fn term(line: &str) -> Result<String, String> {
    line.strip_prefix("- **")
        .and_then(|rest| rest.split_once("**: "))
        .map(|(term, definition)| format!("{term}: {definition}"))
        .ok_or_else(|| format!("`{line}` is not like `- **term**: definition`"))
}
