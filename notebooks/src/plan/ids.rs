//! Names of a plan's parts, from which the ids of its items are made.

use super::ShortNames;

/// What a heading or label adds to the ids below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Another part.
    Part(String),
    /// The ids begin anew with it.
    Root(String),
    /// Nothing.
    Nothing,
}

/// The name of a part of the plan by its title: `phase1` for "Phase 1: Core (Week 1-2)".
pub(super) fn name(title: &str, short: &ShortNames) -> Name {
    let words = slug(head(title));
    let (word, number) = split_number(&words);
    let known = |wanted: &str| {
        short.iter().find(|(key, _)| slug(key) == wanted).map(|(_, short)| short.as_str())
    };
    let (found, number) = match known(&words) {
        Some(found) => (Some(found), ""),
        None => (known(word).filter(|_| !number.is_empty()), number),
    };
    let Some(found) = found else {
        return Name::Part(format!("{word}{number}"));
    };
    match found.strip_prefix('/') {
        Some(root) => Name::Root(format!("{root}{number}")),
        None if found.is_empty() && number.is_empty() => Name::Nothing,
        None => Name::Part(format!("{found}{number}")),
    }
}

/// The title without what comes after a colon or in brackets.
fn head(title: &str) -> &str {
    let end = [": ", " (", "? "].iter().filter_map(|mark| title.find(mark)).min();
    let head = title[..end.unwrap_or(title.len())].trim_end_matches(':');
    if slug(head).is_empty() { title } else { head }
}

/// `phase` and `1` of `phase-1`: a word, then something that begins with a digit.
fn split_number(words: &str) -> (&str, &str) {
    match words.split_once('-') {
        Some((word, number))
            if number.starts_with(|c: char| c.is_ascii_digit())
                && word.chars().all(|c| c.is_ascii_lowercase()) =>
        {
            (word, number)
        }
        _ => (words, ""),
    }
}

/// Small letters and digits, with one `-` for all between them; at most six words.
pub(super) fn slug(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'' && c != '’')
        .map(|word| word.replace(['\'', '’'], "").to_ascii_lowercase())
        .filter(|word| !word.is_empty());
    words.take(6).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        let short: ShortNames = [
            ("Exercise", "/ex"),
            ("Expected Output", "output"),
            ("Hands-on", ""),
            ("I. Foundations", "/I"),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        let part = |text: &str| Name::Part(text.to_owned());
        for (title, expected) in [
            ("Exercise 6: Async Queue System 📬", Name::Root("ex6".into())),
            ("Expected Output", part("output")),
            ("Hands-on (build incrementally)", Name::Nothing),
            ("I. Foundations", Name::Root("I".into())),
            ("Phase 1: Advanced Core Concepts (Week 1-2)", part("phase1")),
            ("Week 9-12: Big Project", part("week9-12")),
            ("Chunk 0.1 (Focus: 45-60 mins): Deconstructing", part("chunk0-1")),
            ("Goals (what \"done\" means)", part("goals")),
            ("Do's and Don'ts", part("dos-and-donts")),
            ("\"Who Controls the Flow?\":", part("who-controls-the-flow")),
            ("Python 3 is nice", part("python3-is-nice")),
        ] {
            assert_eq!(name(title, &short), expected, "{title}");
        }
    }
}
