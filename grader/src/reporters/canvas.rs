//! The gradebook CSV that Canvas imports.
//!
//! Canvas looks for a student by `ID`, then by `SIS User ID`, then by `SIS Login ID`; a learner whose
//! name is a number (as in the names of Canvas's bulk downloads) is an `ID`, any other a
//! `SIS Login ID`. A column is an assignment of that name, and `EX` an excused one.

use super::csv::{Rows, text};
use super::feedback::exact;
use super::sheet::{Mark, Sheet};
use std::borrow::Cow;

const FIRST: [&str; 5] = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"];

/// The file's text.
pub fn report(sheet: &Sheet) -> String {
    let headings = sheet.headings();
    let names = headings.values().map(|name| text(name));
    let heading: Vec<Cow<'_, str>> = FIRST.iter().map(|name| (*name).into()).chain(names).collect();
    let mut rows = Rows::new(heading);
    let possible = sheet.notebooks.values().map(|points| Cow::from(exact(*points)));
    let first = ["    Points Possible", "", "", "", ""].map(Cow::from);
    rows.add(first.into_iter().chain(possible));
    for (learner, marks) in &sheet.learners {
        let is_id = !learner.is_empty() && learner.bytes().all(|byte| byte.is_ascii_digit());
        let (id, login) =
            if is_id { (text(learner), "".into()) } else { ("".into(), text(learner)) };
        let who = [text(learner), id, "".into(), login, "".into()];
        let marks = sheet.notebooks.keys().map(|notebook| match marks.get(notebook) {
            Some(Mark::Points(points, _)) => Cow::from(exact(*points)),
            Some(Mark::Excused) => "EX".into(),
            None => "".into(),
        });
        rows.add(who.into_iter().chain(marks));
    }
    rows.finish()
}
