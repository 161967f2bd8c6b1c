//! Solution regions: one source from which both the solution and the starter are derived, so that
//! signatures cannot drift.

use crate::diagnostic::Problems;

const BEGIN: &str = "### BEGIN SOLUTION";
const END: &str = "### END SOLUTION";
/// Inside a region: what follows is the starter's, up to the region's end.
const STUB: &str = "### STUB";

/// Whether a line is a marker of ours or one of nbgrader's others.
pub(super) fn is_marker(line: &str) -> bool {
    let other = ["### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"];
    line.starts_with(BEGIN) || line.starts_with(END) || line == STUB || other.contains(&line)
}

/// An exercise's two forms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Regions {
    /// The markers removed.
    pub(super) solution: String,
    /// The regions replaced by their stubs.
    pub(super) starter: String,
    /// The solution between markers as nbgrader knows them.
    pub(super) marked: String,
}

/// What a line of an exercise is.
enum Line<'a> {
    /// With the text after `stub=`, if any.
    Begin(Option<&'a str>),
    Stub,
    End,
    Code,
}

/// A region that is open.
struct Open {
    /// The file's line where it begins.
    begin: usize,
    /// It has a stub already.
    stub: bool,
    /// The lines are the stub's.
    in_stub: bool,
}

/// Derives both forms of an exercise whose content begins on `first_line` of the file.
pub(super) fn split(
    id: &str,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> Regions {
    let mut solution = Vec::new();
    let mut starter = Vec::new();
    let mut marked = Vec::new();
    let mut open: Option<Open> = None;
    let mut regions = 0;
    for (index, line) in content.lines().enumerate() {
        let number = first_line + index;
        match classify(line, number, problems) {
            Line::Begin(stub) => {
                if let Some(Open { begin, .. }) = open {
                    let message =
                        format!("`{BEGIN}` inside the region that begins at line {begin}");
                    problems.add(number, message, format!("close that one first with `{END}`"));
                }
                open = Some(Open { begin: number, stub: stub.is_some(), in_stub: false });
                regions += 1;
                let indent = &line[..line.len() - line.trim_start().len()];
                marked.push(format!("{indent}{BEGIN}"));
                starter.extend(stub.map(|stub| format!("{indent}{stub}")));
            }
            Line::Stub => match &mut open {
                None => {
                    let message = format!("`{STUB}` outside of a region");
                    problems.add(number, message, format!("put it between `{BEGIN}` and `{END}`"));
                }
                Some(Open { stub: true, .. }) => {
                    let message = format!("the region of `{STUB}` has a stub already");
                    problems.add(number, message, "keep one of them");
                }
                Some(region) => (region.stub, region.in_stub) = (true, true),
            },
            Line::End => {
                marked.push(line.to_owned());
                if open.take().is_none() {
                    let message = format!("`{END}` without `{BEGIN}`");
                    problems.add(number, message, format!("add `{BEGIN}` above it, or remove it"));
                }
            }
            Line::Code => {
                let in_stub = open.as_ref().is_some_and(|region| region.in_stub);
                if !in_stub {
                    solution.push(line.to_owned());
                    marked.push(line.to_owned());
                }
                if open.is_none() || in_stub {
                    starter.push(line.to_owned());
                }
            }
        }
    }
    if let Some(Open { begin, .. }) = &open {
        let message = format!("the region that begins here in exercise `{id}` never ends");
        problems.add(*begin, message, format!("add a line `{END}`"));
    }
    let derived =
        Regions { solution: join(&solution), starter: join_tidily(starter), marked: join(&marked) };
    if regions == 0 {
        let message =
            format!("exercise `{id}` has no `{BEGIN}`: the starter would be the solution");
        problems.add(first_line - 1, message, format!("put `{BEGIN}` and `{END}` around what the learner writes, or make it an `{{example}}`"));
    } else if open.is_none() && derived.solution == derived.starter {
        let message = format!("exercise `{id}` has the same starter and solution");
        problems.add(first_line - 1, message, "let the regions hold what the learner writes");
    }
    derived
}

fn classify<'a>(line: &'a str, number: usize, problems: &mut Problems) -> Line<'a> {
    let text = line.trim();
    if text == END {
        return Line::End;
    }
    if text == STUB {
        return Line::Stub;
    }
    if let Some(rest) = text.strip_prefix(BEGIN) {
        let rest = rest.trim();
        return match rest.strip_prefix("stub=") {
            Some(stub) if !stub.is_empty() => Line::Begin(Some(stub)),
            None if rest.is_empty() => Line::Begin(None),
            _ => {
                let message = format!("`{rest}` after `{BEGIN}` is unknown");
                problems.add(
                    number,
                    message,
                    format!("write `{BEGIN} stub=pass`, or nothing after it"),
                );
                Line::Begin(None)
            }
        };
    }
    // A marker that is nearly right would put the solution before the learner's eyes.
    let bare = text.trim_start_matches(['#', ' ']).to_ascii_uppercase();
    if text.starts_with('#')
        && (["BEGIN SOLUTION", "END SOLUTION", "BEGIN STUB", "END STUB"]
            .iter()
            .any(|marker| bare.starts_with(marker))
            || bare == "STUB")
    {
        let message = format!("`{text}` is not a marker");
        problems.add(number, message, format!("write exactly `{BEGIN}`, `{STUB}` or `{END}`"));
    }
    Line::Code
}

/// Joins lines without blank ones at the ends.
fn join(lines: &[String]) -> String {
    let is_text = |line: &String| !line.trim().is_empty();
    let start = lines.iter().position(is_text).unwrap_or(0);
    let end = lines.iter().rposition(is_text).map_or(start, |last| last + 1);
    lines[start..end].join("\n")
}

/// Joins lines with never more than two blank ones in a row: removed regions leave more.
fn join_tidily(lines: Vec<String>) -> String {
    let mut kept: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines {
        let blank = |line: &String| line.trim().is_empty();
        if !(blank(&line) && kept.iter().rev().take(2).filter(|line| blank(line)).count() == 2) {
            kept.push(line);
        }
    }
    join(&kept)
}
