//! What a learner reads of the public checks.

use super::feedback::{brief, check_name, comparison, exception, mark, number, outcome, seen};
use super::plain::plain;
use super::table::{Look, Paint};
use crate::batch::Graded;
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use cellist_judge::CheckRuns;
use cellist_timeline::Timeline;
use console::measure_text_width;
use std::fmt::Write as _;

/// Columns of what stands below a check.
const INDENT: &str = "      ";
/// Columns of a timeline where the terminal does not say how many there are.
const WIDTH: usize = 100;

/// What became of one notebook, with a blank line at the end. `timelines` draws what the tasks and
/// threads of a failed check did.
pub fn report(graded: &Graded, look: Look, timelines: bool) -> String {
    let paint = Paint(look.colours);
    let mut text = format!("{}\n", paint.bold(&plain(&graded.path.display().to_string())));
    match &graded.result {
        Ok(verdict) => {
            for unit in &verdict.units {
                draw(&mut text, unit, &graded.runs, look, timelines);
            }
            for note in &verdict.notes {
                fill(&mut text, &plain(&format!("note: {note}")), "", look);
            }
            fill(&mut text, &paint.bold(&summary(verdict)), "", look);
        }
        Err(error) => {
            let what =
                format!("{} {}", paint.bad("could not be checked:"), plain(&error.to_string()));
            fill(&mut text, &what, "", look);
        }
    }
    text.push('\n');
    text
}

/// Whether every check passed, those that wait for another one too.
pub fn all_passed(verdict: &Verdict) -> bool {
    verdict.units.iter().flat_map(|unit| &unit.items).all(|item| item.status == Status::Passed)
}

fn summary(verdict: &Verdict) -> String {
    let items = || verdict.units.iter().flat_map(|unit| &unit.items);
    let passed = items().filter(|item| item.status == Status::Passed).count();
    format!(
        "{} of {} points so far; {passed} of {} public checks passed",
        number(verdict.points),
        number(verdict.max_points),
        items().count()
    )
}

fn draw(text: &mut String, unit: &UnitVerdict, runs: &CheckRuns, look: Look, timelines: bool) {
    let paint = Paint(look.colours);
    let _ = writeln!(text, "{}", plain(&format!("{} {}", unit.id, unit.title)).trim_end());
    for error in &unit.errors {
        fill(text, &paint.bad(&exception(error)), "  ", look);
    }
    let name = |item| plain(check_name(unit, item));
    let width = unit.items.iter().map(|item| measure_text_width(&name(item))).max().unwrap_or(0);
    for item in &unit.items {
        let name = name(item);
        let padding = " ".repeat(width.saturating_sub(measure_text_width(&name)));
        let points = format!("{}/{}", number(item.points), number(item.max_points));
        let head = format!("  {} {name}{padding}  {points}", mark(item.status));
        let _ = writeln!(text, "{}", paint.status(item.status, &head));
        for line in details(item, runs) {
            fill(text, &line, INDENT, look);
        }
        if let Some(drawn) = drawn(item, runs, look).filter(|_| timelines) {
            drawn.lines().for_each(|line| {
                let _ = writeln!(text, "{INDENT}{line}");
            });
        }
    }
}

/// The hint, and both sides of the comparison that did not hold.
fn details(item: &ItemVerdict, runs: &CheckRuns) -> Vec<String> {
    if item.status == Status::Passed {
        return Vec::new();
    }
    let sides = comparison(item, runs).map(|sides| plain(&brief(sides)));
    let broken = item.hint_error.as_ref();
    let broken = broken.map(|error| plain(&format!("(the check's hint is broken: {error})")));
    [Some(plain(&outcome(item))), sides, broken].into_iter().flatten().collect()
}

fn drawn(item: &ItemVerdict, runs: &CheckRuns, look: Look) -> Option<String> {
    let timeline: Timeline = serde_json::from_str(seen(item, runs)?.timeline.as_deref()?).ok()?;
    let width = look.width.map_or(WIDTH, |width| width.saturating_sub(INDENT.len()));
    Some(plain(&cellist_timeline::text(&timeline, width)))
}

/// Adds the lines of `what`, none wider than the terminal.
fn fill(text: &mut String, what: &str, indent: &str, look: Look) {
    let width = look.width.unwrap_or(usize::MAX);
    let options = textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for line in textwrap::wrap(what, options) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
