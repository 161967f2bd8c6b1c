//! Mutants: known wrong solutions, written as patches of the right one.
//!
//! A patch has no line numbers. Its lines begin with `-`, `+` or a space; the lines that are not
//! added must stand one below the other exactly once in the unit's exercises. A line `@@` begins a
//! second place in the same patch, which may be in another exercise.

use super::{Body, Mutant, UnitCell};
use crate::diagnostic::{Problems, list, suggest};

/// A mutant as written.
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) line: usize,
    pub(super) fails: Vec<String>,
    pub(super) patch: String,
}

/// Applies every draft to the solutions of the unit.
pub(super) fn apply(
    drafts: Vec<Draft>,
    cells: &[UnitCell],
    problems: &mut Problems,
) -> Vec<Mutant> {
    let checks: Vec<&str> = cells
        .iter()
        .filter(|cell| matches!(cell.body, Body::Check(_)))
        .map(|cell| cell.name.as_str())
        .collect();
    let mut mutants = Vec::new();
    for draft in drafts {
        known_checks(&draft, &checks, problems);
        let Some(sources) = patched(&draft, cells, problems) else { continue };
        let Draft { id, line, fails, patch } = draft;
        mutants.push(Mutant { id, line, fails, patch, sources });
    }
    mutants
}

fn known_checks(draft: &Draft, checks: &[&str], problems: &mut Problems) {
    for (index, name) in draft.fails.iter().enumerate() {
        if name.is_empty() {
            let message = format!("`fails` of mutant `{}` has an empty name", draft.id);
            problems.add(draft.line, message, "write `fails=a,b`");
        } else if !checks.contains(&name.as_str()) {
            let message = format!("mutant `{}` should fail `{name}`, which is no check", draft.id);
            problems.add(draft.line, message, suggest(name, checks));
        } else if draft.fails[..index].contains(name) {
            let message = format!("`fails` of mutant `{}` names `{name}` twice", draft.id);
            problems.add(draft.line, message, "keep one of them");
        }
    }
}

/// One place of a patch.
#[derive(Default)]
struct Hunk<'a> {
    old: Vec<&'a str>,
    new: Vec<&'a str>,
}

/// The exercises that the patch changes, in the unit's order, with their changed sources.
fn patched(
    draft: &Draft,
    cells: &[UnitCell],
    problems: &mut Problems,
) -> Option<Vec<(String, String)>> {
    let hunks = hunks(draft, problems)?;
    let mut places = Vec::new();
    for hunk in &hunks {
        let (cell, start) = place(draft, hunk, cells, problems)?;
        places.push((cell, start, hunk));
    }
    places.sort_by_key(|(cell, start, _)| (cell.line, *start));
    let mut sources = Vec::new();
    for in_cell in places.chunk_by(|one, other| one.0.id == other.0.id) {
        if in_cell.windows(2).any(|pair| pair[0].1 + pair[0].2.old.len() > pair[1].1) {
            let message = format!("two places of mutant `{}` overlap", draft.id);
            problems.add(draft.line, message, "join them, without the `@@` between them");
            return None;
        }
        let (cell, ..) = *in_cell.first()?;
        let solution = solution(cell)?;
        let mut lines: Vec<&str> = solution.lines().collect();
        // From the bottom up, so that the places above stay where they are.
        for (_, start, hunk) in in_cell.iter().rev() {
            lines.splice(*start..start + hunk.old.len(), hunk.new.iter().copied());
        }
        let source = lines.join("\n");
        if *solution != source {
            sources.push((cell.id.clone(), source));
        }
    }
    if sources.is_empty() {
        let message = format!("mutant `{}` changes nothing", draft.id);
        problems.add(draft.line, message, "let its `+` lines differ from its `-` lines");
        return None;
    }
    Some(sources)
}

