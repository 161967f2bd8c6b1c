//! The report for people: a table per submission.

use super::feedback::{check_name, exception, mark, number, outcome, total};
use super::plain::plain;
use crate::batch::Graded;
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use console::{Style, measure_text_width};
use std::fmt::Write as _;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; `None` where lines may have any length. The table then takes 100,
    /// sentences are not broken.
    pub width: Option<usize>,
    /// Use colours.
    pub colours: bool,
}

impl Look {
    /// As standard output wants it: no colours unless it is a terminal and `NO_COLOR` is not set.
    pub fn of_stdout() -> Self {
        let terminal = console::Term::stdout();
        let width = terminal.size_checked().map(|(_, columns)| usize::from(columns));
        Self { width, colours: terminal.is_term() && console::colors_enabled() }
    }
}

const HEADINGS: [&str; 4] = ["Unit", "Check", "Points", "Result"];
/// On a terminal narrower than about 54 columns lines run over its edge.
const MIN_RESULT: usize = 16;
const GAP: &str = "  ";

/// What became of one submission, with a blank line at the end.
pub fn submission(graded: &Graded, look: Look) -> String {
    let paint = Paint(look.colours);
    let path = plain(&graded.path.display().to_string());
    let who = graded.learner.as_deref().map(plain).unwrap_or_default();
    let mut text = String::new();
    match &graded.result {
        Ok(verdict) => {
            let title = if who.is_empty() { path } else { format!("{who}{GAP}({path})") };
            let _ = writeln!(text, "{}", paint.bold(&title));
            draw(&mut text, verdict, look);
            for line in remarks(verdict) {
                wrapped(&mut text, &line, look);
            }
            wrapped(&mut text, &paint.bold(&format!("Total: {}", total(verdict))), look);
        }
        Err(error) => {
            let _ = writeln!(text, "{}", paint.bold(&path));
            let message = plain(&error.to_string());
            wrapped(&mut text, &format!("{} {message}", paint.bad("could not be graded:")), look);
        }
    }
    text.push('\n');
    text
}

/// The last line: how many, and how many could not be graded.
pub fn summary(graded: usize, failed: usize) -> String {
    let count = |n: usize| format!("{n} submission{}", if n == 1 { "" } else { "s" });
    match failed {
        0 => format!("Graded {}.\n", count(graded)),
        _ => format!("Graded {}; {failed} could not be graded.\n", count(graded)),
    }
}

/// A unit's title and its graded cells.
struct Block {
    title: String,
    rows: Vec<Row>,
}

/// Check, points, result.
struct Row {
    cells: [String; 3],
    status: Status,
}

fn draw(text: &mut String, verdict: &Verdict, look: Look) {
    let paint = Paint(look.colours);
    let blocks: Vec<Block> = verdict.units.iter().map(block).collect();
    let widths = widths(&blocks, look.width.unwrap_or(100));
    line(text, HEADINGS, widths, |_, cell| paint.bold(cell));
    let rule = widths.map(|width| "─".repeat(width));
    line(text, rule.each_ref().map(String::as_str), widths, |_, cell| cell.to_owned());
    for block in &blocks {
        // The title runs down beside the rows, however many lines they take.
        let mut title = wrap(&block.title, widths[0]).into_iter();
        for row in &block.rows {
            let columns: Vec<Vec<String>> = row
                .cells
                .iter()
                .zip(&widths[1..])
                .map(|(cell, width)| wrap(cell, *width))
                .collect();
            for index in 0..columns.iter().map(Vec::len).max().unwrap_or_default() {
                let cell = |column: usize| columns[column].get(index).map_or("", String::as_str);
                let title = title.next().unwrap_or_default();
                line(
                    text,
                    [&title, cell(0), cell(1), cell(2)],
                    widths,
                    |column, cell| match column {
                        3 => paint.status(row.status, cell),
                        _ => cell.to_owned(),
                    },
                );
            }
        }
        for rest in title {
            line(text, [&rest, "", "", ""], widths, |_, cell| cell.to_owned());
        }
    }
}

