//! Quizzes whose answer is written: below the question one line for each answer that is expected,
//! `= 5 s > why it is right` or `!= 12 s > why it is wrong`, and `!= ... > why` for any other.

use super::attributes::Head;
use super::quiz::split_explanation;
use crate::diagnostic::Problems;
use cellist_formats::spec::{FillAnswer, FillKey};
use cellist_judge::Pattern;

/// How to write it.
pub(super) const HOW: &str = "write one per line: `= 5 ± 0.1 s > why it is right`, `!= 12 s > why it is wrong`, \
                              `!= ... > what to say of any other`";

/// Whether a line is an answer.
pub(super) fn is_answer(line: &str) -> bool {
    line.starts_with("= ") || line.starts_with("!= ")
}

/// Parses a quiz whose content begins on `first_line` of the file: its question and its key.
pub(super) fn parse(
    id: &str,
    head: &Head,
    content: &str,
    first_line: usize,
    problems: &mut Problems,
) -> (String, FillKey) {
    let mut question = String::new();
    let mut drafts: Vec<(usize, String)> = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let number = first_line + index;
        if is_answer(line) {
            drafts.push((number, line.to_owned()));
        } else if let Some((_, draft)) = drafts.last_mut() {
            if line.starts_with([' ', '\t']) {
                draft.push(' ');
                draft.push_str(line.trim());
            } else if !line.trim().is_empty() {
                let message = format!("a line below the answers of quiz `{id}` is no answer");
                problems.add(number, message, HOW);
            }
        } else {
            question.push_str(line);
            question.push('\n');
        }
    }
    if question.trim().is_empty() {
        let message = format!("quiz `{id}` has no question");
        problems.add(first_line - 1, message, "write it above the answers");
    }
    let mut key = FillKey {
        answers: Vec::new(),
        otherwise: String::new(),
        case: head.flag("case"),
        spaces: head.flag("spaces"),
    };
    let mut otherwise = None;
    for (line, draft) in drafts {
        let Some((answer, line)) = answer(id, &draft, line, problems) else { continue };
        if answer.correct || answer.text != "..." {
            add(id, &mut key, answer, line, problems);
        } else if otherwise.replace(answer.explanation).is_some() {
            let message = format!("`!= ...` stands in quiz `{id}` twice");
            problems.add(line, message, "remove one of them");
        }
    }
    key.otherwise = otherwise.unwrap_or_default();
    if !key.answers.iter().any(|answer| answer.correct) {
        let message = format!("quiz `{id}` has no right answer");
        problems.add(first_line - 1, message, HOW);
    }
    (question.trim().to_owned(), key)
}

fn answer(
    id: &str,
    draft: &str,
    line: usize,
    problems: &mut Problems,
) -> Option<(FillAnswer, usize)> {
    let correct = draft.starts_with('=');
    let rest = draft.trim_start_matches('!').trim_start_matches('=');
    let Some((text, explanation)) = split_explanation(rest) else {
        let message = format!("the answer `{}` of quiz `{id}` has no explanation", rest.trim());
        problems.add(line, message, HOW);
        return None;
    };
    if matches!(text, "" | "``") || (correct && matches!(text, "..." | "…")) {
        problems.add(line, format!("an answer of quiz `{id}` has no text"), HOW);
        return None;
    }
    let (text, explanation) = (text.to_owned(), explanation.to_owned());
    Some((FillAnswer { text, correct, explanation }, line))
}

/// Adds an answer, unless it is one that was before, and so would never be reached.
fn add(id: &str, key: &mut FillKey, answer: FillAnswer, line: usize, problems: &mut Problems) {
    let pattern = match Pattern::parse(&answer.text, key.case, key.spaces) {
        Ok(pattern) => pattern,
        Err(what) => {
            problems.add(line, format!("an answer of quiz `{id}`: {what}"), HOW);
            return;
        }
    };
    let sample = sample(&answer.text, &pattern);
    let same = key.answers.iter().find(|before| {
        Pattern::parse(&before.text, key.case, key.spaces)
            .is_ok_and(|pattern| pattern.accepts(&sample, key.case, key.spaces))
    });
    if let Some(before) = same {
        let message =
            format!("the answer `{}` of quiz `{id}` is `{}` above", answer.text, before.text);
        problems.add(line, message, "remove one of them, or put the narrower one first");
    }
    key.answers.push(answer);
}

/// What a learner who means this answer would write.
pub(crate) fn sample(text: &str, pattern: &Pattern) -> String {
    match pattern {
        Pattern::Number { value, unit, .. } => format!("{value} {unit}").trim().to_owned(),
        Pattern::Text(_) => {
            let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
            inner.unwrap_or(text).to_owned()
        }
    }
}
