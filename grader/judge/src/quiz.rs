//! Quizzes with options: ticks in Markdown, matched by their text, or letters in the cell below.

use crate::answer_cell;
use cellist_formats::spec::QuizOption;

/// How a quiz was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing is ticked or written.
    None,
    /// As the key has it.
    Right,
    /// Something else; what the learner should read.
    Wrong(String),
}

/// Whether the Markdown `text` has a ticked line: the quiz is answered.
pub fn is_ticked(text: &str) -> bool {
    text.lines().any(|line| ticked_text(line).is_some())
}

/// The answer in the cell below when there is one, else the ticks in the Markdown `text`.
pub(crate) fn answer(options: &[QuizOption], text: &str, below: &str) -> Answer {
    match answer_cell::written(below) {
        Some(written) => lettered(options, &written),
        None => ticked(options, text),
    }
}

/// Compares the ticked lines of the Markdown `text` with the options.
fn ticked(options: &[QuizOption], text: &str) -> Answer {
    let ticked: Vec<String> = text.lines().filter_map(ticked_text).collect();
    if ticked.is_empty() {
        return Answer::None;
    }
    let shown: Vec<String> =
        (0..options.len()).map(|at| normal(&labelled(at, &options[at].text))).collect();
    let is = |at: usize, tick: &String| *tick == shown[at] || *tick == normal(&options[at].text);
    let foreign = ticked.iter().filter(|tick| !(0..options.len()).any(|at| is(at, tick)));
    let remarks = foreign
        .map(|tick| format!("`{tick}` is not one of the options; leave their texts as they were."));
    let chosen: Vec<bool> =
        (0..options.len()).map(|at| ticked.iter().any(|tick| is(at, tick))).collect();
    compare(options, &chosen, remarks.collect())
}

/// Compares letters with the options: `b`, `a, c`.
fn lettered(options: &[QuizOption], written: &str) -> Answer {
    let mut chosen = vec![false; options.len()];
    for word in written.split(|c: char| c.is_whitespace() || ",;()[]{}'\"`&".contains(c)) {
        let mut signs = word.trim_end_matches(['.', ':']).chars();
        let at = match (signs.next(), signs.next()) {
            (None, _) => continue,
            (Some(sign), None) => options.len().min(place(sign)),
            _ => options.len(),
        };
        match chosen.get_mut(at) {
            Some(chosen) => *chosen = true,
            None => {
                let last = letter(options.len().saturating_sub(1));
                return Answer::Wrong(format!(
                    "`{word}` is not one of the options; write a letter from a to {last}."
                ));
            }
        }
    }
    compare(options, &chosen, Vec::new())
}

fn compare(options: &[QuizOption], chosen: &[bool], mut remarks: Vec<String>) -> Answer {
    let wrong = options.iter().zip(chosen).filter(|(option, chosen)| **chosen && !option.correct);
    remarks.extend(wrong.map(|(option, _)| explained(option)));
    let missing = options.iter().zip(chosen).any(|(option, chosen)| option.correct && !chosen);
    if remarks.is_empty() && missing {
        remarks.push("Not every right option is ticked.".to_owned());
    }
    if remarks.is_empty() { Answer::Right } else { Answer::Wrong(remarks.join(" ")) }
}

/// An option as notebooks show it, `b) 4 s`.
pub fn labelled(at: usize, text: &str) -> String {
    format!("{}) {text}", letter(at))
}

/// The letter of the option at this place, from `a`; after `z` there is none.
pub fn letter(at: usize) -> char {
    u8::try_from(at).ok().filter(|at| *at < 26).map_or('?', |at| char::from(b'a' + at))
}

/// The place of a letter's option.
fn place(letter: char) -> usize {
    match letter.to_ascii_lowercase() {
        letter @ 'a'..='z' => letter as usize - 'a' as usize,
        _ => usize::MAX,
    }
}

fn explained(option: &QuizOption) -> String {
    match option.explanation.trim() {
        "" => format!("`{}` is wrong.", option.text.trim()),
        why => format!("`{}`: {why}", option.text.trim()),
    }
}

