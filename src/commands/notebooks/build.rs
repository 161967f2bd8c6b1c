//! `cellist notebooks build` and `check`.

use super::{PlacesArgs, load};
use cellist_notebooks::{build, publish};
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Writes what the units make.
pub(super) fn build(args: &PlacesArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let written =
        publish::write(&build::course(&course), &build::syllabus(&course), &args.places())?;
    let mut out = io::stdout().lock();
    for path in &written.changed {
        writeln!(out, "wrote {}", path.display())?;
    }
    for path in &written.stray {
        writeln!(out, "stray {}: no unit makes it; delete it", path.display())?;
    }
    writeln!(
        out,
        "{} of {}: {} written, {} up to date",
        count(course.notebooks.len(), "notebook"),
        count(course.units.len(), "unit"),
        count(written.changed.len(), "file"),
        written.unchanged
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Says what is not up to date.
pub(super) fn check(args: &PlacesArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let stale = publish::check(&build::course(&course), &build::syllabus(&course), &args.places());
    let mut out = io::stdout().lock();
    if stale.is_empty() {
        writeln!(out, "{} up to date", count(course.notebooks.len(), "notebook"))?;
        return Ok(ExitCode::SUCCESS);
    }
    for file in &stale {
        writeln!(out, "stale {}: {}", file.path.display(), file.reason)?;
    }
    writeln!(
        io::stderr(),
        "error: {} stale; run `cellist notebooks build` and commit",
        stale.len()
    )?;
    Ok(ExitCode::from(1))
}

/// "1 unit", "2 units".
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
