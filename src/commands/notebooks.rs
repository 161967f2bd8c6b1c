//! `cellist notebooks`: builds notebooks from units and proves the units right.

mod build;
mod coverage;
mod export;
mod import;
mod list;
mod new;
mod release;
mod sync;
mod verify;

use cellist_notebooks::course::Course;
use cellist_notebooks::diagnostic::Diagnostic;
use cellist_notebooks::publish::Places;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
A course is a folder with `course.toml` and units in `units/<track>/<unit>.md`. From each notebook
that `course.toml` names come a student notebook, an instructor notebook and a grading spec.

Exit codes:
  0  done; nothing to complain of
  1  a unit has an error, a published notebook is stale, or a proof fails
  2  usage, or a failure of this machine

Examples:
  cellist notebooks new --course && cellist notebooks new greetings
  cellist notebooks build
  cellist notebooks check
  cellist notebooks verify ex01
  cellist notebooks coverage --plan day02";

/// Builds notebooks from Markdown units, and proves the units right.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct NotebooksArgs {
    #[command(subcommand)]
    command: NotebooksCommand,
}

#[derive(Debug, clap::Subcommand)]
enum NotebooksCommand {
    /// Writes student notebooks, instructor notebooks and grading specs
    Build(PlacesArgs),
    /// Says which published notebooks are not what the units make; writes nothing
    Check(PlacesArgs),
    /// Proves that solutions pass, starters fail, and each known mistake fails its checks
    Verify(verify::VerifyArgs),
    /// Says which items of the plans the units cover, and which are missing
    Coverage(coverage::CoverageArgs),
    /// Takes a plan into the course, its text repaired
    Import(import::ImportArgs),
    /// Makes a unit to write on, or a course of one's own
    New(new::NewArgs),
    /// Records the units' checks as given out, so that they keep grading what was given out
    Release(release::ReleaseArgs),
    /// Carries edits in an instructor notebook back into its units
    Sync(sync::SyncArgs),
    /// Writes the course in the layout of another grader
    Export(export::ExportArgs),
    /// Lists sets, notebooks and units with their points and state
    List(list::ListArgs),
}

const PLACES_HELP: &str = "\
Student notebooks and the syllabus, which `%progress` reads, are published: by default they go to
`published` beside the course, to be committed. Instructor notebooks and specs hold the answers and go to `build/notebooks`. With --out,
all three go there: OUT/student, OUT/instructor, OUT/specs.

Examples:
  cellist notebooks build
  cellist notebooks build --course notebooks/course --out /tmp/notebooks
  cellist notebooks check --student ~/course/published";

#[derive(Debug, clap::Args)]
#[command(after_help = PLACES_HELP)]
struct PlacesArgs {
    #[command(flatten)]
    course: CourseArgs,

    /// Folder for everything generated [default: build/notebooks; students' see below]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Folder of the student notebooks [default: `published` beside the course, or OUT/student]
    #[arg(long, value_name = "FOLDER")]
    student: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct CourseArgs {
    /// Folder of the course, with `course.toml` in it [default: notebooks/course, else course]
    #[arg(long, value_name = "FOLDER")]
    course: Option<PathBuf>,
}

impl CourseArgs {
    /// The course's folder.
    fn dir(&self) -> PathBuf {
        self.course.clone().unwrap_or_else(default_course)
    }
}

/// The course below the working directory: in this repository, or made by `new --course`.
fn default_course() -> PathBuf {
    let own = PathBuf::from("course");
    let shipped = PathBuf::from("notebooks/course");
    let is_course = |folder: &Path| folder.join("course.toml").exists();
    if is_course(&own) && !is_course(&shipped) { own } else { shipped }
}

/// Runs a subcommand. Exit code 2 when a file cannot be written, there is no such course or unit,
/// or the judge does not start.
///
/// # Errors
/// When not even that can be told.
pub(crate) fn run(args: NotebooksArgs) -> anyhow::Result<ExitCode> {
    let done = match args.command {
        NotebooksCommand::Build(places) => build::build(&places),
        NotebooksCommand::Check(places) => build::check(&places),
        NotebooksCommand::Verify(verify) => verify::verify(&verify),
        NotebooksCommand::Coverage(coverage) => coverage::coverage(&coverage),
        NotebooksCommand::Import(import) => import::import(&import),
        NotebooksCommand::New(new) => new::new(&new),
        NotebooksCommand::Release(release) => release::release(&release),
        NotebooksCommand::Sync(sync) => sync::sync(&sync),
        NotebooksCommand::Export(export) => export::export(&export),
        NotebooksCommand::List(list) => list::list(&list),
    };
    match done {
        // `| head` has read all it wanted.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            writeln!(io::stderr(), "error: {error:#}")?;
            Ok(ExitCode::from(2))
        }
        Ok(code) => Ok(code),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// The course, or the exit code after its problems were printed.
fn load(dir: &Path) -> anyhow::Result<Result<Course, ExitCode>> {
    match Course::load(dir) {
        Ok(course) => Ok(Ok(course)),
        Err(_) if !dir.join("course.toml").exists() => {
            anyhow::bail!(
                "there is no course in `{}`: it has no `course.toml`; name the course's folder with \
                 `--course FOLDER`, or make one with `cellist notebooks new --course FOLDER`",
                dir.display()
            )
        }
        Err(problems) => {
            print_problems(&problems)?;
            Ok(Err(ExitCode::from(1)))
        }
    }
}

fn print_problems(problems: &[Diagnostic]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for problem in problems {
        writeln!(err, "{problem}")?;
    }
    let plural = if problems.len() == 1 { "" } else { "s" };
    writeln!(err, "error: {} problem{plural}; nothing was done", problems.len())
}

impl PlacesArgs {
    fn places(&self) -> Places {
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from("build/notebooks"));
        let student = match (&self.student, &self.out) {
            (Some(student), _) => student.clone(),
            (None, Some(out)) => out.join("student"),
            (None, None) => published_beside(&self.course.dir()),
        };
        Places { student, instructor: out.join("instructor"), specs: out.join("specs") }
    }
}

/// `notebooks/published` for `notebooks/course`.
fn published_beside(course: &Path) -> PathBuf {
    match course.parent() {
        Some(parent) if course.file_name().is_some() => parent.join("published"),
        // `.`, `..`, `/`: ask the file system what is above.
        _ => course.join("..").join("published"),
    }
}
