//! The drawing for consoles.

use crate::columns::runs;
use crate::fold::{self, Row};
use crate::{Ending, Lane, State, Timeline, scale, words};
use unicode_width::UnicodeWidthStr;

/// Columns of the names at most.
const NAMES: usize = 30;
/// Columns of the picture itself at least.
const PICTURE: usize = 20;

/// Draws a timeline in lines of at most `width` columns (50 at least), the last ended too.
pub fn text(timeline: &Timeline, width: usize) -> String {
    let width = width.max(50);
    let rows = fold::rows(timeline);
    let names = names_width(&rows).min(NAMES).min(width / 3);
    // Nearly half of what the names leave is the picture's.
    let picture = ((width - names) * 9 / 20).max(PICTURE);
    let notes = width.saturating_sub(names + picture + 4);
    let mut lines = vec![words::heading(timeline), axis(timeline, names, picture)];
    lines.extend(rows.iter().map(|row| line(timeline, row, names, picture, notes)));
    lines.extend(legend(&rows, width));
    let mut drawn = String::new();
    for line in lines {
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
    drawn
}

fn names_width(rows: &[Row<'_>]) -> usize {
    let lanes =
        rows.iter().map(|row| if let Row::Lane(lane) = row { name(lane).width() } else { 0 });
    lanes.max().unwrap_or(0)
}

fn name(lane: &Lane) -> String {
    let parts = [lane.name.clone(), lane.function.clone(), words::made(lane)];
    let parts: Vec<&str> =
        parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}

fn axis(timeline: &Timeline, names: usize, picture: usize) -> String {
    let mut line = " ".repeat(names + 2);
    for (at, mark) in scale::marks(timeline.seconds, picture / 10) {
        let share = if timeline.seconds > 0.0 { at / timeline.seconds } else { 0.0 };
        let column = names + 2 + (share * picture as f64).round() as usize;
        // The last one ends where the picture does.
        let column = column.min(names + 2 + picture - mark.width().min(picture));
        if column >= line.width() + usize::from(at > 0.0) {
            line.push_str(&" ".repeat(column - line.width()));
            line.push_str(&mark);
        }
    }
    line
}

fn line(timeline: &Timeline, row: &Row<'_>, names: usize, picture: usize, notes: usize) -> String {
    let lane = match row {
        Row::Lane(lane) => lane,
        Row::More(more) => {
            let column = |time: f64| {
                let share = if timeline.seconds > 0.0 { time / timeline.seconds } else { 0.0 };
                ((share * picture as f64) as usize).min(picture)
            };
            let (first, end) = (column(more.begin), column(more.end));
            let bar = format!("{}{}", " ".repeat(first), "┄".repeat((end - first).max(1)));
            let label = format!("  {} more like it", more.count);
            return format!(
                "{} │{}│ {}",
                words::pad(&label, names),
                words::pad(&bar, picture),
                words::fit(&words::more(more), notes)
            );
        }
        Row::Rest(count) => return words::rest(*count),
    };
    let mut bar = vec![' '; picture];
    for run in runs(timeline, lane, picture) {
        bar[run.first..run.end].fill(mark(run.span.state));
    }
    let bar: String = bar.into_iter().collect();
    let summary = words::summary(lane, 3);
    let mut note = format!("{} ", words::sign(lane.ending));
    if lane.ending == Ending::Failed {
        note.push_str(&words::ending(lane));
        if !summary.is_empty() {
            note.push_str("; ");
        }
    }
    note.push_str(&summary);
    format!("{} │{bar}│ {}", words::pad(&name(lane), names), words::fit(&note, notes))
}

fn mark(state: State) -> char {
    match state {
        State::Ready => '·',
        State::Waiting => '─',
        State::Running => '█',
        State::Blocking => '▓',
    }
}

/// In as many lines as it takes.
fn legend(rows: &[Row<'_>], width: usize) -> Vec<String> {
    let (states, endings) = words::occurring(rows);
    let states = states.into_iter().map(|state| {
        let meaning = match state {
            State::Ready => "ready",
            State::Waiting => "waits",
            State::Running => "runs",
            State::Blocking => "blocks the event loop",
        };
        format!("{} {meaning}", mark(state))
    });
    let endings = endings.into_iter().map(|ending| {
        let meaning = match ending {
            Ending::Done => "done",
            Ending::Failed => "failed",
            Ending::Cancelled => "cancelled",
            Ending::Pending => "still there",
        };
        format!("{} {meaning}", words::sign(ending))
    });
    let mut lines: Vec<String> = Vec::new();
    for entry in states.chain(endings) {
        match lines.last_mut() {
            Some(line) if line.width() + 3 + entry.width() <= width => {
                line.push_str("   ");
                line.push_str(&entry);
            }
            _ => lines.push(entry),
        }
    }
    lines
}
