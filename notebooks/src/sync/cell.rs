//! One edited cell: back from what the notebook shows to what the unit says.

use super::exercise;
use super::lines::UnitText;
use crate::build;
use crate::unit::{Body, Unit, UnitCell};

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

/// `- [x] text` with `— explanation` below it becomes `- [x] text > explanation`.
fn quiz(source: &str) -> Result<String, String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_options = false;
    for line in source.lines() {
        if line.starts_with("- [") {
            if !in_options && lines.last().is_some_and(String::is_empty) {
                lines.pop();
            }
            in_options = true;
            lines.push(line.to_owned());
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
    if in_options { Ok(lines.join("\n")) } else { Err("it has no options `- [ ] …`".to_owned()) }
}

/// `- **term**: definition` becomes `term: definition`.
fn term(line: &str) -> Result<String, String> {
    line.strip_prefix("- **")
        .and_then(|rest| rest.split_once("**: "))
        .map(|(term, definition)| format!("{term}: {definition}"))
        .ok_or_else(|| format!("`{line}` is not like `- **term**: definition`"))
}
