//! nbgrader's rule for tests: what a cell showed decides what it earns.
//!
//! From `determine_grade` of nbgrader 0.9: an error or text on standard error earns nothing; a result
//! that Python's `float` takes earns that many points; everything else earns all. nbgrader goes by
//! the first such output, and so a learner's function that displays a result earns by it. Here
//! errors come before results, and the last result, which is the cell's own, before others; for
//! honest notebooks that is the same.

use crate::protocol::Raised;
use cellist_formats::verdict::{ItemVerdict, Status};
use serde::{Deserialize, Serialize};

/// The output that decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Shown {
    /// There was none.
    #[default]
    Nothing,
    /// An exception.
    Error { ename: String, evalue: String },
    /// Text on standard error.
    Stderr { text: String },
    /// The value of the last expression as plain text, if it has that form.
    Result { text: Option<String> },
}

impl Shown {
    /// With one more output of the cell.
    pub(crate) fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Nothing | Self::Result { .. }, next) if next != Self::Nothing => next,
            (shown, _) => shown,
        }
    }

    /// With the exception that ended the cell, which nothing shown outweighs.
    pub(crate) fn ended_by(self, raised: Option<Raised>) -> Self {
        match raised {
            Some(Raised { ename, evalue, .. }) => Self::Error { ename, evalue },
            None => self,
        }
    }

    /// With its texts shortened.
    pub(crate) fn cut(self, cut: impl Fn(String) -> String) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Error { ename, evalue } => Self::Error { ename: cut(ename), evalue: cut(evalue) },
            Self::Stderr { text } => Self::Stderr { text: cut(text) },
            Self::Result { text } => Self::Result { text: text.map(cut) },
        }
    }
}

/// The item with what the tests earned.
pub(crate) fn scored(blank: ItemVerdict, shown: &Shown) -> ItemVerdict {
    let most = blank.max_points;
    match earned(shown, most) {
        Ok(points) => {
            let status = if points >= most { Status::Passed } else { Status::Failed };
            let message = (status == Status::Failed).then(|| reason(shown, most)).flatten();
            ItemVerdict { status, points, message, ..blank }
        }
        Err(reason) => ItemVerdict { status: Status::Error, message: Some(reason), ..blank },
    }
}

/// Points, or why nbgrader would stop here.
fn earned(shown: &Shown, most: f64) -> Result<f64, String> {
    let text = match shown {
        Shown::Nothing => return Ok(most),
        Shown::Error { .. } | Shown::Stderr { .. } => return Ok(0.0),
        Shown::Result { text } => text.as_deref().unwrap_or_default(),
    };
    if text.is_empty() {
        return Err("the tests' result has no text; nbgrader takes it for an error".to_owned());
    }
    match python_float(text) {
        Some(points) if points > most => Err(format!(
            "the tests' result {points} is more than the cell's {most} points; mend the tests"
        )),
        Some(points) if points >= 0.0 => Ok(points),
        // No number, a negative one, or NaN.
        _ => Ok(most),
    }
}

fn reason(shown: &Shown, most: f64) -> Option<String> {
    Some(match shown {
        Shown::Nothing => return None,
        Shown::Error { ename, evalue } if evalue.is_empty() => ename.clone(),
        Shown::Error { ename, evalue } => format!("{ename}: {evalue}"),
        Shown::Stderr { text } => format!("It wrote to standard error: {}", text.trim()),
        Shown::Result { text } => {
            format!("{} of {most} points.", text.as_deref().unwrap_or_default().trim())
        }
    })
}

/// What Python's `float(text)` gives; `None` where it raises ValueError.
fn python_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let separates = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    // PEP 515: single underscores between digits.
    if text.char_indices().any(|(at, char)| char == '_' && !separates(at)) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::blank;

    fn judged(shown: Shown) -> (Status, f64) {
        let item = scored(blank("t", 5.0), &shown);
        (item.status, item.points)
    }

    fn result(text: &str) -> Shown {
        Shown::Result { text: Some(text.into()) }
    }

    /// What `determine_grade` of nbgrader 0.9.6 returns for a cell of 5 points.
    #[test]
    fn every_rule() {
        let all = (Status::Passed, 5.0);
        let table = [
            (Shown::Nothing, all),
            (Shown::Error { ename: "E".into(), evalue: "x".into() }, (Status::Failed, 0.0)),
            (Shown::Stderr { text: "warning".into() }, (Status::Failed, 0.0)),
            (result("2.5"), (Status::Failed, 2.5)),
            (result("0"), (Status::Failed, 0.0)),
            (result("-0.0"), (Status::Failed, 0.0)),
            (result("5"), all),
            (result(" 4\n"), (Status::Failed, 4.0)),
            (result("1e0"), (Status::Failed, 1.0)),
            (result("0_1"), (Status::Failed, 1.0)),
            // `float` does not take these, so they are no partial credit.
            (result("True"), all),
            (result("'1'"), all),
            (result("[1]"), all),
            (result("1_"), all),
            (result("1__0"), all),
            (result("_1"), all),
            (result("0x1"), all),
            // Odd, but nbgrader's.
            (result("-1"), all),
            (result("nan"), all),
            (result("-inf"), all),
            // nbgrader gives up on the submission.
            (result("5.5"), (Status::Error, 0.0)),
            (result("inf"), (Status::Error, 0.0)),
            (result(""), (Status::Error, 0.0)),
            (Shown::Result { text: None }, (Status::Error, 0.0)),
        ];
        for (shown, wanted) in table {
            assert_eq!(judged(shown.clone()), wanted, "{shown:?}");
        }
    }

    #[test]
    fn tests_without_points_pass() {
        let item = scored(blank("t", 0.0), &Shown::Nothing);
        assert_eq!((item.status, item.points), (Status::Passed, 0.0));
    }

    #[test]
    fn what_failed_is_said() {
        let message = |shown: Shown| scored(blank("t", 5.0), &shown).message;
        let error = Shown::Error { ename: "AssertionError".into(), evalue: String::new() };
        assert_eq!(message(error).as_deref(), Some("AssertionError"));
        let stderr = Shown::Stderr { text: "careful\n".into() };
        assert_eq!(message(stderr).as_deref(), Some("It wrote to standard error: careful"));
        assert_eq!(message(result("2")).as_deref(), Some("2 of 5 points."));
        assert_eq!(message(Shown::Nothing), None);
    }

    #[test]
    fn errors_outweigh_results_and_the_last_result_is_the_cells_own() {
        let stderr = Shown::Stderr { text: "careful".into() };
        let all = |shown: &[Shown]| shown.iter().cloned().fold(Shown::Nothing, Shown::then);
        assert_eq!(all(&[result("5"), result("1"), Shown::Nothing]), result("1"));
        assert_eq!(all(&[result("5"), stderr.clone()]), stderr);
        assert_eq!(all(&[stderr.clone(), result("5")]), stderr);
        let (ename, evalue) = ("ValueError".to_owned(), "x".to_owned());
        let traceback = String::new();
        let raised = Raised { ename: ename.clone(), evalue: evalue.clone(), traceback };
        assert_eq!(result("5").ended_by(Some(raised)), Shown::Error { ename, evalue });
        assert_eq!(result("5").ended_by(None), result("5"));
    }
}
