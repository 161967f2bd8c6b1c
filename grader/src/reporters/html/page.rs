//! What all pages have in common.

use crate::reporters::plain::plain;
use maud::{DOCTYPE, Markup, html};

/// Only what is in the page itself, and no scripts at all.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                      base-uri 'none'";

/// Dark on white with a contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3); nothing is said by colour alone.
const STYLE: &str = "\
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem 1.5rem 3rem; background: #fff; color: #1b1b1b;
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.3rem; margin-top: 2.5rem; border-bottom: 2px solid #1b1b1b; }
h3 { font-size: 1.1rem; margin-top: 1.8rem; }
h4 { font-size: 1rem; margin-bottom: .3rem; }
.total { font-size: 1.15rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  border-bottom: 1px solid #8a8a8a; }
th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.passed { color: #0b5d1e; }
.failed, .error { color: #9b1c1c; }
.withheld, .manual, .unanswered { color: #6b4700; }
.mark { font-weight: 700; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; border: 1px solid #8a8a8a;
  padding: .6rem; font-size: .9rem; }
.sides { margin: .3rem 0 0; }
figure { margin: 1rem 0; }
figcaption { padding: .3rem 0; }
img, svg { max-width: 100%; height: auto; }
.drawing { white-space: pre; overflow-x: auto; }
:focus-visible { outline: 3px solid #0b3d91; outline-offset: 2px; }
a { color: #0b3d91; }
@page { margin: 1.8cm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  a { color: inherit; text-decoration: none; }
  nav, details { display: none; }
  tr, pre, figure { break-inside: avoid; }
  h1, h2, h3, h4, caption { break-after: avoid; }
}";

/// A part of a page, in the table of contents if there are several.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) content: Markup,
}

/// A whole page. `title` is its heading, too; `summary` stands before the sections.
pub(super) fn page(title: &str, summary: &Markup, sections: &[Section]) -> String {
    let title = plain(title);
    let named = || sections.iter().enumerate().map(|(at, one)| (format!("part-{}", at + 1), one));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (title) } }
                @if sections.len() > 1 {
                    nav aria-label="Parts of this page" {
                        ul { @for (id, part) in named() { li { a href={ "#" (id) } { (part.heading) } } } }
                    }
                }
                main {
                    (summary)
                    @for (id, part) in named() {
                        section aria-labelledby=(id) {
                            h2 id=(id) { (part.heading) }
                            (part.content)
                        }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}
