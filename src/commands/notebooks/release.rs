//! `cellist notebooks release`.

use super::verify::named;
use super::{CourseArgs, load};
use cellist_notebooks::revisions;
use std::io::{self, Write as _};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
What a unit's checks are is written to `revisions/UNIT-REV.json` of the course, to be committed. From then
on changed checks are an error until the unit's front matter says `rev:` one higher; the specs then hold
both, and a submission is graded by the revision that its learner was given. Titles, prose, examples and
explanations may change at any time.

Exit codes:
  0  released, or released before
  1  the course has an error
  2  usage, or a failure of this machine

Examples:
  cellist notebooks release ex01 ex02
  cellist notebooks release";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ReleaseArgs {
    #[command(flatten)]
    course: CourseArgs,

    /// Ids of the units [default: all]
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
}

/// Records what learners are given.
pub(super) fn release(args: &ReleaseArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let mut out = io::stdout().lock();
    for unit in named(&course, &args.units)? {
        let (path, new) = revisions::release(&course.dir, unit)?;
        let done = if new { "wrote" } else { "there before:" };
        writeln!(out, "{done} {}", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
