//! Info strings of fences: `python {check id=durations points=3 hidden}`.

use crate::diagnostic::{Problems, suggest};

/// What a fence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Example,
    Exercise,
    Check,
    Mutant,
    Quiz,
    Reflect,
    Glossary,
    Instructor,
}

/// A kind's row in the table of what a fence may say.
struct Shape {
    kind: Kind,
    /// The fence's first word.
    language: &'static str,
    /// First word inside the braces; for the others the language says it.
    word: Option<&'static str>,
    /// Attributes with a value that must be there.
    required: &'static [&'static str],
    /// Attributes with a value that may be there.
    optional: &'static [&'static str],
    /// Bare words that may be there.
    flags: &'static [&'static str],
    /// How to write it.
    example: &'static str,
}

#[rustfmt::skip]
const SHAPES: [Shape; 8] = [
    Shape { kind: Kind::Example, language: "python", word: Some("example"),
            required: &[], optional: &["id"], flags: &[],
            example: "python {example}" },
    Shape { kind: Kind::Exercise, language: "python", word: Some("exercise"),
            required: &["id"], optional: &[], flags: &[],
            example: "python {exercise id=shop}" },
    Shape { kind: Kind::Check, language: "python", word: Some("check"),
            required: &["id", "points"], optional: &["clock"], flags: &["hidden", "guard"],
            example: "python {check id=durations points=3}" },
    Shape { kind: Kind::Mutant, language: "diff", word: Some("mutant"),
            required: &["id", "fails"], optional: &[], flags: &[],
            example: "diff {mutant id=sequential fails=concurrent,transcript}" },
    Shape { kind: Kind::Quiz, language: "quiz", word: None,
            required: &["id", "points"], optional: &[], flags: &["case", "spaces"],
            example: "quiz {id=predict points=1}" },
    Shape { kind: Kind::Reflect, language: "reflect", word: None,
            required: &["id", "points"], optional: &[], flags: &["manual"],
            example: "reflect {id=why points=2 manual}" },
    Shape { kind: Kind::Glossary, language: "glossary", word: None,
            required: &[], optional: &["id"], flags: &[],
            example: "glossary" },
    Shape { kind: Kind::Instructor, language: "instructor", word: None,
            required: &[], optional: &["id"], flags: &[],
            example: "instructor" },
];

/// A fence's info string, taken apart.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) kind: Kind,
    values: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Head {
    /// The value of `key=value`.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the bare word is there.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }
}

/// Whether a fence with this info string is meant for us: it has attributes, or is of a kind that
/// needs none. Other fences are prose.
pub(super) fn is_ours(info: &str) -> bool {
    let language = info.split([' ', '{']).next().unwrap_or_default();
    info.contains(['{', '}']) || SHAPES.iter().any(|s| s.word.is_none() && s.language == language)
}

/// Takes an info string apart; `None` when even the kind is unclear (a problem has been noted).
pub(super) fn parse(info: &str, line: usize, problems: &mut Problems) -> Option<Head> {
    let info = info.trim();
    let (language, attributes) = match info.split_once('{') {
        None if info.contains('}') => {
            problems.add(line, format!("the fence `{info}` has `}}` without `{{`"), HELP_BRACES);
            return None;
        }
        None => (info, ""),
        Some((language, rest)) => match rest.split_once('}') {
            Some((attributes, "")) => (language.trim(), attributes),
            Some((_, after)) => {
                let message = format!("the fence `{info}` has `{}` after `}}`", after.trim());
                problems.add(line, message, HELP_BRACES);
                return None;
            }
            None => {
                problems.add(
                    line,
                    format!("the fence `{info}` has `{{` without `}}`"),
                    HELP_BRACES,
                );
                return None;
            }
        },
    };
    let words = match words(attributes) {
        Ok(words) => words,
        Err(message) => {
            problems.add(line, format!("the fence `{info}` {message}"), HELP_BRACES);
            return None;
        }
    };
    let (shape, words) = shape(language, &words, line, problems)?;
    Some(read(shape, words, line, problems))
}

