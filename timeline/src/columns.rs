//! A lane cut into columns of equal length: a pixel, or a character, each.

use crate::{Lane, Span, State, Timeline};

/// Neighbouring columns that show the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run<'a> {
    pub(crate) first: usize,
    /// Behind the last.
    pub(crate) end: usize,
    pub(crate) span: &'a Span,
    /// How many pieces of the lane it stands for.
    pub(crate) pieces: usize,
}

/// Steps too short to be seen get a column of their own as long as there are few: of so many
/// columns one.
const RARE: usize = 6;

/// The lane in `count` columns. What takes most of a column is what it shows, but blocking wins.
pub(crate) fn runs<'a>(timeline: &Timeline, lane: &'a Lane, count: usize) -> Vec<Run<'a>> {
    let per_second = count as f64 / timeline.seconds.max(1e-9);
    let column = |time: f64| ((time * per_second) as usize).min(count - 1);
    let mut shown: Vec<(f64, Option<&Span>)> = vec![(0.0, None); count];
    let steps = lane.spans.iter().filter(|span| is_step(span)).count();
    for span in &lane.spans {
        let (first, last) = (column(span.begin), column(span.end));
        for (at, entry) in shown.iter_mut().enumerate().take(last + 1).skip(first) {
            let (from, to) = (at as f64 / per_second, (at + 1) as f64 / per_second);
            let share = (span.end.min(to) - span.begin.max(from)).max(0.0) * per_second;
            let weight = match span.state {
                State::Blocking if share > 0.0 => 2.0,
                State::Running if first == last && steps <= count / RARE => 1.5,
                // What ends where a column begins is not in it.
                _ if share <= 1e-9 => continue,
                _ => share,
            };
            if weight > entry.0 {
                *entry = (weight, Some(span));
            }
        }
    }
    gather(&shown)
}

fn is_step(span: &Span) -> bool {
    matches!(span.state, State::Running | State::Blocking)
}

fn gather<'a>(shown: &[(f64, Option<&'a Span>)]) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for (at, (_, span)) in shown.iter().enumerate() {
        let Some(span) = *span else { continue };
        if let Some(last) = runs.last_mut()
            && last.end == at
            && (last.span.state, &last.span.on) == (span.state, &span.on)
        {
            last.end = at + 1;
            last.pieces += usize::from(!std::ptr::eq(last.span, span));
            continue;
        }
        runs.push(Run { first: at, end: at + 1, span, pieces: 1 });
    }
    runs
}

/// How long a lane waited, and for what: the longest first.
pub(crate) fn waits(lane: &Lane) -> Vec<(&str, f64)> {
    let mut sums: Vec<(&str, f64)> = Vec::new();
    for span in lane.spans.iter().filter(|span| span.state == State::Waiting) {
        match sums.iter_mut().find(|(on, _)| *on == span.on) {
            Some((_, sum)) => *sum += span.seconds(),
            None => sums.push((&span.on, span.seconds())),
        }
    }
    sums.retain(|(_, sum)| *sum > 0.0);
    sums.sort_by(|one, other| other.1.total_cmp(&one.1));
    sums
}
