//! Pictures of the overview, as SVG in the page. Each says in words what it shows.

use super::statistics::Check;
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
