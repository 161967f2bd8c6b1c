//! What all pages have in common.

use crate::fields::address;
use crate::site::Site;
use cellist_grader::reporters::plain::plain;
use maud::{DOCTYPE, Markup, html};

/// A whole page. `title` is its heading, too.
pub(crate) fn page(site: &Site, title: &str, content: &Markup) -> Markup {
    let work = site.work.borrow().clone();
    frame(
        title,
        &html! {
            header {
                a.skip href="#content" { "Skip to content" }
                nav aria-label="Main" {
                    a.home href="/" { "Cellist" }
                    a href="/" { "Overview" }
                    a href=(address("/list", &[("show", "manual")])) { "Needs grading" }
                    a href="/allowances" { "Allowances" }
                    a href="/exports" { "Exports" }
                }
                p.work id="work" role="status" aria-live="polite" data-runs[work.runs()] {
                    @if let Some((done, total)) = work.progress() {
                        progress max=(total) value=(done) aria-hidden="true" {} " "
                    }
                    (work.sentence())
                }
            }
            main id="content" tabindex="-1" {
                h1 { (plain(title)) }
                (content)
            }
            footer {
                p { "Signed in as " (plain(&site.by)) "; what you decide is kept under this name." }
            }
        },
    )
}

/// A page without what the site knows.
pub(crate) fn bare(title: &str, content: &Markup) -> Markup {
    frame(title, &html! { main { h1 { (title) } (content) } })
}

/// The field that each form carries.
pub(crate) fn csrf(site: &Site) -> Markup {
    html! { input type="hidden" name="csrf" value=(site.gate.form()); }
}

fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (plain(title)) " – Cellist" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
                script src="/page.js" defer {}
            }
            body { (body) }
        }
    }
}
