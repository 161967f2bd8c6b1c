//! The picture of what a learner's code did in a check, as `%%timeline` draws it.

use crate::reporters::plain::plain;
use cellist_timeline::{Timeline, svg, text};
use maud::{Markup, html};
use std::fmt::Write as _;

/// Pixels, and columns, of a drawing: about what a page is wide.
const WIDTH: usize = 960;
const COLUMNS: usize = 100;

/// The figure, drawn of the timeline's JSON; `None` when that is no timeline.
///
/// The picture is an image of its own: what it calls its parts does not meet the names in other
/// pictures, and nothing in it can run.
pub(super) fn figure(check: &str, json: &str) -> Option<Markup> {
    let timeline: Timeline = serde_json::from_str(json).ok()?;
    let words = plain(&text(&timeline, COLUMNS));
    let heading = words.lines().next().unwrap_or_default();
    let alternative =
        format!("Timeline of the check {}: {heading}. In letters below.", plain(check));
    let source = data_url(&plain(&svg(&timeline, WIDTH)));
    Some(html! {
        figure {
            figcaption { "What your code did in the last run of " strong { (plain(check)) } }
            img src=(source) alt=(alternative) width=(WIDTH);
            details {
                summary { "The same in letters" }
                pre.drawing { (words) }
            }
        }
    })
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
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_no_timeline_is_no_picture() {
        assert!(figure("c", "{").is_none() && figure("c", "[]").is_none());
    }

    #[test]
    fn names_are_text_in_the_picture_and_beside_it() {
        let name = "</pre><script>\\u001b";
        let json = format!(r#"{{"seconds": 2, "lanes": [{{"name": "{name}", "end": 2}}]}}"#);
        let shown = figure("<b>", &json).unwrap().into_string();
        assert!(!shown.contains("<script>") && !shown.contains("%3Cscript%3E"), "{shown}");
        assert!(shown.contains("%26lt%3Bscript%26gt%3B"), "{shown}");
        assert!(!shown.contains("%1B") && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("&lt;b&gt;") && !shown.contains("<b>"), "{shown}");
    }
}
