//! `cellist notebooks export`.

use super::build::count;
use super::{CourseArgs, load};
use cellist_formats::text_file;
use cellist_notebooks::export;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
For nbgrader, FOLDER gets `source/SET/NOTEBOOK.ipynb` with solutions and hidden tests and
`release/SET/NOTEBOOK.ipynb` for learners; each set is an assignment. nbgrader runs the notebooks in the
kernel that they name, so `cellist kernel install` must have been run. Guards pay there like other
checks, quizzes and reflections are graded by hand.

Exit codes:
  0  done
  1  the course has an error
  2  usage, or a failure of this machine

Examples:
  cellist notebooks export --to nbgrader ~/nbgrader-course
  cd ~/nbgrader-course && nbgrader autograde day02";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ExportArgs {
    /// Where to write
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// For which grader
    #[arg(long, value_enum)]
    to: Target,

    #[command(flatten)]
    course: CourseArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// nbgrader 0.6 to 0.9: `source` and `release`
    Nbgrader,
}

/// Writes the course for another grader.
pub(super) fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let Target::Nbgrader = args.to;
    let assignments = export::nbgrader(&course);
    let mut changed = 0;
    for assignment in &assignments {
        for (edition, notebook) in
            [("source", &assignment.source), ("release", &assignment.release)]
        {
            let path = args.folder.join(edition).join(&assignment.file);
            changed += usize::from(text_file::write_if_changed(&path, &notebook.to_text())?);
        }
    }
    writeln!(
        io::stdout(),
        "{} of {} in {}: {} written",
        count(assignments.len(), "notebook"),
        count(course.sets.len(), "assignment"),
        args.folder.display(),
        count(changed, "file")
    )?;
    Ok(ExitCode::SUCCESS)
}
