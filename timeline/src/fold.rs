//! Of many lanes that are alike, a few are drawn, and the rest are counted.

use crate::{Ending, Kind, Lane, Place, Timeline};

/// Rows that are drawn at most, one more for what is left out.
const MOST: usize = 40;

/// A row of the picture.
#[derive(Clone, Debug)]
pub(crate) enum Row<'a> {
    Lane(&'a Lane),
    /// More that are like the lane above.
    More(More<'a>),
    /// So many that are like none of those shown.
    Rest(usize),
}

/// Lanes that are not shown one by one.
#[derive(Clone, Debug)]
pub(crate) struct More<'a> {
    pub(crate) like: &'a Lane,
    pub(crate) count: usize,
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

/// Lanes are alike that run the same function, were made in the same place and ended alike.
type Likeness<'a> = (Kind, &'a str, Option<&'a Place>, Ending);

fn likeness(lane: &Lane) -> Likeness<'_> {
    (lane.kind, &lane.function, lane.made.as_ref(), lane.ending)
}

/// The rows of a timeline, from the top.
pub(crate) fn rows(timeline: &Timeline) -> Vec<Row<'_>> {
    if timeline.lanes.len() <= MOST {
        return timeline.lanes.iter().map(Row::Lane).collect();
    }
    let mut groups: Vec<Vec<&Lane>> = Vec::new();
    for lane in &timeline.lanes {
        match groups.iter_mut().find(|group| likeness(group[0]) == likeness(lane)) {
            Some(group) => group.push(lane),
            None => groups.push(vec![lane]),
        }
    }
    // As many of each as there is room for.
    let rows_of = |each: usize| -> usize {
        groups.iter().map(|group| group.len().min(each) + usize::from(group.len() > each)).sum()
    };
    let each = (1..MOST).rev().find(|each| rows_of(*each) <= MOST).unwrap_or(1);
    let mut rows = Vec::new();
    let mut left = 0;
    for group in &groups {
        let (shown, folded) = sample(group, each);
        if rows.len() + shown.len() + usize::from(!folded.is_empty()) > MOST {
            left += group.len();
            continue;
        }
        rows.extend(shown.into_iter().map(Row::Lane));
        if let Some(first) = folded.first() {
            let begin = folded.iter().map(|lane| lane.begin).fold(f64::INFINITY, f64::min);
            let end = folded.iter().map(|lane| lane.end).fold(0.0, f64::max);
            rows.push(Row::More(More { like: first, count: folded.len(), begin, end }));
        }
    }
    if left > 0 {
        rows.push(Row::Rest(left));
    }
    rows
}

/// So many lanes of a group, from all over it, and the others.
fn sample<'a>(group: &[&'a Lane], count: usize) -> (Vec<&'a Lane>, Vec<&'a Lane>) {
    let count = count.min(group.len());
    let chosen: Vec<usize> = (0..count).map(|number| number * group.len() / count).collect();
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    for (at, lane) in group.iter().enumerate() {
        if chosen.binary_search(&at).is_ok() { shown.push(*lane) } else { others.push(*lane) }
    }
    (shown, others)
}
