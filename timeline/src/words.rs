//! What both drawings say.

use crate::columns::waits;
use crate::fold::{More, Row};
use crate::scale::duration;
use crate::{Clock, Ending, Kind, Lane, Span, State, Timeline};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `3 tasks, 2 threads · 5 s on the virtual clock`.
pub(crate) fn heading(timeline: &Timeline) -> String {
    let count = |kind| timeline.lanes.iter().filter(|lane| lane.kind == kind).count();
    let counted: Vec<String> = [(count(Kind::Task), "task"), (count(Kind::Thread), "thread")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}{}", if number == 1 { "" } else { "s" }))
        .collect();
    let counted = if counted.is_empty() { "no tasks".to_owned() } else { counted.join(", ") };
    let clock = match timeline.clock {
        Clock::Wall => "",
        Clock::Virtual => " of virtual time",
    };
    let cut = match timeline.cut {
        Some(at) => format!(" · begins at {}: earlier records were dropped", duration(at)),
        None => String::new(),
    };
    format!("{counted} · {}{clock}{cut}", duration(timeline.seconds))
}

/// The line in which a lane was made, as `line 4`; a file that is no cell has its name.
pub(crate) fn made(lane: &Lane) -> String {
    let Some(place) = &lane.made else { return String::new() };
    if place.file.starts_with("Cell In[") {
        format!("line {}", place.line)
    } else {
        let name = place.file.rsplit('/').next().unwrap_or(&place.file);
        format!("{name}:{}", place.line)
    }
}

/// What stands for the time before the first record that is left.
pub(crate) fn lost(cut: f64) -> String {
    format!("not known: the records of the first {} were dropped", duration(cut))
}

/// How a lane ended, in a few words.
pub(crate) fn ending(lane: &Lane) -> String {
    match lane.ending {
        Ending::Done => "done".to_owned(),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::Pending => "still there".to_owned(),
        Ending::Failed => match &lane.error {
            Some(error) => error.lines().next().unwrap_or("failed").to_owned(),
            None => "failed".to_owned(),
        },
    }
}

/// The sign of an ending.
pub(crate) fn sign(ending: Ending) -> char {
    match ending {
        Ending::Done => '✔',
        Ending::Failed => '✘',
        Ending::Cancelled => '⊘',
        Ending::Pending => '…',
    }
}

/// What blocked the loop longest, if anything did.
pub(crate) fn blocked(lane: &Lane) -> Option<&Span> {
    let spans = lane.spans.iter().filter(|span| span.state == State::Blocking);
    spans.max_by(|one, other| one.seconds().total_cmp(&other.seconds()))
}

/// What a lane did with its time: `blocked 1.2 s (time.sleep, line 7), sleep 3 s`.
pub(crate) fn summary(lane: &Lane, most: usize) -> String {
    let mut parts = Vec::new();
    if let Some(span) = blocked(lane) {
        parts.push(format!("blocked {}{}", duration(span.seconds()), why(span)));
    }
    let waited = waits(lane);
    parts.extend(waited.iter().take(most).map(|(on, sum)| format!("{on} {}", duration(*sum))));
    parts.join(", ")
}

/// ` (time.sleep, line 7)`, as far as that is known.
pub(crate) fn why(span: &Span) -> String {
    let line = span.place.as_ref().map(|place| format!("line {}", place.line));
    let known: Vec<&str> = [Some(span.on.as_str()), line.as_deref()]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// What a span shows, for a tooltip.
pub(crate) fn explain(span: &Span, pieces: usize) -> String {
    let what = match span.state {
        State::Ready => "ready, waits for its turn".to_owned(),
        State::Running => "runs".to_owned(),
        State::Waiting => format!("waits for {}", span.on),
        State::Blocking => format!("blocks the event loop{}", why(span)),
    };
    let place = match &span.place {
        Some(place) if span.state != State::Blocking => format!(" at {place}"),
        _ => String::new(),
    };
    if pieces > 1 {
        return format!("{what}{place}, {pieces} times from {} on", duration(span.begin));
    }
    format!(
        "{what}{place}: {}, from {} to {}",
        duration(span.seconds()),
        duration(span.begin),
        duration(span.end)
    )
}

/// All that is known of a lane, line by line, for a tooltip.
pub(crate) fn about(lane: &Lane) -> String {
    let mut lines = vec![format!("{} {}", lane.name, lane.function).trim().to_owned()];
    let by = lane.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    if let Some(place) = &lane.made {
        lines.push(format!("made{by} at {place}, {}", duration(lane.begin)));
    }
    let raised = lane.raised.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
    lines.push(match lane.ending {
        Ending::Pending => "has not ended".to_owned(),
        _ => format!("{}{raised}, {}", ending(lane), duration(lane.end)),
    });
    let summary = summary(lane, 4);
    if !summary.is_empty() {
        lines.push(summary);
    }
    lines.join("\n")
}

/// `and 47 more like it: done`.
pub(crate) fn more(more: &More<'_>) -> String {
    format!("and {} more like it: {}", more.count, ending_of_all(more.like))
}

fn ending_of_all(lane: &Lane) -> &'static str {
    match lane.ending {
        Ending::Done => "done",
        Ending::Failed => "failed",
        Ending::Cancelled => "cancelled",
        Ending::Pending => "still there",
    }
}

/// What stands for lanes that are like none of those shown.
pub(crate) fn rest(count: usize) -> String {
    format!("and {count} more {} left out", if count == 1 { "is" } else { "are" })
}

/// Which states and endings occur in the rows.
pub(crate) fn occurring(rows: &[Row<'_>]) -> (Vec<State>, Vec<Ending>) {
    let lanes =
        || rows.iter().filter_map(|row| if let Row::Lane(lane) = row { Some(lane) } else { None });
    let states = [State::Running, State::Waiting, State::Ready, State::Blocking];
    let endings = [Ending::Done, Ending::Failed, Ending::Cancelled, Ending::Pending];
    (
        states
            .into_iter()
            .filter(|state| lanes().any(|lane| lane.spans.iter().any(|span| span.state == *state)))
            .collect(),
        endings.into_iter().filter(|ending| lanes().any(|lane| lane.ending == *ending)).collect(),
    )
}

/// The text in at most so many columns of a console; what is cut off is an ellipsis.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut width = 1;
    for char in text.chars() {
        width += char.width().unwrap_or(0);
        if width > columns {
            break;
        }
        kept.push(char);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The text, filled up with spaces to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    let missing = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}
