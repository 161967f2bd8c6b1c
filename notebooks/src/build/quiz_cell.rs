//! The code cell below a quiz: its first lines name the quiz and hold its sealed key, so that any
//! Jupyter client can show at once whether an answer is right.

use super::{cells, seal};
use crate::unit::fill::sample;
use crate::unit::{Unit, UnitCell};
use cellist_formats::notebook::Cell;
use cellist_formats::spec::{FillKey, QuizOption};
use cellist_judge::{Pattern, letter};

/// The cell below a quiz with options.
pub(super) fn choice(unit: &Unit, cell: &UnitCell, options: &[QuizOption]) -> Cell {
    let one = options.iter().filter(|option| option.correct).count() == 1;
    let what = if one { "the letter of one option" } else { "the letters of all right options" };
    let source = source(&cell.name, &seal::choice(&cell.name, options), what, "...");
    cells::quiz(unit, cell, &source, None)
}

/// The cell below a quiz whose answer is written.
pub(crate) fn fill(unit: &Unit, cell: &UnitCell, key: &FillKey, points: f64, answer: &str) -> Cell {
    let source = source(&cell.name, &seal::fill(&cell.name, key), "your answer", answer);
    cells::quiz(unit, cell, &source, Some(points))
}

fn source(name: &str, key: &str, what: &str, answer: &str) -> String {
    format!(
        "#| quiz: {name}\n#| key: {key}\n# Write {what} instead of the dots, then run this cell.\n\
         answer = {answer}"
    )
}

/// What the cell below a quiz holds when nobody has answered.
pub(crate) fn starter() -> String {
    source("q", "", "your answer", "...")
}

/// What a learner would write who knows one of the key's answers.
pub(crate) fn right(key: &FillKey) -> String {
    let right = key.answers.iter().find(|answer| answer.correct);
    right.map(|answer| written(key, &answer.text)).unwrap_or_default()
}

/// The same as Python, whoever runs it.
pub(crate) fn quoted(key: &FillKey) -> String {
    let source = right(key);
    let answer = source.strip_prefix("answer = ").unwrap_or_default();
    format!("answer = {}", serde_json::Value::from(answer))
}

/// A cell with this answer of the key's in it.
pub(crate) fn written(key: &FillKey, text: &str) -> String {
    let sample = match Pattern::parse(text, key.case, key.spaces) {
        Ok(pattern) => sample(text, &pattern),
        Err(_) => text.to_owned(),
    };
    format!("answer = {sample}")
}

/// A cell with the letters of these options.
pub(crate) fn letters(places: &[usize]) -> String {
    let letters: Vec<String> = places.iter().map(|at| letter(*at).to_string()).collect();
    format!("answer = \"{}\"", letters.join(", "))
}
