//! The drawing for notebooks.
//!
//! JupyterLab shows it as an image: it cannot ask the page for its theme, so it brings a ground of
//! its own, and colours for both. States differ in height and pattern as well as in colour; the
//! colours are of the set by Okabe and Ito, which colour-blind people tell apart.

use crate::columns::{Run, runs};
use crate::fold::{self, More, Row};
use crate::scale::{duration, marks};
use crate::{Ending, Kind, Lane, Span, State, Timeline, words};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Height of a row, of a bar in it, and of what is above the rows.
const ROW: usize = 24;
const BAR: usize = 14;
const TOP: usize = 62;
const MARGIN: usize = 16;
/// Width of a letter of the small font, on average.
const LETTER: f64 = 6.3;
/// Room for a lane's name, and for how it ended.
const NAMES: usize = 210;
const NOTES: usize = 170;

const STYLE: &str = "\
.ground{fill:#fff;stroke:#d0d7de}\
.grid{stroke:#e4e8ec}\
.stripe{fill:#f6f8fa}\
text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#24292f}\
.title{font-size:13px;font-weight:600}\
.name{font-weight:600}\
.dim{fill:#57606a}\
.mark{fill:#57606a;font-size:10px;text-anchor:middle}\
.on{font-size:10px;fill:#3d4a57}\
.white{font-size:10px;fill:#fff;font-weight:600}\
.run{fill:#0072b2}\
.wait{fill:#c6d3df}\
.ready{fill:#f0c04a}\
.block{fill:#c8320b}\
.hatch{stroke:#fff;stroke-opacity:.28;stroke-width:2}\
.more{fill:#c6d3df;fill-opacity:.5;stroke:#8c98a4;stroke-dasharray:3 3}\
.good{fill:#00694a}\
.bad{fill:#b02a06;font-weight:600}\
.asked{stroke:#24292f;stroke-width:2}\
.lost{fill:#d0d7de;fill-opacity:.45}\
.begin{stroke:#57606a;stroke-dasharray:3 3}\
@media(prefers-color-scheme:dark){\
.ground{fill:#161b22;stroke:#3d444d}\
.grid{stroke:#2b323a}\
.stripe{fill:#1c222a}\
text{fill:#e6edf3}\
.dim,.mark{fill:#9aa7b4}\
.on{fill:#d5dee7}\
.white{fill:#fff}\
.run{fill:#3aa0dd}\
.wait{fill:#465564}\
.ready{fill:#c99414}\
.block{fill:#cf4a22}\
.more{fill:#465564;stroke:#76828e}\
.good{fill:#3fc99b}\
.bad{fill:#ff8a66}\
.asked{stroke:#e6edf3}\
.lost{fill:#3d444d}\
.begin{stroke:#9aa7b4}\
}";

/// Draws a timeline `width` pixels wide (480 at least).
pub fn svg(timeline: &Timeline, width: usize) -> String {
    let width = width.max(480);
    let rows = fold::rows(timeline);
    let plot = Plot {
        seconds: timeline.seconds.max(1e-9),
        left: MARGIN + NAMES,
        width: width - 2 * MARGIN - NAMES - NOTES,
    };
    let height = TOP + ROW * rows.len() + 40;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" style=\"max-width:100%;height:auto\">\
         <title>{}</title><style>{STYLE}</style>\
         <defs><pattern id=\"blocked\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect class=\"block\" width=\"6\" height=\"6\"/>\
         <path class=\"hatch\" d=\"M0 0V6\"/></pattern></defs>\
         <rect class=\"ground\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
        escape(&words::heading(timeline)),
        width - 1,
        height - 1,
    );
    put(&mut out, "title", MARGIN, 26, "", &words::heading(timeline));
    for (number, _) in rows.iter().enumerate().skip(1).step_by(2) {
        let y = TOP + ROW * number;
        let _ = write!(
            out,
            "<rect class=\"stripe\" x=\"1\" y=\"{y}\" width=\"{}\" height=\"{ROW}\"/>",
            width - 2
        );
    }
    axis(&mut out, timeline, &plot, rows.len());
    if let Some(cut) = timeline.cut {
        draw_lost(&mut out, cut, &plot, rows.len());
    }
    for (number, row) in rows.iter().enumerate() {
        let y = TOP + ROW * number;
        match row {
            Row::Lane(lane) => draw_lane(&mut out, timeline, lane, &plot, y),
            Row::More(more) => draw_more(&mut out, more, &plot, y),
            Row::Rest(count) => put(&mut out, "dim", MARGIN, y + 16, "", &words::rest(*count)),
        }
    }
    legend(&mut out, &rows, TOP + ROW * rows.len() + 14);
    out.push_str("</svg>\n");
    out
}

