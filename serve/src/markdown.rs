//! What learners write, as Markdown. It becomes text with a shape, and nothing else: HTML in it is shown as it was
//! typed, pictures are their descriptions, and links lead to the web or to mail.

use cellist_grader::reporters::plain::plain;
use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

/// A longer text is shown as it is, in bytes.
const LONGEST: usize = 200_000;
/// So is one that is nested deeper: no person wrote it, and browsers give up on it.
const DEEPEST: usize = 40;

/// A text, with what Markdown makes of it.
pub(crate) fn markdown(source: &str) -> Markup {
    let source = plain(source);
    match shaped(&source) {
        Some(markup) => html! { div.prose.markdown { (PreEscaped(markup)) } },
        None => html! { div.prose.text { (source) } },
    }
}

fn shaped(source: &str) -> Option<String> {
    if source.len() > LONGEST {
        return None;
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut depth: usize = 0;
    // Of links that are left out, those that are open.
    let mut mute = Vec::new();
    let mut events = Vec::new();
    for event in Parser::new_ext(source, options) {
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return None;
        }
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let leads = leads_out(link_type, &dest_url);
                mute.push(!leads);
                if leads {
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link) => {
                if mute.pop() == Some(false) {
                    events.push(Event::End(TagEnd::Link));
                }
            }
            other => events.extend(harmless(other)),
        }
    }
    let mut markup = String::with_capacity(source.len() * 3 / 2);
    pulldown_cmark::html::push_html(&mut markup, events.into_iter());
    Some(markup)
}

/// The event without what could do more than be read.
fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Image { .. }) => Event::Text("[picture: ".into()),
        Event::End(TagEnd::Image) => Event::Text("]".into()),
        // The page has headings of its own above these.
        Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
            level: lower(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        // The language would be a class, the alignment a style.
        Event::Start(Tag::CodeBlock(_)) => Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)),
        Event::Start(Tag::Table(columns)) => {
            Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()]))
        }
        Event::TaskListMarker(done) => Event::Text(if done { "☑ " } else { "☐ " }.into()),
        other => other,
    })
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

/// Whether a link leads to the web or to mail: not into this page, a script, a file or a program.
fn leads_out(kind: LinkType, to: &str) -> bool {
    let to = to.to_ascii_lowercase();
    let known = ["http://", "https://", "mailto:"].iter().any(|scheme| to.starts_with(scheme));
    (known || kind == LinkType::Email) && !to.contains(|sign: char| sign.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        markdown(source).into_string()
    }

    #[test]
    fn text_has_a_shape() {
        let page = shown("# Why\n\nsix *times* `7`\n\n- [x] one\n- [ ] two\n\n|a|\n|-:|\n|1|\n");
        for part in [
            "<h4>Why</h4>",
            "<em>times</em>",
            "<code>7</code>",
            "<li>☑ one</li>",
            "<li>☐ two</li>",
            "<td>1</td>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let page = shown("[web](https://example.org/?a=1&b=2 \"t\") <ada@example.org>");
        assert!(
            page.contains(r#"<a href="https://example.org/?a=1&amp;b=2" title="t">web</a>"#),
            "{page}"
        );
        assert!(page.contains(r#"<a href="mailto:ada@example.org">"#), "{page}");
    }

    #[test]
    fn html_is_text() {
        for evil in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div>\n<style>*{display:none}</style>\n</div>",
            "<!-- x --><svg onload=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "`<script>`\n\n    <script>\n\n```<script>\n<script>\n```",
            "> <iframe src=//evil.example></iframe>",
            "| <b onclick=x> |\n|-|\n| <script> |",
            "# <script>\n",
            "&lt;script&gt; &#60;script>",
        ] {
            let page = shown(evil);
            for tag in
                ["<script", "<img", "<style", "<svg", "<iframe", "<a ", "<b ", "<div>", "<!--"]
            {
                assert!(!page.contains(tag), "{tag} in {page}");
            }
        }
    }

    #[test]
    fn links_lead_to_the_web_and_to_mail_only() {
        for evil in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](java&#115;cript:alert(1))",
            "[x](&#x01;javascript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x]( javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](vbscript:x)",
            "[x](file:///etc/passwd)",
            "[x](//evil.example)",
            "[x](/grade)",
            "[x](#work)",
            "[x][1]\n\n[1]: javascript:alert(1)",
            "<javascript:alert(1)>",
            "[![a](https://evil.example/p.png)](javascript:alert(1))",
        ] {
            let page = shown(evil);
            assert!(!page.contains("href") && !page.contains("src="), "{page}");
        }
        let page = shown(
            "[x](https://e.example/\"onclick=alert(1)) [y](<https://e.example/\" onclick=\"x>)",
        );
        assert!(!page.contains("\"onclick") && !page.contains("\" onclick"), "{page}");
    }

    #[test]
    fn pictures_are_their_descriptions() {
        for address in
            ["https://evil.example/p.png", "data:image/svg+xml,<svg/>", "attachment:a.png"]
        {
            let page = shown(&format!("see ![a *cup*]({address})"));
            assert!(page.contains("[picture: a <em>cup</em>]") && !page.contains("<img"), "{page}");
        }
    }

    #[test]
    fn what_nobody_would_write_is_shown_as_it_is() {
        assert!(shown(&">".repeat(10_000)).contains("class=\"prose text\""));
        assert!(shown(&("- ".repeat(3_000) + "x")).contains("class=\"prose text\""));
        assert!(shown(&"x ".repeat(LONGEST)).contains("class=\"prose text\""));
        assert!(shown("<\u{202e}").contains("\\u{202e}"));
    }
}
