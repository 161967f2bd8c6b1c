//! `cellist grade`: judges submissions and reports.

use anyhow::{Context as _, bail};
use cellist_grader::assignments::Assignments;
use cellist_grader::batch::{self, Settings};
use cellist_grader::intake::{self, IntakeError, Submission};
use cellist_grader::nbgrader::{Course, LatePolicy};
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::progress::Progress;
use cellist_grader::reporters::table::{self, Look};
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, Limits};
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

const AFTER_HELP: &str = "\
Each submission runs in a process of its own. From a notebook only the answers are taken: examples
and checks run as they are in the spec.

Exit codes:
  0  every submission was graded, whatever its points
  1  something could not be graded (missing, broken or foreign notebook); the rest was
  2  usage, or a broken spec; nothing was graded

Examples:
  cellist grade alice.ipynb --spec spec.json
  cellist grade submissions/ --spec spec/ --json > verdicts.json
  cellist grade 'submissions/*/day02.ipynb' --spec spec/day02.json --jobs 4
  cellist grade --nbgrader ~/course --assignment ps1 --late zero";

/// Grades submitted notebooks and prints a table of units, checks, points and hints.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GradeArgs {
    /// Notebooks, folders of notebooks, or patterns such as 'submissions/*/day02.ipynb'
    #[arg(required_unless_present = "nbgrader", value_name = "SUBMISSION")]
    submissions: Vec<PathBuf>,

    /// Grading spec, or a folder of them; each submission finds its own by the ids of its cells
    #[arg(long, required_unless_present = "nbgrader", value_name = "FILE|FOLDER")]
    spec: Vec<PathBuf>,

    /// Grade a course of nbgrader as it lies, by nbgrader's rules: a folder with `source` and `submitted`
    #[arg(long, value_name = "COURSE", conflicts_with_all = ["submissions", "spec"])]
    nbgrader: Option<PathBuf>,

    /// Grade only this assignment of the course
    #[arg(long, value_name = "NAME", requires = "nbgrader")]
    assignment: Option<String>,

    /// What late submissions lose; nbgrader's gradebook has the due dates
    #[arg(long, value_name = "POLICY", requires = "nbgrader", value_enum, default_value = "none")]
    late: Late,

    /// Print a JSON array with a verdict or an error per submission instead of tables
    #[arg(long)]
    json: bool,

    /// Submissions judged at the same time [default: number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Seconds that one cell or check may take [default: 10, or nbgrader's 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cell_timeout: Option<Duration>,

    /// Seconds that a whole notebook may take [default: 60, or 600 for one of nbgrader's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Memory that a submission may use, in MiB, the interpreter included
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(256..))]
    memory: u64,

    /// Seed of Python's string hashes
    #[arg(long, value_name = "N", default_value_t = Judge::DEFAULT_SEED)]
    seed: u32,

    /// Show no progress on standard error
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Late {
    /// Nothing; it is only noted
    None,
    /// All points
    Zero,
}

/// Grades and prints. Returns exit code 2 when the specs are of no use, else 1 when there is no
/// verdict on some submission.
///
/// # Errors
/// When the program does not know its own path or cannot print.
pub(crate) fn run(args: GradeArgs) -> anyhow::Result<ExitCode> {
    let Work { assignments, found } = match work(&args) {
        Ok(work) => work,
        Err(error) => {
            writeln!(io::stderr(), "error: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let usual = usual_limits(args.nbgrader.is_some());
    let settings = Settings {
        program: std::env::current_exe().context("cannot find the path of this program")?,
        limits: Limits {
            cell: args.cell_timeout.unwrap_or(usual.cell),
            total: args.timeout.unwrap_or(usual.total),
            memory: args.memory << 20,
            ..usual
        },
        jobs: args.jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN),
        seed: args.seed,
    };
    let mut report = Report {
        progress: Progress::new(found.len(), args.quiet),
        json: args.json.then(Vec::new),
        graded: 0,
        failed: 0,
        printed: Ok(()),
    };
    batch::grade(found, assignments.as_ref(), &settings, |graded| report.add(graded));
    report.finish()
}

/// What a submission may use unless the command line says otherwise. nbgrader gives a cell 30
/// seconds, and a notebook as long as it has cells.
fn usual_limits(of_nbgrader: bool) -> Limits {
    let usual = Limits::default();
    match of_nbgrader {
        true => Limits { cell: Duration::from_secs(30), total: Duration::from_secs(600), ..usual },
        false => usual,
    }
}

/// What is held against what.
struct Work {
    assignments: Box<dyn Assignments>,
    found: Vec<Result<Submission, IntakeError>>,
}

fn work(args: &GradeArgs) -> anyhow::Result<Work> {
    let Some(folder) = &args.nbgrader else {
        let assignments = Box::new(Specs::read(&args.spec)?);
        return Ok(Work { assignments, found: intake::collect(&args.submissions) });
    };
    let policy = match args.late {
        Late::None => LatePolicy::None,
        Late::Zero => LatePolicy::Zero,
    };
    let course = Course::read(folder, args.assignment.as_deref(), policy)?;
    let (found, notes) = course.submissions();
    for note in notes {
        writeln!(io::stderr(), "note: {note}")?;
    }
    Ok(Work { assignments: Box::new(course), found })
}

struct Report {
    progress: Progress,
    /// The entries so far; `None` when tables are printed instead.
    json: Option<Vec<Entry>>,
    graded: usize,
    failed: usize,
    /// The first failure to print. Grading goes on: the exit code is still wanted.
    printed: io::Result<()>,
}

impl Report {
    fn add(&mut self, graded: batch::Graded) {
        match graded.result {
            Ok(_) => self.graded += 1,
            Err(_) => self.failed += 1,
        }
        self.progress.step(&graded);
        match &mut self.json {
            Some(entries) => entries.push(graded.into()),
            None => self.print(&table::submission(&graded, Look::of_stdout())),
        }
    }

    fn finish(mut self) -> anyhow::Result<ExitCode> {
        match self.json.take() {
            Some(entries) => self.print(&json::report(&entries)),
            None if self.graded + self.failed > 1 => {
                self.print(&table::summary(self.graded, self.failed));
            }
            None => {}
        }
        self.progress.finish();
        match self.printed {
            // `| head` has read all it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.context("cannot print the report")?,
        }
        Ok(if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn print(&mut self, text: &str) {
        if self.printed.is_ok() {
            self.printed = self.progress.aside(|| {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            });
        }
    }
}

fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => bail!("must be more than 0"),
    }
}
