//! `cellist grade`: judges submissions and reports.

pub(crate) mod recorder;
pub(crate) mod reports;
pub(crate) mod work;

use anyhow::Context as _;
use cellist_formats::spec::SpecNeed;
use cellist_grader::assignments::Assignments;
use cellist_grader::batch;
use cellist_grader::intake::{self, IntakeError, Submission};
use cellist_grader::nbgrader::Course;
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::progress::Progress;
use cellist_grader::reporters::table::{self, Look};
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, Level};
use recorder::Recorder;
use reports::ReportArgs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use work::{JudgeArgs, Late, settings, too_little, usual_limits};

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

    #[command(flatten)]
    judge: JudgeArgs,

    /// Show no progress on standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    reports: ReportArgs,
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
        Ok(gradebook) => gradebook.map(|book| Recorder::new(book, args.judge.seed)),
        Err(error) => {
            writeln!(io::stderr(), "error: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let settings = settings(&args.judge, usual_limits(args.nbgrader.is_some()))?;
    // One that does not start is told with each submission that wants it.
    let start = || Judge::with_limits(&settings.program, settings.limits).ok();
    let wanted = args.judge.require_sandbox || found.iter().any(Result::is_ok);
    let first = wanted.then(start).flatten();
    let level = first.as_ref().map(Judge::level);
    let enough = level.is_some_and(|level| level.suffices(assignments.need(SpecNeed::Loopback)));
    if args.judge.require_sandbox && !enough {
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
    let course = Course::read(folder, args.assignment.as_deref(), args.late.into())?;
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
