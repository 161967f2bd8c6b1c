//! `cellist grade`: judges submissions and reports.

mod recorder;
pub(crate) mod reports;

use anyhow::{Context as _, bail};
use cellist_formats::spec::SpecNeed;
use cellist_grader::assignments::Assignments;
use cellist_grader::batch::{self, Settings};
use cellist_grader::intake::{self, IntakeError, Submission};
use cellist_grader::nbgrader::{Course, LatePolicy};
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::progress::Progress;
use cellist_grader::reporters::table::{self, Look};
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, Level, Limits};
use recorder::Recorder;
use reports::ReportArgs;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

const AFTER_HELP: &str = "\
Each submission runs in a process of its own, locked away from files, other processes and the network
as far as this machine's kernel can (`sandbox:` on standard error says how far). From a notebook only the
answers are taken: examples and checks run as they are in the spec.

Exit codes:
  0  every submission was graded, whatever its points
  1  something could not be graded (missing, broken or foreign notebook), or a report not be
     written; the rest was
  2  usage, a broken spec, or a report that could not be written; nothing was graded
  3  this machine offers less than --require-sandbox asks for; nothing was graded

Reports are written when all is graded; none holds a hidden check's code or values. Where one of a learner's
submissions for a notebook must count, it is the last. The folder of --html gets index.html, the overview of
the class, and learners/NAME.html to hand out.

Examples:
  cellist grade alice.ipynb --spec spec.json
  cellist grade submissions/ --spec spec/ --json > verdicts.json
  cellist grade 'submissions/*/day02.ipynb' --spec spec/day02.json --jobs 4
  cellist grade moodle-download.zip --spec spec/ --moodle grades.csv
  cellist grade submissions/ --spec spec/ --html feedback --junit report.xml --csv grades.csv
  cellist grade /autograder/submission --spec spec/ --gradescope /autograder/results/results.json
  cellist grade --nbgrader ~/course --assignment ps1 --late zero";

/// Grades submitted notebooks and prints a table of units, checks, points and hints.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GradeArgs {
    /// Notebooks, folders or archives (zip, tar, tar.gz) of them, or patterns such as 'submissions/*/day02.ipynb'
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

    /// Seconds that one cell or check may take, waiting for a busy processor not included [default: 10, or nbgrader's 30]
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

    /// Grade nothing unless submissions are kept from all files but their own, from other processes, and
    /// from the network (Landlock ABI 3, seccomp; where units use the loopback, a network of its own)
    #[arg(long)]
    require_sandbox: bool,

    /// Show no progress on standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    reports: ReportArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Late {
    /// Nothing; it is only noted
    None,
    /// All points
    Zero,
}

/// Grades and prints. Returns exit code 2 when the specs are of no use or a report could not be
/// written later, 3 when the sandbox is not what was required, else 1 when there is no verdict on
/// some submission or a report was not written.
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
    if let Err(error) = args.reports.probe() {
        writeln!(io::stderr(), "error: {error}\nnothing was graded; name another file or folder")?;
        return Ok(ExitCode::from(2));
    }
    let gradebook = match args.reports.gradebook() {
        Ok(gradebook) => gradebook.map(|book| Recorder::new(book, args.seed)),
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
    // One that does not start is told with each submission that wants it.
    let start = || Judge::with_limits(&settings.program, settings.limits).ok();
    let wanted = args.require_sandbox || found.iter().any(Result::is_ok);
    let first = wanted.then(start).flatten();
    let level = first.as_ref().map(Judge::level);
    let enough = level.is_some_and(|level| level.suffices(assignments.need(SpecNeed::Loopback)));
    if args.require_sandbox && !enough {
        writeln!(io::stderr(), "error: {}", too_little(level))?;
        return Ok(ExitCode::from(3));
    }
    if let Some(level) = level.filter(|_| !args.quiet) {
        writeln!(io::stderr(), "sandbox: {level}")?;
    }
    let mut report = Report {
        progress: Progress::new(found.len(), args.quiet),
        json: args.json,
        reports: args.reports,
        gradebook,
        entries: Vec::new(),
        level,
        graded: 0,
        failed: 0,
        printed: Ok(()),
    };
    batch::grade(found, assignments.as_ref(), &settings, first, |graded| report.add(graded));
    report.finish()
}

/// What a submission may use unless the command line says otherwise. nbgrader gives a cell 30
/// seconds, and a notebook as long as it has cells.
pub(crate) fn usual_limits(of_nbgrader: bool) -> Limits {
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
    /// Prints JSON at the end instead of tables now.
    json: bool,
    reports: ReportArgs,
    gradebook: Option<Recorder>,
    /// What is graded so far; empty when nobody wants it later.
    entries: Vec<Entry>,
    level: Option<Level>,
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
        if !self.json {
            self.print(&table::submission(&graded, Look::of_stdout()));
        }
        if let Some(gradebook) = &mut self.gradebook {
            gradebook.add(&graded);
        }
        if self.json || self.reports.any() {
            self.entries.push(Entry::new(graded, self.level));
        }
    }

    fn finish(mut self) -> anyhow::Result<ExitCode> {
        if self.json {
            self.print(&json::report(&self.entries));
        } else if self.graded + self.failed > 1 {
            self.print(&table::summary(self.graded, self.failed));
        }
        self.progress.finish();
        let unwritten = self.reports.write(&self.entries);
        let unrecorded = self.gradebook.take().and_then(Recorder::failure);
        if let Some(error) = &unrecorded {
            writeln!(io::stderr(), "error: {error}")?;
        }
        for error in &unwritten {
            writeln!(
                io::stderr(),
                "error: {error}\nthe rest was written; mend this and grade again"
            )?;
        }
        match self.printed {
            // `| head` has read all it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.context("cannot print the report")?,
        }
        let all = self.failed == 0 && unwritten.is_empty() && unrecorded.is_none();
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(1) })
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

/// Why `--require-sandbox` refuses.
pub(crate) fn too_little(level: Option<Level>) -> String {
    match level {
        None => {
            "the judge did not start, so that nobody knows how far it is locked away; nothing was \
                 graded. Without --require-sandbox it says why."
                .to_owned()
        }
        Some(level) => format!(
            "--require-sandbox: this machine offers {level}; nothing was graded. Wanted: Landlock ABI {} \
             (Linux 6.2), seccomp, and a network namespace where units use the loopback.",
            Level::LANDLOCK_ENOUGH
        ),
    }
}

pub(crate) fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => bail!("must be more than 0"),
    }
}
