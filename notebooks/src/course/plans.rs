//! The plans of a course, and whether what names their items names any.

use super::{Checker, CourseFile};
use crate::diagnostic::{Diagnostic, list, suggest};
use crate::plan::{Plan, ShortNames};
use crate::unit::Unit;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// A `[[plan]]` of `course.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanEntry {
    id: Spanned<String>,
    /// Path from the course's folder.
    file: Spanned<String>,
    #[serde(default)]
    short: ShortNames,
}

impl Checker<'_> {
    /// Reads the plans, and checks what `course.toml` says of them.
    pub(super) fn plans(&mut self, dir: &Path, file: &CourseFile) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::new();
        for entry in &file.plans {
            let (id, at) = (entry.id.get_ref(), entry.id.span().start);
            if plans.iter().any(|plan| plan.id == *id) {
                self.add(at, format!("the plan `{id}` is declared twice"), "remove one of them");
                continue;
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if id.is_empty() || !id.chars().all(allowed) {
                let help = "items are named after it: use a-z, 0-9 and `-`";
                self.add(at, format!("the plan id `{id}` is not allowed"), help);
            }
            match Plan::read(id, &dir.join(entry.file.get_ref()), &entry.short) {
                Ok(plan) => plans.push(plan),
                Err(error) => {
                    let help = "write its path from the course's folder, such as `plans/day02.md`";
                    self.add(entry.file.span().start, error.to_string(), help);
                }
            }
        }
        for plan in file.notebooks.iter().filter_map(|notebook| notebook.plan.as_ref()) {
            let known: Vec<&str> = plans.iter().map(|plan| plan.id.as_str()).collect();
            if !file.plans.iter().any(|entry| entry.id.get_ref() == plan.get_ref()) {
                let message = format!("there is no plan `{}`", plan.get_ref());
                self.add(plan.span().start, message, suggest(plan.get_ref(), &known));
            }
        }
        for waiver in &file.waivers {
            let at = waiver.span().start;
            let waiver = waiver.get_ref();
            if let Err((message, help)) = find(&waiver.item, &plans) {
                self.add(at, message, help);
            }
            if waiver.reason.trim().is_empty() {
                let message = format!("`{}` is waived without a reason", waiver.item);
                self.add(at, message, "say why no notebook cell can cover it");
            }
        }
        plans
    }
}

/// Every `covers` names something that a plan asks for.
pub(super) fn check_covers(units: &BTreeMap<String, Unit>, plans: &[Plan]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for unit in units.values() {
        for name in &unit.front.covers {
            if let Err((message, help)) = find(name, plans) {
                found.push(Diagnostic { path: unit.path.clone(), line: 0, message, help });
            }
        }
    }
    found
}

/// Whether the name stands for an item or more; else what is wrong, and what to do.
fn find(name: &str, plans: &[Plan]) -> Result<(), (String, String)> {
    let first = name.split('.').next().unwrap_or_default();
    let Some(plan) = plans.iter().find(|plan| plan.id == first) else {
        let known: Vec<&str> = plans.iter().map(|plan| plan.id.as_str()).collect();
        return Err((format!("`{name}` is an item of no plan"), suggest(first, &known)));
    };
    if plan.matching(name).next().is_some() {
        return Ok(());
    }
    let mut known: Vec<&str> = plan.items.iter().flat_map(|item| prefixes(&item.id)).collect();
    known.sort_unstable();
    known.dedup();
    let help = match suggest(name, &known) {
        similar if similar.starts_with("did you mean") => similar,
        _ => nearby(name, &known),
    };
    Err((format!("the plan `{first}` has no item `{name}`"), help))
}

/// What there is in the part of the plan that the name begins with.
fn nearby(name: &str, known: &[&str]) -> String {
    let mut part = name;
    while let Some((above, _)) = part.rsplit_once('.') {
        part = above;
        let inside = |id: &&&str| {
            id.strip_prefix(part)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| !rest.contains('.'))
        };
        let found: Vec<&&str> = known.iter().filter(inside).collect();
        if !found.is_empty() {
            return format!("`{part}` has {}", list(found));
        }
    }
    "write `<plan>.<part>`, or `<plan>` for all of it".to_owned()
}

/// `a.b.c`, `a.b`: the id and the parts of the plan that it stands in.
fn prefixes(id: &str) -> impl Iterator<Item = &str> {
    id.match_indices('.').skip(1).map(|(at, _)| &id[..at]).chain([id])
}