const HELP_BRACES: &str = "write it like ```python {check id=durations points=3}";

/// The row for a fence, and the words that are left.
fn shape<'a>(
    language: &str,
    words: &'a [String],
    line: usize,
    problems: &mut Problems,
) -> Option<(&'static Shape, &'a [String])> {
    if let Some(shape) = SHAPES.iter().find(|s| s.word.is_none() && s.language == language) {
        return Some((shape, words));
    }
    let kinds: Vec<&str> = SHAPES.iter().filter_map(|s| s.word).collect();
    let Some((word, rest)) = words.split_first() else {
        problems.add(
            line,
            format!("the fence `{language} {{}}` does not say its kind"),
            HELP_BRACES,
        );
        return None;
    };
    let Some(shape) = SHAPES.iter().find(|s| s.word == Some(word.as_str())) else {
        let fits = SHAPES.iter().any(|s| s.language == language);
        if !fits {
            let languages = ["python", "diff", "quiz", "reflect", "glossary", "instructor"];
            let message = format!("unknown fence `{language} {{{word} …}}`");
            problems.add(line, message, suggest(language, &languages));
        } else if word.contains('=') {
            let message = format!("the fence `{language} {{{word} …}}` does not say its kind");
            problems.add(line, message, HELP_BRACES);
        } else {
            problems.add(line, format!("unknown kind of fence `{word}`"), suggest(word, &kinds));
        }
        return None;
    };
    if shape.language != language {
        let message =
            format!("a fence of the kind `{word}` holds `{}`, not `{language}`", shape.language);
        problems.add(line, message, format!("write ```{}", shape.example));
    }
    Some((shape, rest))
}

fn read(shape: &Shape, words: &[String], line: usize, problems: &mut Problems) -> Head {
    let mut head = Head { kind: shape.kind, values: Vec::new(), flags: Vec::new() };
    let name = shape.word.unwrap_or(shape.language);
    for word in words {
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (word.as_str(), None),
        };
        let takes_value = shape.required.contains(&key) || shape.optional.contains(&key);
        if head.value(key).is_some() || head.flag(key) {
            problems.add(line, format!("`{key}` is given twice"), "keep one of them");
            continue;
        }
        match value {
            Some("") => problems.add(
                line,
                format!("`{key}=` has no value"),
                format!("write ```{}", shape.example),
            ),
            Some(value) if takes_value => head.values.push((key.to_owned(), value.to_owned())),
            None if shape.flags.contains(&key) => head.flags.push(key.to_owned()),
            None if takes_value => {
                problems.add(
                    line,
                    format!("`{key}` has no value"),
                    format!("write ```{}", shape.example),
                );
            }
            Some(_) if shape.flags.contains(&key) => {
                problems.add(
                    line,
                    format!("`{key}` takes no value"),
                    format!("write `{key}` alone"),
                );
            }
            _ => unknown_attribute(shape, name, key, &head, line, problems),
        }
    }
    for key in shape.required {
        // A key without its value was complained of already.
        if head.value(key).is_none()
            && !words.iter().any(|word| word.split('=').next() == Some(key))
        {
            let message = format!("the {name} has no `{key}`");
            problems.add(line, message, format!("write ```{}", shape.example));
        }
    }
    head
}

fn unknown_attribute(
    shape: &Shape,
    name: &str,
    key: &str,
    head: &Head,
    line: usize,
    problems: &mut Problems,
) {
    let known: Vec<&str> =
        shape.required.iter().chain(shape.optional).chain(shape.flags).copied().collect();
    let help = match head.values.last() {
        Some((last, value)) if value.ends_with(',') => {
            format!("write the list without spaces: `{last}={value}{key}`")
        }
        _ => suggest(key, &known),
    };
    problems.add(line, format!("unknown attribute `{key}` of the {name}"), help);
}

/// Words at white space; `"…"` keeps it.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    if quoted { Err("has a `\"` without its partner") } else { Ok(words) }
}
