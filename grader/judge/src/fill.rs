//! Quizzes whose answer is written: numbers with a tolerance and a unit, or text.

use crate::answer_cell;
use crate::quiz::Answer;
use cellist_formats::spec::FillKey;

/// What an answer is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// A number.
    Number {
        /// It.
        value: f64,
        /// How far an answer may be from it.
        tolerance: f64,
        /// The unit, which an answer may leave out; empty when there is none.
        unit: String,
    },
    /// Anything else, in the form in which it is compared.
    Text(String),
}

impl Pattern {
    /// Reads an author's answer: `8.65 ± 0.05 s`, `12`, `['a', 'b']`.
    ///
    /// # Errors
    /// When a tolerance is not a number above 0, or has no number before it.
    pub fn parse(text: &str, case: bool, spaces: bool) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_prefix('`').and_then(|it| it.strip_suffix('`')).unwrap_or(text);
        let parts = ["±", "+-", "+/-"].iter().find_map(|sign| text.split_once(sign));
        if let Some((value, rest)) = parts {
            let (Some((value, before)), Some((tolerance, after))) = (number(value), number(rest))
            else {
                return Err(format!("`{text}` is not like `8.65 ± 0.05` or `8.65 ± 0.05 s`"));
            };
            if tolerance <= 0.0 || (!before.is_empty() && !after.is_empty()) {
                return Err(format!("`{text}` needs a tolerance above 0, and one unit at the end"));
            }
            let unit = if after.is_empty() { before } else { after };
            return Ok(Self::Number { value, tolerance, unit });
        }
        Ok(match number(text) {
            Some((value, unit)) => Self::Number { value, tolerance: 0.0, unit },
            None => Self::Text(normal(text, case, spaces)),
        })
    }

    /// Whether a learner's answer is this one.
    pub fn accepts(&self, written: &str, case: bool, spaces: bool) -> bool {
        match self {
            Self::Number { value, tolerance, unit } => match number(written) {
                Some((given, own)) => {
                    (own.is_empty() || own == *unit) && near(given, *value, *tolerance)
                }
                None => false,
            },
            Self::Text(text) => *text == normal(written, case, spaces),
        }
    }
}

/// Half of a step: the border itself is near enough, and a sum of rounding errors beyond it.
fn near(given: f64, value: f64, tolerance: f64) -> bool {
    (given - value).abs() <= tolerance * (1.0 + 1e-9)
}

/// A number and the unit behind it. No unit has a digit, so `2 x 3` is none.
pub fn number(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let is_sign = |c: char| c.is_ascii_digit() || "+-._".contains(c);
    let mut end = text.find(|c| !is_sign(c)).unwrap_or(text.len());
    // An exponent: `1e6`, `2.5E-3`.
    let rest = &text[end..];
    if let Some(power) = rest.strip_prefix(['e', 'E']) {
        let signs = power.strip_prefix(['+', '-']).unwrap_or(power);
        let digits = signs.find(|c: char| !c.is_ascii_digit()).unwrap_or(signs.len());
        if digits > 0 {
            end += 1 + (power.len() - signs.len()) + digits;
        }
    }
    let (digits, unit) = text.split_at(end);
    let unit = unit.trim();
    let is_unit = |c: char| c.is_alphabetic() || "%/°²³".contains(c);
    let value: f64 = digits.replace('_', "").parse().ok()?;
    // `1_0` is Python's, `_10` is not.
    let odd = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    // Adding 0 makes one zero of two.
    (!odd && value.is_finite() && unit.chars().all(is_unit))
        .then(|| (value + 0.0, unit.to_lowercase()))
}

/// Text in the form in which it is compared. White space counts as one blank, and not at all beside
/// brackets and commas: nobody's answer is wrong for `[1,2]`.
pub fn normal(text: &str, case: bool, spaces: bool) -> String {
    let text = if case { text.to_owned() } else { text.to_lowercase() };
    if spaces {
        return text.replace("\r\n", "\n").trim().to_owned();
    }
    let is_border = |c: char| ",;:()[]{}".contains(c);
    let mut tight = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let joined = tight.ends_with(is_border) || word.starts_with(is_border);
        if !tight.is_empty() && !joined {
            tight.push(' ');
        }
        tight.push_str(word);
    }
    tight
}

