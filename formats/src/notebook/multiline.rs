//! Texts in notebooks: a string in memory, a list of lines in the file.

use serde_json::{Map, Value};

/// A string, or a list of strings joined; anything else as it is.
pub(super) fn join(value: Value) -> Value {
    match value {
        Value::Array(lines) if lines.iter().all(Value::is_string) => {
            Value::String(lines.iter().filter_map(Value::as_str).collect())
        }
        other => other,
    }
}

/// The lines of a text with their ends, as Python's `splitlines(True)`, which nbformat uses, has
/// them; anything but a string as it is.
pub(super) fn split(value: Value) -> Value {
    match value {
        Value::String(text) => split_lines(&text).into_iter().map(Value::from).collect(),
        other => other,
    }
}

/// Joins the texts of a MIME bundle that [`split_bundle`] splits.
pub(super) fn join_bundle(bundle: &mut Map<String, Value>) {
    for (_, value) in bundle.iter_mut().filter(|(mime, _)| is_split(mime)) {
        *value = join(value.take());
    }
}

/// Splits the texts of a MIME bundle.
pub(super) fn split_bundle(bundle: &mut Map<String, Value>) {
    for (_, value) in bundle.iter_mut().filter(|(mime, _)| is_split(mime)) {
        *value = split(value.take());
    }
}

/// The MIME types that nbformat writes as lists of lines.
fn is_split(mime: &str) -> bool {
    mime.starts_with("text/") || matches!(mime, "application/javascript" | "image/svg+xml")
}

fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let mut end = at + character.len_utf8();
        match character {
            '\r' => {
                if let Some((_, '\n')) = characters.peek() {
                    characters.next();
                    end += 1;
                }
            }
            '\n' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            }
            _ => continue,
        }
        lines.push(&text[start..end]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::split_lines;

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(split_lines(""), [""; 0]);
        assert_eq!(split_lines("a"), ["a"]);
        assert_eq!(split_lines("a\n"), ["a\n"]);
        assert_eq!(split_lines("a\r\nb\rc\n\nd"), ["a\r\n", "b\r", "c\n", "\n", "d"]);
        assert_eq!(split_lines("a\u{2028}b\u{b}c"), ["a\u{2028}", "b\u{b}", "c"]);
    }
}
