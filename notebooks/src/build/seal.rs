//! Keys of quizzes for notebooks that learners have: an answer opens what is said of it, and nothing
//! else. Whoever tries all letters, or all numbers, finds the right one, as by running the cell again
//! and again; nobody reads it in the notebook. Opened by the kernel (`cellist/quiz.py`).
//!
//! ```text
//! choice/RIGHT TEXT…                    how many options are right; a text for each
//! fill/RULES ENTRY… [*:TEXT]            RULES: `c` capitals count, `s` white space counts, or `-`
//!   t:TAG:TEXT                          a text
//!   n,UNIT:TAG:TEXT                     a number
//!   n,UNIT,STEP,FROM:TAG:TEXT           a number with a tolerance: number of its step, from FROM on
//! ```
//! A text is `+` or `-` and an explanation, under SHA-256 in counter mode, as base64. `*` has no key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cellist_formats::spec::{FillKey, QuizOption};
use cellist_judge::{Pattern, letter};
use sha2::{Digest as _, Sha256};

/// The key of a quiz with options.
pub(super) fn choice(name: &str, options: &[QuizOption]) -> String {
    let right = options.iter().filter(|option| option.correct).count();
    let mut key = format!("choice/{right}");
    for (at, QuizOption { correct, explanation, .. }) in options.iter().enumerate() {
        let secret = secret(name, &letter(at).to_string());
        key.push_str(&format!(" {}", sealed(&secret, *correct, explanation)));
    }
    key
}

/// The key of a quiz whose answer is written.
pub(super) fn fill(name: &str, key: &FillKey) -> String {
    let rules = match (key.case, key.spaces) {
        (false, false) => "-",
        (true, false) => "c",
        (false, true) => "s",
        (true, true) => "cs",
    };
    let mut sealed_key = format!("fill/{rules}");
    for answer in &key.answers {
        // The parser has read it before.
        let Ok(pattern) = Pattern::parse(&answer.text, key.case, key.spaces) else { continue };
        let (kind, form) = form(&pattern);
        let secret = secret(name, &form);
        let tag = &hex(&Sha256::digest([&secret[..], b"tag"].concat()))[..12];
        let text = sealed(&secret, answer.correct, &answer.explanation);
        sealed_key.push_str(&format!(" {kind}:{tag}:{text}"));
    }
    if !key.otherwise.is_empty() {
        sealed_key.push_str(&format!(" *:{}", URL_SAFE_NO_PAD.encode(&key.otherwise)));
    }
    sealed_key
}

/// What an answer must be made into, and the only form that opens the entry.
fn form(pattern: &Pattern) -> (String, String) {
    match pattern {
        Pattern::Text(text) => ("t".to_owned(), format!("t{text}")),
        Pattern::Number { value, tolerance, unit } if *tolerance == 0.0 => {
            (format!("n,{unit}"), format!("n{:016x}", value.to_bits()))
        }
        Pattern::Number { value, tolerance, unit } => {
            // All that is near enough lies in one step, whose number is told to nobody.
            let step = 2.0 * tolerance * (1.0 + 1e-9);
            let from = (value - step / 2.0).rem_euclid(step);
            let number = ((value - from) / step).floor();
            (format!("n,{unit},{step:?},{from:?}"), format!("b{number:.0}"))
        }
    }
}

fn secret(name: &str, form: &str) -> Vec<u8> {
    Sha256::digest(format!("cellist quiz\n{name}\n{form}")).to_vec()
}

fn sealed(secret: &[u8], correct: bool, explanation: &str) -> String {
    let text = format!("{}{explanation}", if correct { '+' } else { '-' });
    let mut bytes = text.into_bytes();
    for (block, part) in bytes.chunks_mut(32).enumerate() {
        // An explanation has fewer blocks than numbers of 32 bits.
        let counter = (block as u32).to_be_bytes();
        let stream = Sha256::digest([secret, &counter[..]].concat());
        part.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
