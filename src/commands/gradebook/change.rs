//! `cellist gradebook set` and `allow`.

use super::{print, print_json};
use anyhow::bail;
use cellist_gradebook::{Gradebook, Kind, is_day};
use cellist_grader::reporters::plain::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cellist gradebook set ann ex01 why 2 --by Ada --comment 'well argued'
  cellist gradebook set ann ex01 why grader --by Ada      give the decision back to the grader")]
pub(super) struct SetArgs {
    /// The learner
    learner: String,

    /// Id of the unit, `ex01`
    unit: String,

    /// The check, `durations` or `ex01-durations`
    check: String,

    /// Points from 0 on, or `grader` to take an earlier decision back
    #[arg(value_name = "POINTS", value_parser = points)]
    points: Points,

    /// The notebook, where several have the unit: its path within the set
    #[arg(long, value_name = "PATH")]
    notebook: Option<String>,

    #[command(flatten)]
    why: WhyArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cellist gradebook allow bob 01-coffee-shop --extension 2027-01-31 --by Ada --comment ill
  cellist gradebook allow bob 01-coffee-shop --exempt --by Ada
  cellist gradebook allow bob 01-coffee-shop --not-exempt --by Ada")]
pub(super) struct AllowArgs {
    /// The learner; may have handed in nothing yet
    learner: String,

    /// The notebook: its path within the set, or the end of it
    notebook: String,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    why: WhyArgs,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct WhatArgs {
    /// May hand in until this day (YYYY-MM-DD); `none` takes it back
    #[arg(long, value_name = "DAY", value_parser = day)]
    extension: Option<String>,

    /// So many days late cost nothing; 0 takes it back
    #[arg(long, value_name = "DAYS")]
    late_days: Option<u32>,

    /// Need not hand in: exported as excused
    #[arg(long)]
    exempt: bool,

    /// Must hand in after all
    #[arg(long)]
    not_exempt: bool,
}

#[derive(Debug, clap::Args)]
struct WhyArgs {
    /// Who decides this
    #[arg(long, value_name = "NAME")]
    by: String,

    /// Why; the learner reads it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

#[derive(Clone, Copy, Debug)]
enum Points {
    Given(f64),
    Grader,
}

/// Gives points, or the decision back.
pub(super) fn set(book: &mut Gradebook, args: &SetArgs, json: bool) -> anyhow::Result<()> {
    let points = match args.points {
        Points::Given(points) => Some(points),
        Points::Grader => None,
    };
    let score = book.set_points(
        &args.learner,
        args.notebook.as_deref(),
        (&args.unit, &args.check),
        points,
        (&args.why.by, &args.why.comment),
    )?;
    if json {
        return print_json(&score);
    }
    let what = points.map_or("as the grader says".to_owned(), |points| format!("{points} points"));
    print(&plain(&format!("{}, {}, `{}`: {what}\n", score.learner, score.notebook, score.item)))
}

/// Allows something, or no longer.
pub(super) fn allow(book: &mut Gradebook, args: &AllowArgs, json: bool) -> anyhow::Result<()> {
    let WhatArgs { extension, late_days, exempt, .. } = &args.what;
    let (kind, value) = match (extension, late_days) {
        (Some(day), _) => (Kind::Extension, (day != "none").then(|| day.clone())),
        (None, Some(days)) => (Kind::LateDays, (*days > 0).then(|| days.to_string())),
        (None, None) => (Kind::Exemption, exempt.then(|| "yes".to_owned())),
    };
    let by = (args.why.by.as_str(), args.why.comment.as_str());
    let allowances = book.allow(&args.learner, &args.notebook, &[(kind, value)], by)?;
    allowances.iter().try_for_each(|allowance| {
        if json {
            return print_json(allowance);
        }
        let what = kind.as_str().replace('_', " ");
        let value = allowance.value.as_deref().unwrap_or("none any more");
        print(&plain(&format!("{}, {}: {what}: {value}\n", allowance.learner, allowance.notebook)))
    })
}

fn points(text: &str) -> anyhow::Result<Points> {
    match text.parse::<f64>() {
        Ok(points) if points.is_finite() && points >= 0.0 => Ok(Points::Given(points)),
        Err(_) if text == "grader" => Ok(Points::Grader),
        _ => bail!("neither a number from 0 on nor `grader`"),
    }
}

fn day(text: &str) -> anyhow::Result<String> {
    if text != "none" && !is_day(text) {
        bail!("neither a day (YYYY-MM-DD) nor `none`");
    }
    Ok(text.to_owned())
}
