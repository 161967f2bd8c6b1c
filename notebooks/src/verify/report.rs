//! Proofs as text, one line each, like a test runner's.

use super::{Problem, Proof};
use std::fmt::Write as _;
use std::time::Duration;

/// How a proof is marked; the caller knows whether the terminal takes colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks<'a> {
    /// For a claim that holds.
    pub pass: &'a str,
    /// For one that does not.
    pub fail: &'a str,
}

/// Marks without colours.
pub const PLAIN: Marks<'static> = Marks { pass: "PASS", fail: "FAIL" };

/// A proof: one line, and below it what speaks against the claim.
pub fn proof(proof: &Proof, marks: Marks<'_>) -> String {
    let mark = if proof.holds() { marks.pass } else { marks.fail };
    let took = match proof.remembered {
        true => "remembered".to_owned(),
        false => format!("{:>7.1} ms", proof.millis),
    };
    let mut text = format!("{mark} [{took}] {}: {}\n", proof.unit, proof.title());
    for problem in &proof.problems {
        add_problem(&mut text, problem);
    }
    text
}

fn add_problem(text: &mut String, problem: &Problem) {
    let Problem { cell, what, message, hint, seed } = problem;
    let seed = seed.map_or(String::new(), |seed| format!(" (only with hash seed {seed})"));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "     {cell}: {what}{seed}");
    for (label, part) in [("message", message), ("hint", hint)] {
        let Some(part) = part else { continue };
        for (index, line) in part.lines().enumerate() {
            let label = if index == 0 { format!("{label}:") } else { String::new() };
            let _ = writeln!(text, "       {label:<8} {line}");
        }
    }
}

/// The claims that do not hold once more, below many that do: one line each.
pub fn failures(proofs: &[Proof], marks: Marks<'_>) -> String {
    let failed = proofs.iter().filter(|proof| !proof.holds());
    failed.map(|proof| format!("{} {}: {}\n", marks.fail, proof.unit, proof.title())).collect()
}

/// The last line: how many claims hold, and how long it took.
pub fn summary(units: usize, proofs: &[Proof], took: Duration) -> String {
    let failed = proofs.iter().filter(|proof| !proof.holds()).count();
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let remembered = match proofs.iter().filter(|proof| proof.remembered).count() {
        0 => String::new(),
        count => format!(" ({count} remembered; --fresh makes them anew)"),
    };
    format!(
        "{}, {} in {:.1} s: {} hold, {failed} do not{remembered}\n",
        plural(units, "unit"),
        plural(proofs.len(), "proof"),
        took.as_secs_f64(),
        proofs.len() - failed
    )
}
