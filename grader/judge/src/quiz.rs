//! Reading the ticks of a quiz: Markdown task list lines, matched by their text.

use cellist_formats::spec::QuizOption;

/// How a quiz was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// No option is ticked.
    None,
    /// Exactly the right options are ticked.
    Right,
    /// Something else; what the learner should read.
    Wrong(String),
}

/// Whether the Markdown `text` has a ticked line: the quiz is answered.
pub fn is_ticked(text: &str) -> bool {
    text.lines().any(|line| ticked_text(line).is_some())
}

/// Compares the ticked lines of the Markdown `text` with the options.
pub(crate) fn answer(options: &[QuizOption], text: &str) -> Answer {
    let ticked: Vec<String> = text.lines().filter_map(ticked_text).collect();
    if ticked.is_empty() {
        return Answer::None;
    }
    let is_ticked = |option: &QuizOption| ticked.contains(&normal(&option.text));
    let mut remarks: Vec<String> = ticked
        .iter()
        .filter(|tick| !options.iter().any(|option| normal(&option.text) == **tick))
        .map(|tick| format!("`{tick}` is not one of the options; leave their texts as they were."))
        .collect();
    remarks.extend(
        options.iter().filter(|option| is_ticked(option) && !option.correct).map(explained),
    );
    if remarks.is_empty() && options.iter().any(|option| option.correct && !is_ticked(option)) {
        remarks.push("Not every right option is ticked.".to_owned());
    }
    if remarks.is_empty() { Answer::Right } else { Answer::Wrong(remarks.join(" ")) }
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

    #[test]
    fn only_exactly_the_right_ticks_are_right() {
        let right = "Which?\n- [ ] 12 s\n- [ ] 4 s\n- [x] 5 s\n- [X] five  `seconds`\n";
        assert_eq!(answer(&options(), right), Answer::Right);
        let missing = answer(&options(), "- [x] 5 s");
        assert_eq!(missing, Answer::Wrong("Not every right option is ticked.".into()));
    }

    #[test]
    fn a_wrong_tick_is_explained() {
        let text = "- [x] 12 s\n- [x] 4 s\n- [x] 5 s\n- [x] five `seconds`";
        let want = "`12 s`: nothing overlaps only if you await one by one `4 s` is wrong.";
        assert_eq!(answer(&options(), text), Answer::Wrong(want.into()));
    }

    #[test]
    fn no_tick_is_no_answer() {
        for text in ["", "5 s", "- [ ] 5 s", "- 5 s", "- [](x) 5 s", "- [a](b) 5 s", "- [note] 5 s"]
        {
            assert_eq!(answer(&options(), text), Answer::None, "{text:?}");
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
        let Answer::Wrong(remark) = answer(&options(), "- [x] 5 seconds") else {
            panic!("a foreign option counted");
        };
        assert!(remark.contains("`5 seconds` is not one of the options"), "{remark}");
    }
}