/// The text of a ticked line: a list marker, one sign in brackets that is not a space, text.
fn ticked_text(line: &str) -> Option<String> {
    let line = line.trim_start();
    let rest = line.strip_prefix(['-', '*', '+']).or_else(|| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < line.len() { rest.strip_prefix(['.', ')']) } else { None }
    })?;
    let (mark, text) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
    // `[x]`, and what else people write: `[X]`, `[ x ]`, `[✓]`. Links have longer texts.
    let mut signs = mark.chars().filter(|sign| !sign.is_whitespace());
    let ticked = signs.next().is_some() && signs.next().is_none();
    (ticked && !text.starts_with('(')).then(|| normal(text))
}

/// White space is not part of an answer.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<QuizOption> {
        let option = |text: &str, correct, explanation: &str| QuizOption {
            text: text.into(),
            correct,
            explanation: explanation.into(),
        };
        vec![
            option("12 s", false, "nothing overlaps only if you await one by one"),
            option("4 s", false, ""),
            option("5 s", true, "the longest sleep decides"),
            option("five `seconds`", true, "the same"),
        ]
    }

    fn ticks(text: &str) -> Answer {
        answer(&options(), text, "")
    }

    #[test]
    fn options_are_ticked_with_their_letters_or_without() {
        assert_eq!(ticks("- [x] c) 5 s\n- [x] d)  five `seconds`"), Answer::Right);
        assert!(matches!(ticks("- [x] a) 5 s\n- [x] d) five `seconds`"), Answer::Wrong(_)));
    }

    #[test]
    fn letters_below_count_before_ticks() {
        let below = |text: &str| answer(&options(), "- [x] 12 s", text);
        for text in ["c, d", "answer = \"d c\"", "answer = ['C', 'D']", "c) d)", "answer = c, d."] {
            assert_eq!(below(text), Answer::Right, "{text}");
        }
        assert_eq!(below("answer = c"), Answer::Wrong("Not every right option is ticked.".into()));
        assert_eq!(below("b"), Answer::Wrong("`4 s` is wrong.".into()));
        let Answer::Wrong(remark) = below("answer = e") else { panic!("there are four options") };
        assert_eq!(remark, "`e` is not one of the options; write a letter from a to d.");
        // Nothing is written yet.
        let Answer::Wrong(remark) = below("answer = ...") else { panic!("it is ticked") };
        assert!(remark.starts_with("`12 s`: nothing overlaps"), "{remark}");
    }

    #[test]
    fn only_exactly_the_right_ticks_are_right() {
        let right = "Which?\n- [ ] 12 s\n- [ ] 4 s\n- [x] 5 s\n- [X] five  `seconds`\n";
        assert_eq!(ticks(right), Answer::Right);
        let missing = ticks("- [x] 5 s");
        assert_eq!(missing, Answer::Wrong("Not every right option is ticked.".into()));
    }

    #[test]
    fn a_wrong_tick_is_explained() {
        let text = "- [x] 12 s\n- [x] 4 s\n- [x] 5 s\n- [x] five `seconds`";
        let want = "`12 s`: nothing overlaps only if you await one by one `4 s` is wrong.";
        assert_eq!(ticks(text), Answer::Wrong(want.into()));
    }

    #[test]
    fn no_tick_is_no_answer() {
        for text in ["", "5 s", "- [ ] 5 s", "- 5 s", "- [](x) 5 s", "- [a](b) 5 s", "- [note] 5 s"]
        {
            assert_eq!(ticks(text), Answer::None, "{text:?}");
        }
    }

    #[test]
    fn marks_as_people_write_them() {
        for line in ["* [x] 5 s", "+ [ x ] 5 s", "1. [✓] 5 s", "  - [X]   5  s  ", "2) [*] 5 s"] {
            assert_eq!(ticked_text(line).as_deref(), Some("5 s"), "{line:?}");
        }
    }

    #[test]
    fn a_changed_option_is_named() {
        let Answer::Wrong(remark) = ticks("- [x] 5 seconds") else {
            panic!("a foreign option counted");
        };
        assert!(remark.contains("`5 seconds` is not one of the options"), "{remark}");
    }
}