/// Compares what the cell holds with the key.
pub(crate) fn answer(key: &FillKey, cell: &str) -> Answer {
    let Some(written) = answer_cell::written(cell) else { return Answer::None };
    let is_it = |text: &str| {
        Pattern::parse(text, key.case, key.spaces)
            .is_ok_and(|pattern| pattern.accepts(&written, key.case, key.spaces))
    };
    match key.answers.iter().find(|answer| is_it(&answer.text)) {
        Some(answer) if answer.correct => Answer::Right,
        Some(answer) => Answer::Wrong(format!("`{}`: {}", written.trim(), answer.explanation)),
        None if key.otherwise.is_empty() => {
            Answer::Wrong(format!("`{}` is wrong.", written.trim()))
        }
        None => Answer::Wrong(format!("`{}`: {}", written.trim(), key.otherwise)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use cellist_formats::spec::FillAnswer;

    fn takes(pattern: &str, written: &str) -> bool {
        Pattern::parse(pattern, false, false).unwrap().accepts(written, false, false)
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        for written in ["5", "5.0", "5 s", "5s", "5 S", " +5.00 s ", "5e0", "0.5E1 s"] {
            assert!(takes("5 s", written), "{written}");
        }
        for written in ["5 m", "6", "five", "5 s s", "5 2", "-5", "5,0", "", "s", "_5", "nan"] {
            assert!(!takes("5 s", written), "{written}");
        }
        assert!(takes("10000", "10_000") && !takes("10000", "1__0"));
        assert!(takes("0", "-0"));
    }

    #[test]
    fn a_tolerance_takes_its_borders_and_no_more() {
        for written in ["8.6", "8.65", "8.7", "8.7 s"] {
            assert!(takes("8.65 ± 0.05 s", written), "{written}");
            assert!(takes("8.65 s +- 0.05", written), "{written}");
        }
        for written in ["8.59", "8.71", "8.65 m"] {
            assert!(!takes("8.65 ± 0.05 s", written), "{written}");
        }
        for bad in ["5 ±", "± 5", "a ± 1", "5 ± 0", "5 ± -1", "5 s ± 1 s", "5 ± 1e999"] {
            assert!(Pattern::parse(bad, false, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_is_compared_by_the_rules() {
        assert!(takes("`TimeoutError`", "timeouterror"));
        assert!(takes("[1, 2]", "[1,2]") && takes("A B", " A\n  B ") && !takes("A B", "AB"));
        let strict = Pattern::parse("A  B", true, true).unwrap();
        assert!(strict.accepts("A  B\n", true, true));
        assert!(!strict.accepts("A B", true, true) && !strict.accepts("a  b", true, true));
    }

    fn key() -> FillKey {
        let answer = |text: &str, correct, explanation: &str| FillAnswer {
            text: text.into(),
            correct,
            explanation: explanation.into(),
        };
        FillKey {
            answers: vec![
                answer("5 s", true, "the longest"),
                answer("12 s", false, "one after another"),
            ],
            otherwise: String::new(),
            case: false,
            spaces: false,
        }
    }

    #[test]
    fn the_first_answer_that_fits_decides() {
        let wrong = |text: &str| Answer::Wrong(text.into());
        assert_eq!(answer(&key(), "answer = 5"), Answer::Right);
        assert_eq!(answer(&key(), "answer = 12"), wrong("`12`: one after another"));
        assert_eq!(answer(&key(), "answer = 7"), wrong("`7` is wrong."));
        assert_eq!(answer(&key(), "answer = ..."), Answer::None);
        let key = FillKey { otherwise: "look again".into(), ..key() };
        assert_eq!(answer(&key, "answer = 7"), wrong("`7`: look again"));
    }
}