/// Where time is.
struct Plot {
    seconds: f64,
    left: usize,
    width: usize,
}

impl Plot {
    fn x(&self, time: f64) -> f64 {
        let share = (time / self.seconds).clamp(0.0, 1.0);
        self.left as f64 + (share * self.width as f64).round()
    }

    fn right(&self) -> usize {
        self.left + self.width
    }
}

fn axis(out: &mut String, timeline: &Timeline, plot: &Plot, rows: usize) {
    let bottom = TOP + ROW * rows;
    for (at, mark) in marks(timeline.seconds, plot.width / 80) {
        let x = plot.x(at);
        let _ = write!(out, "<path class=\"grid\" d=\"M{x} {}V{bottom}\"/>", TOP - 6);
        let _ = write!(out, "<text class=\"mark\" x=\"{x}\" y=\"{}\">{mark}</text>", TOP - 11);
    }
}

/// The time of which nothing is known.
fn draw_lost(out: &mut String, cut: f64, plot: &Plot, rows: usize) {
    let (x, end, height) = (plot.left as f64, plot.x(cut), ROW * rows);
    let width = (end - x).max(1.0);
    let _ = write!(
        out,
        "<g><title>{}</title><rect class=\"lost\" x=\"{x}\" y=\"{TOP}\" width=\"{width}\" \
         height=\"{height}\"/><path class=\"begin\" d=\"M{end} {}V{}\"/></g>",
        escape(&words::lost(cut)),
        TOP - 6,
        TOP + height
    );
}

fn draw_lane(out: &mut String, timeline: &Timeline, lane: &Lane, plot: &Plot, y: usize) {
    let _ = write!(out, "<g><title>{}</title>", escape(&words::about(lane)));
    draw_name(out, lane, y);
    for run in runs(timeline, lane, plot.width) {
        draw_run(out, &run, plot, y);
    }
    for at in &lane.cancelled {
        // A cross where somebody asked it to end.
        let (x, y) = (plot.x(*at), y + 5);
        let (left, right, bottom) = (x - 4.0, x + 4.0, y + BAR);
        let _ = write!(
            out,
            "<path class=\"asked\" d=\"M{left} {y}L{right} {bottom}M{right} {y}L{left} {bottom}\">\
             <title>asked to end: {}</title></path>",
            duration(*at)
        );
    }
    let class = match lane.ending {
        Ending::Done => "good",
        Ending::Failed => "bad",
        Ending::Cancelled | Ending::Pending => "dim",
    };
    let note = format!("{} {}", words::sign(lane.ending), words::ending(lane));
    let note = words::fit(&note, letters(NOTES - 10));
    put(out, class, plot.right() + 10, y + 16, "", &note);
    out.push_str("</g>");
}

fn draw_name(out: &mut String, lane: &Lane, y: usize) {
    let room = letters(NAMES - 8);
    let made = match lane.kind {
        Kind::Task => words::made(lane),
        Kind::Thread => "thread".to_owned(),
    };
    let function = if lane.function == lane.name { "" } else { lane.function.as_str() };
    let name = words::fit(&lane.name, room.saturating_sub(made.width() + 2));
    let rest = room.saturating_sub(name.width() + made.width() + 2);
    let function = if rest > 3 { words::fit(function, rest) } else { String::new() };
    let _ = write!(
        out,
        "<text x=\"{MARGIN}\" y=\"{}\"><tspan class=\"name\">{}</tspan> {}</text>",
        y + 16,
        escape(&name),
        escape(&function)
    );
    let anchor = " text-anchor=\"end\"";
    put(out, "dim", MARGIN + NAMES - 10, y + 16, anchor, &made);
}

