//! `cellist gradebook list` and `show`.

use super::{print, print_json};
use cellist_formats::verdict::{Status, Verdict};
use cellist_gradebook::{Allowance, Gradebook, LearnerHistory, PastScore};
use cellist_grader::reporters::plain::plain;
use serde_json::json;
use std::fmt::Write as _;

/// A line for each learner and notebook, and one for each allowance.
pub(super) fn list(book: &Gradebook, as_json: bool) -> anyhow::Result<()> {
    let (standings, allowances) = (book.standings()?, book.allowances()?);
    if as_json {
        let rows = standings.iter().map(|standing| {
            let Verdict { notebook, points, max_points, manual_points, .. } = &standing.verdict;
            json!({
                "learner": standing.learner, "notebook": notebook, "points": points,
                "max_points": max_points, "manual_points": manual_points,
                "file": standing.file, "graded_at": standing.graded_at,
            })
        });
        let rows: Vec<serde_json::Value> = rows.collect();
        return print_json(&json!({ "standings": rows, "allowances": allowances }));
    }
    let mut text = String::new();
    let width = standings.iter().map(|one| one.learner.chars().count()).max().unwrap_or_default();
    for standing in &standings {
        let Verdict { notebook, .. } = &standing.verdict;
        let learner = plain(&standing.learner);
        let total = total(&standing.verdict);
        let _ = writeln!(text, "{learner:width$}  {}  {total}", plain(notebook));
    }
    for allowance in &allowances {
        let _ = writeln!(text, "{}", self::allowance(allowance));
    }
    print(&text)
}

/// A learner's checks as they count, then what was decided, then every score.
pub(super) fn learner(book: &Gradebook, name: &str, as_json: bool) -> anyhow::Result<()> {
    let history = book.learner(name)?;
    if as_json {
        return print_json(&history);
    }
    let mut text = String::new();
    for standing in &history.standings {
        let verdict = &standing.verdict;
        let _ = writeln!(text, "{}: {}", plain(&verdict.notebook), total(verdict));
        let _ = writeln!(text, "  {}, graded {}", plain(&standing.file), standing.graded_at);
        for unit in &verdict.units {
            for item in &unit.items {
                let points = match item.status {
                    Status::Manual => "–".to_owned(),
                    _ => item.points.to_string(),
                };
                let line = format!("  {}  {points}/{}", item.id, item.max_points);
                let _ = writeln!(text, "{}", plain(&line));
            }
        }
        for note in &verdict.notes {
            let _ = writeln!(text, "  note: {}", plain(note));
        }
    }
    decisions(&mut text, &history);
    if !history.scores.is_empty() {
        text.push_str("Scores of the grader, oldest first:\n");
    }
    for score in &history.scores {
        let PastScore { item, points, max_points, at, grader, seed, .. } = score;
        let short = |hash: &str| hash.chars().take(8).collect::<String>();
        let (submission, revision) = (short(&score.submission), short(&score.revision));
        let line = format!(
            "  {at}  {item}  {points}/{max_points}  submission {submission}, checks {revision}, \
             cellist {grader}, seed {seed}"
        );
        let _ = writeln!(text, "{}", plain(&line));
    }
    print(&text)
}

fn decisions(text: &mut String, history: &LearnerHistory) {
    if !history.manual.is_empty() {
        text.push_str("Scores of people, oldest first:\n");
    }
    for score in &history.manual {
        let points =
            score.points.map_or("as the grader says".to_owned(), |p| format!("{p} points"));
        let line =
            format!("  {}  {}  {points}, by {}: {}", score.at, score.item, score.by, score.comment);
        let _ = writeln!(text, "{}", plain(&line));
    }
    if !history.allowances.is_empty() {
        text.push_str("Allowances, oldest first:\n");
    }
    for one in &history.allowances {
        let _ = writeln!(text, "  {}  {}", one.at, allowance(one));
    }
}

fn allowance(one: &Allowance) -> String {
    let kind = one.kind.as_str().replace('_', " ");
    let value = one.value.as_deref().unwrap_or("none any more");
    let Allowance { learner, notebook, by, comment, .. } = one;
    plain(&format!("{learner}  {notebook}  {kind}: {value}, by {by}: {comment}"))
}

fn total(verdict: &Verdict) -> String {
    let Verdict { points, max_points, manual_points, .. } = verdict;
    match *manual_points {
        0.0 => format!("{points} of {max_points} points"),
        waiting => format!("{points} of {max_points} points; {waiting} wait for a person"),
    }
}
