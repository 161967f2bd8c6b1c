//! Check fences: Python with `#| hint:` lines at its top.

use super::Check;
use super::attributes::Head;
use crate::diagnostic::{Problems, suggest};
use cellist_formats::spec::SpecClock;

/// Parses a check whose content begins on `first_line` of the file.
pub(super) fn parse(
    id: &str,
    head: &Head,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> Check {
    let mut code_seen = false;
    for (index, line) in content.lines().enumerate() {
        let text = line.trim();
        let Some(option) = text.strip_prefix("#|") else {
            code_seen |= !text.is_empty();
            continue;
        };
        let line = first_line + index;
        match option.trim_start().strip_prefix("hint:") {
            None => problems.add(
                line,
                format!("`{text}` in check `{id}` is unknown"),
                "only `#| hint: …` may stand here; id and points belong to the fence",
            ),
            Some(_) if code_seen => problems.add(
                line,
                format!("the hint of check `{id}` stands below its code, where nothing reads it"),
                "move it to the first lines of the fence",
            ),
            Some(hint) if hint.trim().is_empty() => {
                problems.add(line, format!("the hint of check `{id}` is empty"), HINT);
            }
            Some(_) => {}
        }
    }
    if !code_seen {
        problems.add(first_line - 1, format!("check `{id}` is empty"), "write an `assert`");
    }
    Check {
        points: points(id, head, Least::AboveZero, first_line - 1, problems),
        hidden: head.flag("hidden"),
        guard: head.flag("guard"),
        clock: clock(id, head, first_line - 1, problems),
        source: content.trim_end().to_owned(),
    }
}

/// The clock of a check that is not on its unit's.
fn clock(id: &str, head: &Head, line: usize, problems: &mut Problems) -> Option<SpecClock> {
    match head.value("clock")? {
        "virtual" => Some(SpecClock::Virtual),
        "wall" => Some(SpecClock::Wall),
        other => {
            let message = format!("unknown clock `{other}` of check `{id}`");
            problems.add(line, message, suggest(other, &["virtual", "wall"]));
            None
        }
    }
}

const HINT: &str = "say what was called, what happened, and one next action";

/// Which points a fence may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Least {
    /// Something to earn.
    AboveZero,
    /// 0 is for what only teaches.
    Zero,
}

/// The `points` of a fence, a finite number.
pub(super) fn points(
    id: &str,
    head: &Head,
    least: Least,
    line: usize,
    problems: &mut Problems,
) -> f64 {
    // Without the attribute a problem has been noted already.
    let Some(text) = head.value("points") else { return 0.0 };
    let enough = |points: f64| points > 0.0 || (points == 0.0 && least == Least::Zero);
    match text.parse::<f64>() {
        Ok(points) if points.is_finite() && enough(points) => points.abs(),
        _ => {
            let least = if least == Least::Zero { "0 or more" } else { "more than 0" };
            let message = format!("`points={text}` of `{id}` is not a number of points");
            problems.add(line, message, format!("write a finite number, {least}"));
            0.0
        }
    }
}