/// How wide the columns are, on a terminal of so many.
fn widths(blocks: &[Block], width: usize) -> [usize; 4] {
    let rows = || blocks.iter().flat_map(|block| &block.rows);
    let widest = |column: usize| {
        let cells = rows().map(|row| measure_text_width(&row.cells[column - 1])).max();
        cells.unwrap_or_default().max(measure_text_width(HEADINGS[column]))
    };
    let title = blocks.iter().map(|block| measure_text_width(&block.title)).max();
    let title = title.unwrap_or_default().max(measure_text_width(HEADINGS[0]));
    // A unit's title and a check's name are wrapped before they starve the hints.
    let name = (width / 4).clamp(12, 30);
    let fixed = [title.min(name), widest(1).min(name), widest(2)];
    let taken: usize = fixed.iter().map(|width| width + GAP.len()).sum();
    let result = width.saturating_sub(taken).max(MIN_RESULT).min(widest(3));
    [fixed[0], fixed[1], fixed[2], result]
}

/// One line of the table. Points stand at the right of their column.
fn line(
    text: &mut String,
    cells: [&str; 4],
    widths: [usize; 4],
    paint: impl Fn(usize, &str) -> String,
) {
    let mut line = String::new();
    for (column, (cell, width)) in cells.into_iter().zip(widths).enumerate() {
        let padding = " ".repeat(width.saturating_sub(measure_text_width(cell)));
        let painted = paint(column, cell);
        match column {
            2 => line += &format!("{padding}{painted}{GAP}"),
            3 => line += &painted,
            _ => line += &format!("{painted}{padding}{GAP}"),
        }
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

fn block(unit: &UnitVerdict) -> Block {
    let rows = unit.items.iter().map(|item| {
        let name = check_name(unit, item);
        let hidden = if item.hidden { " (hidden)" } else { "" };
        let check = plain(&format!("{name}{hidden}"));
        Row { cells: [check, points(item), result(item)], status: item.status }
    });
    Block { title: plain(&format!("{} {}", unit.id, unit.title)), rows: rows.collect() }
}

fn points(item: &ItemVerdict) -> String {
    match item.status {
        Status::Manual => format!("–/{}", number(item.max_points)),
        _ => format!("{}/{}", number(item.points), number(item.max_points)),
    }
}

fn result(item: &ItemVerdict) -> String {
    let mark = mark(item.status);
    let text = format!("{mark} {}", outcome(item));
    match &item.hint_error {
        Some(error) => plain(&format!("{text} (the check's hint is broken: {error})")),
        None => plain(&text),
    }
}

/// What stands below the table: exceptions, and what is odd about the notebook.
fn remarks(verdict: &Verdict) -> Vec<String> {
    let errors = verdict.units.iter().flat_map(|unit| &unit.errors).map(exception);
    let notes = verdict.notes.iter().map(|note| format!("note: {note}"));
    errors.chain(notes.map(|line| plain(&line))).collect()
}

fn wrapped(text: &mut String, line: &str, look: Look) {
    let width = look.width.unwrap_or(usize::MAX);
    for line in textwrap::wrap(line, options(width.max(MIN_RESULT)).subsequent_indent(GAP)) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, options(width)).into_iter().map(|line| line.into_owned()).collect()
}

/// Names and paths are not broken at their hyphens: they get copied.
fn options(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Colours, or none.
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn bold(&self, text: &str) -> String {
        self.apply(Style::new().bold(), text)
    }

    pub(super) fn bad(&self, text: &str) -> String {
        self.apply(Style::new().red(), text)
    }

    pub(super) fn status(&self, status: Status, text: &str) -> String {
        let style = match status {
            Status::Passed => Style::new().green(),
            Status::Failed | Status::Error => Style::new().red(),
            Status::Withheld | Status::Manual | Status::Unanswered => Style::new().yellow(),
        };
        self.apply(style, text)
    }

    fn apply(&self, style: Style, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        style.force_styling(self.0).apply_to(text).to_string()
    }
}

#[cfg(test)]
mod tests;
