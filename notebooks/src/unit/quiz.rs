//! Quiz fences: a question, then options `- [x] text > explanation`; or written answers, for which see
//! [`fill`](super::fill).

use super::attributes::Head;
use super::fill;
use crate::diagnostic::Problems;
use cellist_formats::spec::{FillKey, QuizOption};

/// By what a quiz is judged.
pub(super) enum Key {
    Options(Vec<QuizOption>),
    Fill(FillKey),
}

/// Parses a quiz whose content begins on `first_line` of the file: its question and its key.
pub(super) fn parse(
    id: &str,
    head: &Head,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> (String, Key) {
    if content.lines().any(fill::is_answer) {
        let (question, key) = fill::parse(id, head, content, first_line, problems);
        return (question, Key::Fill(key));
    }
    for flag in ["case", "spaces"].into_iter().filter(|flag| head.flag(flag)) {
        let message =
            format!("`{flag}` says how quiz `{id}` compares a written answer, and it has none");
        problems.add(first_line - 1, message, fill::HOW);
    }
    let (question, options) = choice(id, content, first_line, problems);
    (question, Key::Options(options))
}

fn choice(
    id: &str,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> (String, Vec<QuizOption>) {
    let mut question = String::new();
    let mut drafts: Vec<Draft> = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let number = first_line + index;
        if let Some(draft) = option(id, line, number, problems) {
            drafts.push(draft);
        } else if let Some(draft) = drafts.last_mut() {
            continue_option(id, draft, line, number, problems);
        } else {
            question.push_str(line);
            question.push('\n');
        }
    }
    let line = first_line - 1;
    if question.trim().is_empty() {
        problems.add(line, format!("quiz `{id}` has no question"), "write it above the options");
    }
    if drafts.len() > 26 {
        let message = format!("quiz `{id}` has more options than there are letters");
        problems.add(line, message, "ask two questions");
    }
    if drafts.len() < 2 {
        problems.add(line, format!("quiz `{id}` has fewer than two options"), HOW);
    } else if !drafts.iter().any(|draft| draft.correct) {
        let message = format!("quiz `{id}` has no right option");
        problems.add(line, message, "mark it with `- [x]`");
    }
    let options = options(id, drafts, problems);
    (question.trim().to_owned(), options)
}

const HOW: &str = "write one per line: `- [ ] text > why it is wrong`, `- [x] text > why it is right`; \
                   or, for an answer in words or numbers, `= answer > why`";

struct Draft {
    line: usize,
    correct: bool,
    text: String,
}

/// An option's line, or `None` for other text.
fn option(id: &str, line: &str, number: usize, problems: &mut Problems) -> Option<Draft> {
    let item = line.strip_prefix(['-', '*', '+'])?.trim_start();
    let rest = item.strip_prefix('[')?;
    let (mark, text) = rest.split_once(']')?;
    let correct = match mark {
        " " => false,
        "x" | "X" => true,
        _ if mark.trim().is_empty() || mark.trim().eq_ignore_ascii_case("x") => {
            problems.add(
                number,
                format!("`[{mark}]` in quiz `{id}` is neither `[ ]` nor `[x]`"),
                HOW,
            );
            false
        }
        _ => return None,
    };
    Some(Draft { line: number, correct, text: text.trim().to_owned() })
}

/// An indented line goes on with the option above it.
fn continue_option(
    id: &str,
    draft: &mut Draft,
    line: &str,
    number: usize,
    problems: &mut Problems,
) {
    if line.trim().is_empty() {
        return;
    }
    if line.starts_with(' ') || line.starts_with('\t') {
        draft.text.push(' ');
        draft.text.push_str(line.trim());
    } else {
        problems.add(number, format!("a line below the options of quiz `{id}` is no option"), HOW);
    }
}

fn options(id: &str, drafts: Vec<Draft>, problems: &mut Problems) -> Vec<QuizOption> {
    let mut options: Vec<QuizOption> = Vec::new();
    for Draft { line, correct, text } in drafts {
        let (text, explanation) = match split_explanation(&text) {
            Some((text, explanation)) => (text.to_owned(), explanation.to_owned()),
            None => {
                let message = format!("the option `{text}` of quiz `{id}` has no explanation");
                problems.add(line, message, HOW);
                (text, String::new())
            }
        };
        if text.is_empty() {
            problems.add(line, format!("an option of quiz `{id}` has no text"), HOW);
        } else if options.iter().any(|option| option.text == text) {
            let message = format!("the option `{text}` stands in quiz `{id}` twice");
            problems.add(line, message, "remove one of them");
        }
        options.push(QuizOption { text, correct, explanation });
    }
    options
}

/// Text and explanation at the first ` > ` that is not inside a code span.
pub(super) fn split_explanation(text: &str) -> Option<(&str, &str)> {
    let mut in_code = false;
    for (at, character) in text.char_indices() {
        match character {
            '`' => in_code = !in_code,
            '>' if !in_code && text[..at].ends_with(' ') && text[at + 1..].starts_with(' ') => {
                let explanation = text[at + 1..].trim();
                return (!explanation.is_empty()).then(|| (text[..at].trim(), explanation));
            }
            _ => {}
        }
    }
    None
}
