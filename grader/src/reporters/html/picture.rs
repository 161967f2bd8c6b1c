//! The picture of what a learner's code did in a check, as `%%timeline` draws it.

use crate::reporters::plain::plain;
use cellist_timeline::{Timeline, svg, text};
use maud::{Markup, html};
use std::fmt::Write as _;

/// Pixels, and columns, of a drawing: about what a page is wide.
const WIDTH: usize = 960;
const COLUMNS: usize = 100;

/// Figures of what was done in checks, by the check's name and the timeline's JSON. What is no
/// timeline is left out, and checks that did the same share one.
pub(super) fn figures<'a>(seen: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Markup> {
    let mut drawn: Vec<(Vec<&str>, Timeline)> = Vec::new();
    for (check, json) in seen {
        let Ok(timeline) = serde_json::from_str::<Timeline>(json) else { continue };
        match drawn.iter_mut().find(|(_, other)| unnamed(other) == unnamed(&timeline)) {
            Some((checks, _)) => checks.push(check),
            None => drawn.push((vec![check], timeline)),
        }
    }
    drawn.iter().map(|(checks, timeline)| figure(checks, timeline)).collect()
}

/// Without the names that asyncio numbers through the process.
fn unnamed(timeline: &Timeline) -> Timeline {
    let mut timeline = timeline.clone();
    for lane in &mut timeline.lanes {
        if lane.name.starts_with("Task-") {
            lane.name.clear();
        }
        lane.by = None;
    }
    timeline
}

/// The picture is an image of its own: what it calls its parts does not meet the names in other
/// pictures, and nothing in it can run.
fn figure(checks: &[&str], timeline: &Timeline) -> Markup {
    let checks = plain(&checks.join(", "));
    let words = plain(&text(timeline, COLUMNS));
    let heading = words.lines().next().unwrap_or_default();
    let alternative = format!("Timeline of {checks}: {heading}. In letters below.");
    let source = data_url(&plain(&svg(timeline, WIDTH)));
    html! {
        figure {
            figcaption { "What your code did in the last run of " strong { (checks) } }
            img src=(source) alt=(alternative) width=(WIDTH);
            details {
                summary { "The same in letters" }
                pre.drawing { (words) }
            }
        }
    }
}

/// All but letters and digits as codes (RFC 2397, RFC 3986).
fn data_url(svg: &str) -> String {
    let mut url = String::with_capacity(2 * svg.len());
    url.push_str("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(byte));
            }
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seen: &[(&str, &str)]) -> Vec<String> {
        figures(seen.iter().copied()).into_iter().map(Markup::into_string).collect()
    }

    #[test]
    fn what_is_no_timeline_is_no_picture() {
        assert!(shown(&[("a", "{"), ("b", "7")]).is_empty());
    }

    #[test]
    fn names_are_text_in_the_picture_and_beside_it() {
        let name = "</pre><script>\\u001b";
        let json = format!(r#"{{"seconds": 2, "lanes": [{{"name": "{name}", "end": 2}}]}}"#);
        let shown = shown(&[("<b>", &json)]).concat();
        assert!(!shown.contains("<script>") && !shown.contains("%3Cscript%3E"), "{shown}");
        assert!(shown.contains("%26lt%3Bscript%26gt%3B"), "{shown}");
        assert!(!shown.contains("%1B") && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("&lt;b&gt;") && !shown.contains("<b>"), "{shown}");
    }

    #[test]
    fn checks_that_did_the_same_share_a_picture() {
        let json = |name: &str, end: u32| {
            format!(r#"{{"seconds": 2, "lanes": [{{"name": "{name}", "end": {end}}}]}}"#)
        };
        let texts = [json("Task-1", 2), json("Task-9", 2), json("Task-1", 1), json("mine", 2)];
        let seen: Vec<(&str, &str)> =
            ["a", "b", "c", "d"].into_iter().zip(texts.iter().map(String::as_str)).collect();
        let captions: Vec<bool> =
            shown(&seen).iter().map(|figure| figure.contains("<strong>a, b</strong>")).collect();
        assert_eq!(captions, [true, false, false]);
    }
}
