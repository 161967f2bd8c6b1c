//! `cellist notebooks sync`.

use super::{CourseArgs, load};
use anyhow::Context as _;
use cellist_formats::notebook::Notebook;
use cellist_formats::text_file;
use cellist_notebooks::sync::{self, SyncError};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Each edited cell goes back into its unit by its id: prose, examples, solutions (between their markers),
checks, quizzes, rubrics, glossaries. The units must be those that the notebook was built from, and the
new units must make exactly the edited cells; otherwise nothing is written. Cells that were added and
outputs stay in the notebook.

Exit codes:
  0  the units say what the notebook says
  1  an edit cannot be carried over, or a unit has changed meanwhile; nothing was written
  2  usage, or a failure of this machine

Examples:
  cellist notebooks sync build/notebooks/instructor/day02/03-gather.ipynb
  cellist notebooks sync mine.ipynb --dry-run";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct SyncArgs {
    /// An instructor notebook that `build` wrote
    #[arg(value_name = "INSTRUCTOR.ipynb")]
    notebook: PathBuf,

    #[command(flatten)]
    course: CourseArgs,

    /// Say what would be written, and write nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// Carries an instructor's edits over.
pub(super) fn sync(args: &SyncArgs) -> anyhow::Result<ExitCode> {
    let folder = args.course.dir();
    let course = match load(&folder)? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let mut notebook = Notebook::read(&args.notebook)?;
    let synced = match sync::sync(&course, &notebook) {
        Ok(synced) => synced,
        Err(SyncError::File(error)) => return Err(error.into()),
        Err(error) => {
            writeln!(io::stderr(), "error: `{}`: {error}", args.notebook.display())?;
            return Ok(ExitCode::from(1));
        }
    };
    let mut out = io::stdout().lock();
    let done = if args.dry_run { "would write" } else { "wrote" };
    for (path, text) in &synced.files {
        if !args.dry_run {
            text_file::write(path, text)?;
        }
        writeln!(out, "{done} {}", path.display())?;
    }
    for cell in &synced.cells {
        writeln!(out, "  cell {cell}")?;
    }
    if synced.added > 0 {
        writeln!(out, "{} added cells belong to no unit and stay in the notebook", synced.added)?;
    }
    if synced.files.is_empty() {
        writeln!(out, "the units say what the notebook says")?;
    } else if !args.dry_run {
        // So that the next edit of the same notebook is welcome as well.
        let course = match load(&folder)? {
            Ok(course) => course,
            Err(code) => return Ok(code),
        };
        sync::mark(&course, &mut notebook)?;
        notebook.write(&args.notebook).context("the units were written, the notebook was not")?;
        writeln!(out, "Next: cellist notebooks verify && cellist notebooks build")?;
    }
    Ok(ExitCode::SUCCESS)
}
