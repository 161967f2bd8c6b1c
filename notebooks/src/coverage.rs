//! Which items of the plans the units cover, and which units must be looked at again since the
//! plan was changed.

use crate::course::Course;
use crate::plan::{Item, Plan};
use cellist_formats::text_file;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What has become of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// Units teach it.
    Covered {
        /// Their ids, sorted.
        units: Vec<&'a str>,
        /// Its text was changed after they were last reviewed.
        changed: bool,
    },
    /// It is no notebook cell, for this reason.
    Waived(&'a str),
    /// Nothing covers it.
    Uncovered,
}

/// The items of one plan, in their order.
#[derive(Clone, Debug)]
pub struct PlanCoverage<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What has become of each item.
    pub items: Vec<(&'a Item, State<'a>)>,
}

impl PlanCoverage<'_> {
    /// How many items are covered, waived, uncovered and changed.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (_, state) in &self.items {
            match state {
                State::Covered { changed, .. } => {
                    counts.covered += 1;
                    counts.changed += usize::from(*changed);
                }
                State::Waived(_) => counts.waived += 1,
                State::Uncovered => counts.uncovered += 1,
            }
        }
        counts
    }
}

/// How many items are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Covered by a unit.
    pub covered: usize,
    /// Waived.
    pub waived: usize,
    /// Neither.
    pub uncovered: usize,
    /// Covered, but changed since.
    pub changed: usize,
}

/// Fingerprints of the items as they were when their units were last reviewed.
pub type Reviewed = BTreeMap<String, String>;

/// Where a course keeps [`Reviewed`].
pub fn reviewed_path(course: &Course) -> PathBuf {
    course.dir.join("plans").join("reviewed.json")
}

/// Reads what was reviewed; nothing when there is no such file yet.
///
/// # Errors
/// When the file cannot be read or is not what [`accept`] wrote.
pub fn read_reviewed(course: &Course) -> std::io::Result<Reviewed> {
    let path = reviewed_path(course);
    match text_file::read(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| std::io::Error::other(format!("`{}`: {error}", path.display()))),
        Err(text_file::TextFileError::Missing { .. }) => Ok(Reviewed::new()),
        Err(error) => Err(std::io::Error::other(error)),
    }
}

/// What to record when every unit has been reviewed against the plans as they stand.
pub fn accept(course: &Course) -> Reviewed {
    let covers: Vec<&str> =
        course.units.values().flat_map(|unit| &unit.front.covers).map(String::as_str).collect();
    let items =
        course.plans.iter().flat_map(|plan| covers.iter().flat_map(|name| plan.matching(name)));
    items.map(|item| (item.id.clone(), item.fingerprint())).collect()
}

/// The coverage of every plan.
pub fn of<'a>(course: &'a Course, reviewed: &Reviewed) -> Vec<PlanCoverage<'a>> {
    let mut units: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for unit in course.units.values() {
        for name in &unit.front.covers {
            for item in course.plans.iter().flat_map(|plan| plan.matching(name)) {
                let of_item = units.entry(item.id.as_str()).or_default();
                if of_item.last() != Some(&unit.front.id.as_str()) {
                    of_item.push(&unit.front.id);
                }
            }
        }
    }
    let mut waived: BTreeMap<&str, &str> = BTreeMap::new();
    for waiver in &course.waivers {
        for item in course.plans.iter().flat_map(|plan| plan.matching(&waiver.item)) {
            waived.insert(&item.id, &waiver.reason);
        }
    }
    let state = |item: &Item| match (units.get(item.id.as_str()), waived.get(item.id.as_str())) {
        (Some(units), _) => {
            let changed = reviewed.get(&item.id).is_some_and(|old| *old != item.fingerprint());
            State::Covered { units: units.clone(), changed }
        }
        (None, Some(reason)) => State::Waived(reason),
        (None, None) => State::Uncovered,
    };
    let of_plan = |plan: &'a Plan| PlanCoverage {
        plan,
        items: plan.items.iter().map(|item| (item, state(item))).collect(),
    };
    course.plans.iter().map(of_plan).collect()
}