fn hunks<'a>(draft: &'a Draft, problems: &mut Problems) -> Option<Vec<Hunk<'a>>> {
    let mut hunks = vec![Hunk::default()];
    for (index, line) in draft.patch.lines().enumerate() {
        if line.starts_with("@@") {
            hunks.push(Hunk::default());
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        if let Some(text) = line.strip_prefix('-') {
            hunk.old.push(text);
        } else if let Some(text) = line.strip_prefix('+') {
            hunk.new.push(text);
        } else if let Some(text) = line.strip_prefix(' ').or((line.is_empty()).then_some("")) {
            hunk.old.push(text);
            hunk.new.push(text);
        } else {
            let message =
                format!("a line of mutant `{}` begins with neither `-`, `+` nor a space", draft.id);
            let help = "`-` removes a line of the solution, `+` adds one, a space keeps one";
            problems.add(draft.line + 1 + index, message, help);
            return None;
        }
    }
    hunks.retain(|hunk| !(hunk.old.is_empty() && hunk.new.is_empty()));
    if hunks.is_empty() || hunks.iter().any(|hunk| hunk.old.is_empty()) {
        let message =
            format!("the patch of mutant `{}` has no line to find its place by", draft.id);
        problems.add(draft.line, message, "add a `-` line or a line that begins with a space");
        return None;
    }
    Some(hunks)
}

/// The one place in the unit's solutions where a hunk fits.
fn place<'c>(
    draft: &Draft,
    hunk: &Hunk<'_>,
    cells: &'c [UnitCell],
    problems: &mut Problems,
) -> Option<(&'c UnitCell, usize)> {
    let mut places = Vec::new();
    for cell in cells {
        if let Some(solution) = solution(cell) {
            let lines: Vec<&str> = solution.lines().collect();
            places.extend(positions(&lines, &hunk.old).into_iter().map(|start| (cell, start)));
        }
    }
    let id = &draft.id;
    match places.as_slice() {
        [only] => Some(*only),
        [] => {
            let (message, help) = why_not(id, hunk, cells);
            problems.add(draft.line, message, help);
            None
        }
        many => {
            let at = list(many.iter().map(|(cell, start)| format!("{}:{}", cell.name, start + 1)));
            let message = format!(
                "mutant `{id}` applies {} times, at {at} (line of the solution)",
                many.len()
            );
            problems.add(
                draft.line,
                message,
                "add a line of context, beginning with a space, that only one place has",
            );
            None
        }
    }
}

/// Says which line of a patch is missing from the solutions.
fn why_not(id: &str, hunk: &Hunk<'_>, cells: &[UnitCell]) -> (String, String) {
    let solutions: Vec<&str> = cells.iter().filter_map(solution).map(String::as_str).collect();
    let has =
        |text: &str| solutions.iter().any(|solution| solution.lines().any(|line| line == text));
    let message = format!("mutant `{id}` does not apply to the solution");
    let Some(missing) = hunk.old.iter().find(|line| !has(line)) else {
        return (message, "its lines are all there, but not one below the other".to_owned());
    };
    let indented = solutions
        .iter()
        .flat_map(|solution| solution.lines())
        .find(|line| !line.trim().is_empty() && line.trim() == missing.trim());
    let help = match indented {
        Some(line) => {
            let spaces = |line: &str| line.len() - line.trim_start().len();
            format!(
                "`{}` is indented by {} in the solution, by {} in the patch",
                missing.trim(),
                spaces(line),
                spaces(missing)
            )
        }
        None => format!("no exercise has the line `{missing}`; copy it from the solution"),
    };
    (message, help)
}

fn solution(cell: &UnitCell) -> Option<&String> {
    match &cell.body {
        Body::Exercise { solution, .. } => Some(solution),
        _ => None,
    }
}

/// Where `wanted` stands in `lines`, contiguously.
fn positions(lines: &[&str], wanted: &[&str]) -> Vec<usize> {
    lines
        .windows(wanted.len().max(1))
        .enumerate()
        .filter(|(_, window)| *window == wanted)
        .map(|(start, _)| start)
        .collect()
}
