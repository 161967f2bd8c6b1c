//! `cellist notebooks coverage`.

use super::{CourseArgs, load};
use anyhow::bail;
use cellist_formats::{canonical_json, text_file};
use cellist_notebooks::coverage::{self, PlanCoverage, State};
use std::io::{self, Write as _};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
An item of a plan is a box, a labelled bullet, a slot to be written, or a section with text. A unit
covers items with `covers: [PLAN.PART, …]` in its front matter; the name of a part stands for all in
it. `[[waive]]` in `course.toml` says which items are no notebook cell, and why.
When a plan's text changes, the units that cover it have to be looked at again: --accept says that
you have.

Exit codes:
  0  every item is covered or waived, and nothing was changed
  1  an item is uncovered or was changed, or the course has an error
  2  usage, or a failure of this machine

Examples:
  cellist notebooks coverage
  cellist notebooks coverage --plan day02 --all
  cellist notebooks coverage --json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CoverageArgs {
    #[command(flatten)]
    course: CourseArgs,

    /// Only this plan (may be given more than once) [default: all]
    #[arg(long, value_name = "PLAN")]
    plan: Vec<String>,

    /// List every item, not only what is to be done
    #[arg(long)]
    all: bool,

    /// Record that the units were reviewed against the plans as they stand
    #[arg(long, conflicts_with_all = ["plan", "json"])]
    accept: bool,

    /// Print a JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// Says which items of the plans are covered.
pub(super) fn coverage(args: &CoverageArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let known: Vec<&str> = course.plans.iter().map(|plan| plan.id.as_str()).collect();
    if let Some(unknown) = args.plan.iter().find(|plan| !known.contains(&plan.as_str())) {
        bail!("there is no plan `{unknown}`; the course has {}", known.join(", "));
    }
    if args.accept {
        let path = coverage::reviewed_path(&course);
        let accepted = coverage::accept(&course);
        let changed = text_file::write_if_changed(&path, &canonical_json::to_string(&accepted)?)?;
        let done = if changed { "recorded in" } else { "as recorded in" };
        writeln!(io::stdout(), "{} items {done} {}", accepted.len(), path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let reviewed = coverage::read_reviewed(&course)?;
    let mut plans = coverage::of(&course, &reviewed);
    plans.retain(|coverage| args.plan.is_empty() || args.plan.contains(&coverage.plan.id));
    if args.json {
        print_json(&plans)?
    } else {
        print(&plans, args.all)?
    }
    let done = |coverage: &PlanCoverage<'_>| {
        let counts = coverage.counts();
        counts.uncovered == 0 && counts.changed == 0
    };
    Ok(if plans.iter().all(done) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(plans: &[PlanCoverage<'_>], all: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for coverage in plans {
        for (item, state) in &coverage.items {
            let (mark, note) = match state {
                State::Covered { units, changed: true } => {
                    ("review", format!("changed since {} was reviewed", units.join(", ")))
                }
                State::Covered { units, .. } => ("covered", units.join(", ")),
                State::Waived(reason) => ("waived", (*reason).to_owned()),
                State::Uncovered => ("missing", shorten(&item.text)),
            };
            if all || matches!(mark, "review" | "missing") {
                let place = format!("{}:{}", coverage.plan.path.display(), item.line);
                writeln!(out, "{mark:8} {}  {note}  ({place})", item.id)?;
            }
        }
        let counts = coverage.counts();
        write!(
            out,
            "{}: {} of {} items covered, {} waived, {} missing",
            coverage.plan.id,
            counts.covered,
            coverage.items.len(),
            counts.waived,
            counts.uncovered
        )?;
        if counts.changed > 0 {
            write!(out, ", {} to review", counts.changed)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The first words of a text.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn print_json(plans: &[PlanCoverage<'_>]) -> anyhow::Result<()> {
    let plan = |coverage: &PlanCoverage<'_>| {
        let items = coverage.items.iter().map(|(item, state)| {
            let mut row = serde_json::json!({
                "id": item.id, "line": item.line, "text": item.text,
            });
            match state {
                State::Covered { units, changed } => {
                    row["state"] = if *changed { "review" } else { "covered" }.into();
                    row["units"] = units.as_slice().into();
                }
                State::Waived(reason) => {
                    row["state"] = "waived".into();
                    row["reason"] = (*reason).into();
                }
                State::Uncovered => row["state"] = "missing".into(),
            }
            row
        });
        let items: Vec<serde_json::Value> = items.collect();
        serde_json::json!({ "id": coverage.plan.id, "items": items })
    };
    let plans: Vec<serde_json::Value> = plans.iter().map(plan).collect();
    let mut text = serde_json::to_string_pretty(&serde_json::json!({ "plans": plans }))?;
    text.push('\n');
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
