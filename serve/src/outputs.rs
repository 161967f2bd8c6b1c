//! Outputs of a learner's cell. None is markup of the page's: text is escaped, pictures are data,
//! HTML stands in a frame without scripts, forms, or an origin.

use cellist_formats::notebook::Cell;
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};
use serde_json::Value;
use std::fmt::Write as _;

/// So many characters of an output are shown.
const MOST: usize = 20_000;
/// So long a picture or a page, in bytes.
const LARGEST: usize = 4 << 20;

/// All outputs of a cell.
pub(crate) fn outputs(cell: &Cell) -> Markup {
    html! {
        @if !cell.outputs.is_empty() {
            div.outputs role="group" aria-label="Output" {
                @for output in &cell.outputs { (one(output)) }
            }
        }
    }
}

/// A program's text: colours left out, cut where it is too long.
pub(crate) fn program_text(text: &str) -> Markup {
    let text = console::strip_ansi_codes(text);
    let cut = text.char_indices().nth(MOST).map(|(end, _)| end);
    let more = cut.map_or(0, |end| text[end..].chars().count());
    html! {
        pre tabindex="0" { (plain(cut.map_or(&*text, |end| &text[..end]))) }
        @if more > 0 { p.note { "… " (more) " more characters" } }
    }
}

fn one(output: &Value) -> Markup {
    let field = |name: &str| output.get(name).and_then(Value::as_str).unwrap_or_default();
    match field("output_type") {
        "stream" => program_text(field("text")),
        "error" => {
            let lines = output.get("traceback").and_then(Value::as_array);
            let lines = lines.into_iter().flatten().filter_map(Value::as_str);
            let text = lines.collect::<Vec<_>>().join("\n");
            let short = format!("{}: {}", field("ename"), field("evalue"));
            program_text(if text.trim().is_empty() { &short } else { &text })
        }
        _ => bundle(output.get("data").unwrap_or(&Value::Null)),
    }
}

fn bundle(data: &Value) -> Markup {
    let text =
        |mime: &str| data.get(mime).and_then(Value::as_str).filter(|text| text.len() <= LARGEST);
    let words = text("text/plain").unwrap_or("output");
    for mime in ["image/png", "image/jpeg", "image/gif"] {
        if let Some(base64) = text(mime).and_then(base64) {
            return picture(&format!("data:{mime};base64,{base64}"), words);
        }
    }
    if let Some(svg) = text("image/svg+xml") {
        return picture(&format!("data:image/svg+xml,{}", percent(svg)), words);
    }
    if let Some(page) = text("text/html") {
        // An empty `sandbox`: no scripts, no forms, no origin, no way to the page around it.
        return html! {
            iframe.html sandbox="" title="HTML output" loading="lazy" srcdoc=(page) {}
            details { summary { "As text" } (program_text(words)) }
        };
    }
    let texts = ["text/markdown", "text/latex", "application/json", "text/plain"];
    match texts.into_iter().find_map(text) {
        Some(text) => program_text(text),
        None => html! { p.note { "an output that cannot be shown here" } },
    }
}

fn picture(address: &str, words: &str) -> Markup {
    let words: String = words.chars().take(200).collect();
    html! { img src=(address) alt=(plain(&words)); }
}

/// Base64 without its line ends; `None` when it is something else.
fn base64(text: &str) -> Option<String> {
    let text: String = text.split_ascii_whitespace().collect();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    (!text.is_empty() && text.bytes().all(fits)).then_some(text)
}

/// Every byte that could mean something in an address, by its number.
fn percent(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn shown(output: &Value) -> String {
        one(output).into_string()
    }

    #[test]
    fn markup_is_never_the_page_s() {
        let evil = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";
        for data in [
            json!({"text/html": evil}),
            json!({"text/plain": evil}),
            json!({"image/svg+xml": evil, "text/plain": evil}),
            json!({"image/png": evil, "text/plain": evil}),
            json!({"text/markdown": evil}),
            json!({"application/vnd.evil": evil}),
        ] {
            let page = shown(&json!({"output_type": "display_data", "data": data}));
            assert!(!page.contains("<script") && !page.contains("<img src=x"), "{page}");
        }
        for output in [
            json!({"output_type": "stream", "text": evil}),
            json!({"output_type": "error", "ename": evil, "evalue": evil, "traceback": [evil]}),
            json!({"output_type": "error", "ename": evil, "evalue": evil}),
        ] {
            assert!(!shown(&output).contains("<script"), "{output}");
        }
    }

    #[test]
    fn html_is_in_a_frame_that_may_nothing() {
        let page =
            shown(&json!({"output_type": "display_data", "data": {"text/html": "<b>x</b>"}}));
        assert!(page.contains(r#"sandbox="" "#) && page.contains("srcdoc=\"&lt;b&gt;x"), "{page}");
    }

    #[test]
    fn pictures_are_data_and_nothing_else() {
        assert_eq!(base64("aGk=\n").unwrap(), "aGk=");
        assert_eq!(base64("x\" onerror=\"y"), None);
        assert_eq!(percent("<svg a='1'>"), "%3Csvg%20a%3D%271%27%3E");
    }
}
