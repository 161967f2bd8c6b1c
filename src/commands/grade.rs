//! `cellist grade`: judges submissions and reports.

mod recorder;
pub(crate) mod reports;

use anyhow::{Context as _, bail};
use cellist_grader::batch::{self, Settings};
use cellist_grader::intake;
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::progress::Progress;
use cellist_grader::reporters::table::{self, Look};
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, Limits};
use recorder::Recorder;
use reports::ReportArgs;
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
  1  something could not be graded (missing, broken or foreign notebook), or a report not be
     written; the rest was
  2  usage, a broken spec, or a report that could not be written; nothing was graded

Reports are written when all is graded; none holds a hidden check's code or values. Where one of a learner's
submissions for a notebook must count, it is the last. The folder of --html gets index.html, the overview of
the class, and learners/NAME.html to hand out.

Examples:
  cellist grade alice.ipynb --spec spec.json
  cellist grade submissions/ --spec spec/ --json > verdicts.json
  cellist grade 'submissions/*/day02.ipynb' --spec spec/day02.json --jobs 4
  cellist grade moodle-download.zip --spec spec/ --moodle grades.csv
  cellist grade submissions/ --spec spec/ --html feedback --junit report.xml --csv grades.csv
  cellist grade /autograder/submission --spec spec/ --gradescope /autograder/results/results.json";

/// Grades submitted notebooks and prints a table of units, checks, points and hints.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GradeArgs {
    /// Notebooks, folders or archives (zip, tar, tar.gz) of them, or patterns such as 'submissions/*/day02.ipynb'
    #[arg(required = true, value_name = "SUBMISSION")]
    submissions: Vec<PathBuf>,

    /// Grading spec, or a folder of them; each submission finds its own by the ids of its cells
    #[arg(long, required = true, value_name = "FILE|FOLDER")]
    spec: Vec<PathBuf>,

    /// Print a JSON array with a verdict or an error per submission instead of tables
    #[arg(long)]
    json: bool,

    /// Submissions judged at the same time [default: number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Seconds that one cell or check may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    cell_timeout: Duration,

    /// Seconds that a whole notebook may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    /// Memory that a submission may use, in MiB, the interpreter included
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(256..))]
    memory: u64,

    /// Seed of Python's string hashes
    #[arg(long, value_name = "N", default_value_t = Judge::DEFAULT_SEED)]
    seed: u32,

    /// Show no progress on standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    reports: ReportArgs,
}

/// Grades and prints. Returns exit code 2 when the specs are of no use or a report could not be
/// written later, else 1 when there is no verdict on some submission or a report was not written.
///
/// # Errors
/// When the program does not know its own path or cannot print.
pub(crate) fn run(args: GradeArgs) -> anyhow::Result<ExitCode> {
    let specs = match Specs::read(&args.spec) {
        Ok(specs) => specs,
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
    let settings = Settings {
        program: std::env::current_exe().context("cannot find the path of this program")?,
        limits: Limits {
            cell: args.cell_timeout,
            total: args.timeout,
            memory: args.memory << 20,
            ..Limits::default()
        },
        jobs: args.jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN),
        seed: args.seed,
    };
    let found = intake::collect(&args.submissions);
    let mut report = Report {
        progress: Progress::new(found.len(), args.quiet),
        json: args.json,
        reports: args.reports,
        gradebook,
        entries: Vec::new(),
        graded: 0,
        failed: 0,
        printed: Ok(()),
    };
    batch::grade(found, &specs, &settings, |graded| report.add(graded));
    report.finish()
}

struct Report {
    progress: Progress,
    /// Prints JSON at the end instead of tables now.
    json: bool,
    reports: ReportArgs,
    gradebook: Option<Recorder>,
    /// What is graded so far; empty when nobody wants it later.
    entries: Vec<Entry>,
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
            self.entries.push(graded.into());
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

fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => bail!("must be more than 0"),
    }
}
