//! `cellist notebooks list`.

use super::{PlacesArgs, load};
use crate::commands::notebooks::build::count;
use cellist_notebooks::course::{Course, NotebookPlan};
use cellist_notebooks::publish::{self, Places};
use cellist_notebooks::unit::Unit;
use cellist_notebooks::{build, unit::Difficulty};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
The state of a notebook tells whether the published file is what the units make: `up to date`, `stale`
(run `cellist notebooks build`) or `not built`. Points after the `+` are given by a person.

Exit codes:
  0  listed
  1  the course has an error
  2  usage, or a failure of this machine

Examples:
  cellist notebooks list
  cellist notebooks list --json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ListArgs {
    #[command(flatten)]
    places: PlacesArgs,

    /// Print a JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// Lists what a course is made of.
pub(super) fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.places.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let states = States::of(&course, args.places.places());
    if args.json {
        print_json(&course, &states)?
    } else {
        print(&course, &states)?
    }
    Ok(ExitCode::SUCCESS)
}

/// Which published notebooks are what the units make.
struct States {
    places: Places,
    stale: BTreeSet<PathBuf>,
}

impl States {
    fn of(course: &Course, places: Places) -> Self {
        let stale = publish::check(&build::course(course), &build::syllabus(course), &places);
        Self { places, stale: stale.into_iter().map(|stale| stale.path).collect() }
    }

    fn state(&self, notebook: &NotebookPlan) -> &'static str {
        let path = self.places.student.join(&notebook.file);
        match (path.exists(), self.stale.contains(&path)) {
            (false, _) => "not built",
            (true, true) => "stale",
            (true, false) => "up to date",
        }
    }
}

fn print(course: &Course, states: &States) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let width = course.units.keys().map(String::len).max().unwrap_or_default();
    for set in &course.sets {
        writeln!(out, "{}: {}", set.id, set.title)?;
        for notebook in of_set(course, &set.id) {
            writeln!(out, "  {} ({})", notebook.file, states.state(notebook))?;
            for unit in course.units_of(notebook) {
                let points = match unit.manual_points() {
                    0.0 => unit.points().to_string(),
                    manual => format!("{}+{manual}", unit.points()),
                };
                writeln!(
                    out,
                    "    {:width$}  {points:>5} points  {}",
                    unit.front.id, unit.front.title
                )?;
            }
        }
    }
    let points: f64 = course.units.values().map(Unit::points).sum();
    let manual: f64 = course.units.values().map(Unit::manual_points).sum();
    writeln!(
        out,
        "{}, {}, {}, {}+{manual} points",
        count(course.sets.len(), "set"),
        count(course.notebooks.len(), "notebook"),
        count(course.units.len(), "unit"),
        // The sum of no numbers is -0.
        points + 0.0
    )
}

fn of_set<'a>(course: &'a Course, set: &'a str) -> impl Iterator<Item = &'a NotebookPlan> {
    course.notebooks.iter().filter(move |notebook| notebook.file.split('/').next() == Some(set))
}

fn print_json(course: &Course, states: &States) -> anyhow::Result<()> {
    let unit = |unit: &Unit| {
        let hidden = unit.checks().filter(|(_, check)| check.hidden).count();
        serde_json::json!({
            "id": unit.front.id,
            "title": unit.front.title,
            "file": unit.path,
            "points": unit.points(),
            "manual_points": unit.manual_points(),
            "checks": unit.checks().count(),
            "hidden_checks": hidden,
            "mutants": unit.mutants.len(),
            "minutes": unit.front.minutes,
            "difficulty": unit.front.difficulty.map(Difficulty::as_str),
            "clock": unit.front.clock,
            "rev": unit.front.rev,
            "requires": unit.front.requires,
            "covers": unit.front.covers,
        })
    };
    let notebook = |notebook: &NotebookPlan| {
        let units: Vec<serde_json::Value> = course.units_of(notebook).map(unit).collect();
        serde_json::json!({
            "file": notebook.file,
            "plan": notebook.plan,
            "state": states.state(notebook),
            "units": units,
        })
    };
    let sets = course.sets.iter().map(|set| {
        let notebooks: Vec<serde_json::Value> = of_set(course, &set.id).map(notebook).collect();
        serde_json::json!({ "id": set.id, "title": set.title, "notebooks": notebooks })
    });
    let sets: Vec<serde_json::Value> = sets.collect();
    let report = serde_json::json!({ "title": course.title, "sets": sets });
    let mut text = serde_json::to_string_pretty(&report)?;
    text.push('\n');
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
