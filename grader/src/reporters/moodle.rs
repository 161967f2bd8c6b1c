//! The CSV that Moodle's grade import takes: `username`, and for each notebook a grade and a feedback.
//!
//! On importing, "Map from" is `username` and "Map to" the user field that learners are named by.
//! Feedback is there because Moodle drops what it had where only a grade is imported.

use super::csv::{Rows, text};
use super::feedback::exact;
use super::sheet::{Mark, Sheet};
use std::borrow::Cow;

/// The file's text.
pub fn report(sheet: &Sheet) -> String {
    let headings = sheet.headings();
    let mut heading = vec!["username".to_owned()];
    for name in headings.values() {
        heading.extend([text(name).into_owned(), format!("{} feedback", text(name))]);
    }
    let mut rows = Rows::new(&heading);
    for (learner, marks) in &sheet.learners {
        let mut row = vec![text(learner)];
        for notebook in sheet.notebooks.keys() {
            row.extend(match marks.get(notebook) {
                Some(Mark::Points(points, summary)) => [Cow::from(exact(*points)), text(summary)],
                // Moodle's import knows no excuse: no grade is none.
                Some(Mark::Excused) => ["".into(), "excused".into()],
                None => ["".into(), "".into()],
            });
        }
        rows.add(row);
    }
    rows.finish()
}
