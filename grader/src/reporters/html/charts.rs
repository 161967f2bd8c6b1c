//! Pictures of the overview, as SVG in the page. Each says in words what it shows.

use super::overview::milliseconds;
use super::statistics::Check;
use crate::reporters::plain::plain;
use maud::{Markup, html};

const PASSED: &str = "#0b5d1e";
const FAILED: &str = "#d98c8c";
const OPEN: &str = "#e0e0e0";

/// How many submissions got which tenth of the points.
pub(super) fn tenths(counts: [usize; 10]) -> Markup {
    const WIDTH: usize = 620;
    const STEP: usize = 60;
    const HEIGHT: usize = 140;
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let bars = counts.iter().enumerate().map(|(tenth, count)| {
        let height = HEIGHT * count / most;
        (10 + tenth * STEP, HEIGHT + 20 - height, height, *count, tenth)
    });
    let words: Vec<String> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(tenth, count)| format!("{} % to {} %: {count}", tenth * 10, tenth * 10 + 10))
        .collect();
    let label = format!("Submissions by their share of the points. {}", words.join("; "));
    html! {
        svg role="img" aria-label=(label) viewBox={ "0 0 " (WIDTH) " 190" } width=(WIDTH) height="190"
            xmlns="http://www.w3.org/2000/svg" {
            @for (x, y, height, count, tenth) in bars {
                rect x=(x) y=(y) width=(STEP - 8) height=(height) fill=(PASSED) {}
                @if count > 0 {
                    text x=(x + 26) y=(y - 4) text-anchor="middle" font-size="13" { (count) }
                }
                text x=(x + 26) y="178" text-anchor="middle" font-size="12" {
                    (tenth * 10) "–" (tenth * 10 + 10) " %"
                }
            }
            line x1="6" y1="160.5" x2="614" y2="160.5" stroke="#1b1b1b" {}
        }
    }
}

/// How long each check took: its median as a bar, on to its maximum a line.
pub(super) fn times(checks: &[Check<'_>]) -> Markup {
    const WIDTH: f64 = 760.0;
    const NAMES: f64 = 250.0;
    const BARS: f64 = 420.0;
    const ROW: usize = 24;
    let timed: Vec<(String, f64, f64)> = checks
        .iter()
        .filter_map(|check| match check.millis() {
            (Some(median), Some(longest)) => {
                Some((plain(&format!("{} {}", check.unit, check.name)), median, longest))
            }
            _ => None,
        })
        .collect();
    let most = timed.iter().map(|(_, _, longest)| *longest).fold(1e-3, f64::max);
    let x = |millis: f64| NAMES + BARS * millis / most;
    let words: Vec<String> = timed
        .iter()
        .map(|(name, median, longest)| {
            format!("{name}: {}, at most {}", milliseconds(*median), milliseconds(*longest))
        })
        .collect();
    let label = format!("Time of each check, median and maximum. {}", words.join("; "));
    let height = ROW * timed.len() + 8;
    html! {
        figure {
            figcaption { "How long each check took: the bar is the median, the line goes on to the longest" }
            svg role="img" aria-label=(label) viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH)
                height=(height) xmlns="http://www.w3.org/2000/svg" {
                @for (row, (name, median, longest)) in timed.iter().enumerate() {
                    @let y = row * ROW + 4;
                    text x=(NAMES - 8.0) y=(y + 15) text-anchor="end" font-size="12" { (short(name)) }
                    rect x=(NAMES) y=(y + 3) width=(format!("{:.1}", x(*median) - NAMES)) height="14"
                        fill=(PASSED) {}
                    line x1=(format!("{:.1}", x(*median))) x2=(format!("{:.1}", x(*longest)))
                        y1=(y + 10) y2=(y + 10) stroke="#1b1b1b" stroke-width="2" {}
                    text x=(format!("{:.1}", x(*longest) + 6.0)) y=(y + 15) font-size="12" {
                        (milliseconds(*longest))
                    }
                }
            }
        }
    }
}

/// What fits beside a bar.
fn short(name: &str) -> String {
    const LETTERS: usize = 36;
    match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// A bar of those who passed, failed and neither.
pub(super) fn share(check: &Check<'_>) -> Markup {
    const WIDTH: usize = 160;
    let count = check.count().max(1);
    let passed = WIDTH * check.passed / count;
    let failed = WIDTH * check.failed / count;
    let label = format!(
        "{} passed, {} did not, {} neither, of {}",
        check.passed,
        check.failed,
        check.open,
        check.count()
    );
    html! {
        svg role="img" aria-label=(label) viewBox={ "0 0 " (WIDTH) " 14" } width=(WIDTH) height="14"
            xmlns="http://www.w3.org/2000/svg" {
            rect width=(WIDTH) height="14" fill=(OPEN) {}
            rect width=(passed) height="14" fill=(PASSED) {}
            rect x=(passed) width=(failed) height="14" fill=(FAILED) {}
        }
    }
}
