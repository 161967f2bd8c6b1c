//! Points and comments that a person gives: the form, and what becomes of it.

use crate::fields::Fields;
use crate::layout::csrf;
use crate::problem::Problem;
use crate::site::Site;
use cellist_formats::verdict::ItemVerdict;
use cellist_gradebook::ManualScore;
use cellist_grader::reporters::feedback::{exact, number};
use cellist_grader::reporters::plain::plain;
use maud::{Markup, html};

/// Longest comment, in characters.
pub(crate) const LONGEST: usize = 10_000;

/// What a form is about.
pub(crate) struct Subject<'a> {
    pub(crate) learner: &'a str,
    pub(crate) notebook: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) item: &'a ItemVerdict,
    /// What people last said of it.
    pub(crate) last: Option<&'a ManualScore>,
    /// The page that the form is on.
    pub(crate) back: &'a str,
}

/// A form for points and a comment.
pub(crate) fn form(site: &Site, subject: &Subject<'_>) -> Markup {
    let Subject { learner, notebook, unit, item, last, back } = subject;
    let given = last.filter(|score| score.points.is_some());
    let points = given.and_then(|score| score.points).map(exact).unwrap_or_default();
    let comment = given.map(|score| score.comment.as_str()).unwrap_or_default();
    html! {
        form.score action="/score" method="post" {
            (csrf(site))
            @for (name, value) in [("learner", *learner), ("notebook", notebook), ("unit", unit),
                                   ("item", &item.id), ("back", back)] {
                input type="hidden" name=(name) value=(value);
            }
            label {
                "Points, of " (number(item.max_points)) " "
                input.points type="number" name="points" required min="0"
                    max=(exact(item.max_points)) step="any" value=(points) autocomplete="off";
            }
            label.wide {
                "Comment, which the learner reads "
                textarea name="comment" rows="2" maxlength=(LONGEST) { "\n" (comment) }
            }
            div.row {
                button { "Save" }
                @if let Some(score) = given {
                    button.quiet name="action" value="withdraw" formnovalidate { "Back to the grader" }
                    span.note { "given by " (plain(&score.by)) }
                }
                span.saved role="status" {}
            }
        }
    }
}

/// Does what a form says.
///
/// # Errors
/// When the points are none, or there is no such item; when the gradebook cannot be written.
pub(crate) fn save(site: &Site, fields: &Fields) -> Result<(), Problem> {
    let (learner, notebook) = (fields.exact("learner"), fields.exact("notebook"));
    let (unit, item) = (fields.exact("unit"), fields.exact("item"));
    let standing = site.standing(learner, notebook)?;
    let units = standing.verdict.units.iter().filter(|one| one.id == unit);
    let known = units.flat_map(|one| &one.items).find(|one| one.id == item);
    let most = known
        .map(|item| item.max_points)
        .ok_or_else(|| Problem::NotFound(format!("`{item}` in what `{learner}` handed in")))?;
    let points = match fields.get("action") {
        "withdraw" => None,
        _ => Some(points(fields.get("points"), most)?),
    };
    let comment = fields.get("comment").replace("\r\n", "\n");
    if comment.chars().count() > LONGEST {
        return Err(Problem::Bad(format!("a comment has {LONGEST} characters at most")));
    }
    let comment = if points.is_some() { comment } else { String::new() };
    let by = (site.by.as_str(), comment.as_str());
    site.write(learner, notebook, |book| {
        book.set_points(learner, Some(notebook), (unit, item), points, by)
    })?;
    Ok(())
}

/// A number from 0 to `most`, with a point or a comma in it.
fn points(text: &str, most: f64) -> Result<f64, Problem> {
    match text.replace(',', ".").parse::<f64>() {
        Ok(points) if points.is_finite() && (0.0..=most).contains(&points) => Ok(points),
        _ => Err(Problem::Bad(format!(
            "`{}` are no points from 0 to {}; nothing was saved",
            plain(text),
            number(most)
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn points_are_between_nothing_and_the_most() {
        assert_eq!(points("2.5", 3.0).unwrap(), 2.5);
        assert_eq!(points("2,5", 3.0).unwrap(), 2.5);
        for wrong in ["", "-1", "3.01", "nan", "inf", "two"] {
            assert!(points(wrong, 3.0).is_err(), "{wrong}");
        }
    }
}