fn draw_run(out: &mut String, run: &Run<'_>, plot: &Plot, y: usize) {
    let (class, inset) = match run.span.state {
        State::Running => ("run", 0),
        State::Blocking => ("block", 0),
        State::Waiting => ("wait", 1),
        State::Ready => ("ready", 5),
    };
    let x = plot.left + run.first;
    // A step too short to be seen is still a step.
    let least = if run.span.state == State::Running { 2 } else { 1 };
    let width = (run.end - run.first).max(least).min(plot.width - run.first);
    let (top, height) = (y + 5 + inset, BAR - 2 * inset);
    let fill = if class == "block" { " fill=\"url(#blocked)\"" } else { "" };
    let class = if fill.is_empty() { format!(" class=\"{class}\"") } else { String::new() };
    let _ = write!(
        out,
        "<rect{class}{fill} x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\">\
         <title>{}</title></rect>",
        escape(&words::explain(run.span, run.pieces))
    );
    label(out, run.span, x, width, y);
}

/// What the lane waits for, where there is room for it.
fn label(out: &mut String, span: &Span, x: usize, width: usize, y: usize) {
    let room = ((width.saturating_sub(6)) as f64 / 5.8) as usize;
    let (class, text) = match span.state {
        State::Waiting => ("on", span.on.clone()),
        State::Blocking if span.on.is_empty() => ("white", "blocked".to_owned()),
        State::Blocking if room < span.on.width() + 11 => ("white", span.on.clone()),
        State::Blocking => ("white", format!("blocked by {}", span.on)),
        State::Running | State::Ready => return,
    };
    let full = text.width();
    if full == 0 || room < 3 || room * 2 < full {
        return;
    }
    let _ = write!(out, "<g pointer-events=\"none\">");
    put(out, class, x + 4, y + 16, "", &words::fit(&text, room));
    out.push_str("</g>");
}

fn draw_more(out: &mut String, more: &More<'_>, plot: &Plot, y: usize) {
    let (left, right) = (plot.x(more.begin), plot.x(more.end));
    let (top, width) = (y + 7, (right - left).max(2.0));
    let text = words::more(more);
    let _ = write!(
        out,
        "<g><title>{}</title><rect class=\"more\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"10\"/>",
        escape(&text)
    );
    let function = words::fit(&more.like.function, letters(NAMES - 30));
    put(out, "dim", MARGIN + 14, y + 16, "", &format!("⋮ {function}"));
    put(out, "dim", plot.right() + 10, y + 16, "", &words::fit(&text, letters(NOTES - 10)));
    out.push_str("</g>");
}

fn legend(out: &mut String, rows: &[Row<'_>], y: usize) {
    let (states, _) = words::occurring(rows);
    let mut x = MARGIN;
    let text_y = y + 10;
    for state in states {
        let (fill, meaning) = match state {
            State::Running => ("class=\"run\"", "runs"),
            State::Waiting => ("class=\"wait\"", "is suspended"),
            State::Ready => ("class=\"ready\"", "ready, waits for its turn"),
            State::Blocking => ("fill=\"url(#blocked)\"", "blocks the event loop"),
        };
        let (top, height) = match state {
            State::Running | State::Blocking => (y, 12),
            State::Waiting => (y + 1, 10),
            State::Ready => (y + 4, 4),
        };
        let _ =
            write!(out, "<rect {fill} x=\"{x}\" y=\"{top}\" width=\"18\" height=\"{height}\"/>");
        put(out, "dim", x + 24, text_y, "", meaning);
        x += 24 + (meaning.width() as f64 * LETTER) as usize + 22;
    }
    let asked = rows.iter().any(|row| matches!(row, Row::Lane(lane) if !lane.cancelled.is_empty()));
    if asked {
        let (left, right, bottom) = (x + 2, x + 10, y + 11);
        let _ = write!(
            out,
            "<path class=\"asked\" d=\"M{left} {}L{right} {bottom}M{right} {}L{left} {bottom}\"/>",
            y + 2,
            y + 2
        );
        put(out, "dim", x + 18, text_y, "", "is asked to end");
    }
}

fn put(out: &mut String, class: &str, x: usize, y: usize, more: &str, text: &str) {
    let text = escape(text);
    let _ = write!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{more}>{text}</text>");
}

fn letters(pixels: usize) -> usize {
    (pixels as f64 / LETTER) as usize
}

/// Text for XML; characters that it cannot hold become replacement characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(char),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            char if char.is_control() => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
