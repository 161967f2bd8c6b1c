//! `cellist grade`: judges submissions and reports.

mod judging;
mod output;
mod recorder;
pub(crate) mod reports;
mod watch;

use anyhow::bail;
use cellist_formats::spec::SpecNeed;
use cellist_grader::assignments::Assignments;
use cellist_grader::attempts::{self, Shard, Which};
use cellist_grader::batch::{Batch, Journal, JournalError};
use cellist_grader::intake::{self, IntakeError, Submission};
use cellist_grader::nbgrader::{Course, LatePolicy};
use cellist_grader::otter::OtterAssignments;
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, Level};
pub(crate) use judging::{JudgingArgs, seconds};
use output::{Output, Shape};
use recorder::Recorder;
pub(crate) use recorder::record;
use reports::ReportArgs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Each submission runs in a process of its own, locked away from files, other processes and the network
as far as this machine's kernel can (`sandbox:` on standard error says how far). From a notebook only the
answers are taken: examples and checks run as they are in the spec.

Exit codes:
  0  every submission was graded, whatever its points
  1  something could not be graded (missing, broken or foreign notebook), or a report, gradebook or
     journal not be written; the rest was
  2  usage, a broken spec, gradebook or journal, or a report that could not be written; nothing was
     graded
  3  this machine offers less than --require-sandbox asks for; nothing was graded

Reports are written when all is graded; none holds a hidden check's code or values. The folder of --html gets
index.html, the overview of the class, and learners/NAME.html to hand out.

A learner may have handed in several attempts at a notebook. Which is later is told by nbgrader's
timestamps, by times and numbers in the names of files and folders (`answer-1.ipynb`,
`ann/attempt-2/`, `ann_2026-02-02T15-58-23`), else by their order. Where one must count, it is the
latest; --attempts decides otherwise.

--journal FILE writes each verdict down when it is there. The same command again, after whatever
ended it, takes from the file what it has, grades the rest, and reports as if nothing had
happened; a submission, spec or limit that has changed is graded again. Parts of a batch (--shard)
run on several machines with a journal each; one run with --join of all of them grades what none
of them has and reports on the whole.

Examples:
  cellist grade alice.ipynb --spec spec.json
  cellist grade submissions/ --spec spec/ --json > verdicts.json
  cellist grade 'submissions/*/day02.ipynb' --spec spec/day02.json --jobs 4
  cellist grade moodle-download.zip --spec spec/ --moodle grades.csv
  cellist grade submissions/ --spec spec/ --html feedback --junit report.xml --csv grades.csv
  cellist grade /autograder/submission --spec spec/ --gradescope /autograder/results/results.json
  cellist grade submissions/ --spec spec/ --journal journal.jsonl --csv grades.csv
  cellist grade submissions/ --spec spec/ --shard 2/4 --journal part-2.jsonl --quiet
  cellist grade submissions/ --spec spec/ --join part-1.jsonl --join part-2.jsonl --csv grades.csv
  cellist grade /srv/exchange/python/inbound --spec spec/ --attempts best --gradebook gradebook.db
  cellist grade --watch incoming/ --spec spec/ --gradebook gradebook.db
  cellist grade --nbgrader ~/course --assignment ps1 --late zero
  cellist grade --nbgrader ~/course /srv/exchange/python/inbound --attempts latest
  cellist grade --otter hw01/hw01.ipynb submissions/
  cellist grade --otter hw01-autograder.zip gradescope-download.zip --csv grades.csv";

/// Grades submitted notebooks and prints a table of units, checks, points and hints.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GradeArgs {
    /// Notebooks, folders or archives (zip, tar, tar.gz) of them, or patterns such as 'submissions/*/day02.ipynb'
    #[arg(required_unless_present_any = ["nbgrader", "watch"], value_name = "SUBMISSION")]
    submissions: Vec<PathBuf>,

    /// Grading spec, or a folder of them; each submission finds its own by the ids of its cells
    #[arg(long, required_unless_present_any = ["nbgrader", "otter"], value_name = "FILE|FOLDER")]
    spec: Vec<PathBuf>,

    /// Grade a course of nbgrader as it lies, by nbgrader's rules: a folder with `source` and `submitted`;
    /// a SUBMISSION is then an exchange's folder `inbound` to grade instead of `submitted`
    #[arg(long, value_name = "COURSE", conflicts_with = "spec")]
    nbgrader: Option<PathBuf>,

    /// Grade for an assignment of Otter-Grader, by Otter's rules: the notebook for `otter assign`, its
    /// `dist` folder, an autograder's zip file, or a folder of notebooks; submissions find their own by name
    #[arg(long, value_name = "ASSIGNMENT", conflicts_with_all = ["spec", "nbgrader"])]
    otter: Vec<PathBuf>,

    /// Grade only this assignment of the course
    #[arg(long, value_name = "NAME", requires = "nbgrader")]
    assignment: Option<String>,

    /// What late submissions lose; nbgrader's gradebook has the due dates
    #[arg(long, value_name = "POLICY", requires = "nbgrader", value_enum, default_value = "none")]
    late: Late,

    /// Of several attempts at a notebook the `latest`, the `best`, `all`, or the one with this number or
    /// name; all that are graded go into the gradebook
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = which)]
    attempts: Which,

    /// Write each verdict to this file as it comes, and take from it what it has: a run that was ended goes
    /// on where it was
    #[arg(long, visible_alias = "resume", value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Take verdicts from the journal of another run too, of a shard for example
    #[arg(long, value_name = "FILE")]
    join: Vec<PathBuf>,

    /// Grade only this part of the learners: `1/4` to `4/4` together are all of them
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// Grade what is dropped into this folder, when it is complete, until Ctrl-C
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["submissions", "nbgrader", "attempts", "shard"])]
    watch: Option<PathBuf>,

    /// Print a JSON array with a verdict or an error per submission instead of tables; with --watch a line of
    /// JSON for each
    #[arg(long)]
    json: bool,

    /// Report no times or timelines, and no addresses of objects: the same submissions give the same bytes
    #[arg(long)]
    reproducible: bool,

    #[command(flatten)]
    judging: JudgingArgs,

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
        Ok(gradebook) => gradebook.map(|book| Recorder::new(book, args.judging.seed)),
        Err(error) => {
            writeln!(io::stderr(), "error: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let of_another_grader = args.nbgrader.is_some() || !args.otter.is_empty();
    // What is seen of checks has times in it.
    let watched = args.reports.tables.is_watched() && !args.reproducible;
    let settings = args.judging.settings(of_another_grader, watched)?;
    let journal = match journal(&args, assignments.as_ref()) {
        Ok(journal) => journal,
        Err(error) => {
            writeln!(io::stderr(), "error: {error}\nnothing was graded")?;
            return Ok(ExitCode::from(2));
        }
    };
    let plan =
        attempts::plan(found, assignments.as_ref(), settings.jobs, &args.attempts, args.shard);
    for note in &plan.notes {
        writeln!(io::stderr(), "note: {note}")?;
    }
    // One that does not start is told with each submission that wants it.
    let start = || Judge::with_limits(&settings.program, settings.limits).ok();
    let some = args.watch.is_some() || plan.work.iter().any(|planned| planned.found.is_ok());
    let first = (args.require_sandbox || some).then(start).flatten();
    let level = first.as_ref().map(Judge::level);
    let enough = level.is_some_and(|level| level.suffices(assignments.need(SpecNeed::Loopback)));
    if args.require_sandbox && !enough {
        writeln!(io::stderr(), "error: {}", too_little(level))?;
        return Ok(ExitCode::from(3));
    }
    if !args.quiet {
        if let Some(level) = level {
            writeln!(io::stderr(), "sandbox: {level}")?;
        }
        if let Some(journal) = journal.as_ref().filter(|journal| !journal.is_empty()) {
            writeln!(io::stderr(), "journal: {} verdicts are there already", journal.len())?;
        }
    }
    let shape = match (args.json, args.watch.is_some()) {
        (false, _) => Shape::Tables,
        (true, false) => Shape::Json,
        (true, true) => Shape::JsonLines,
    };
    let how = output::How {
        shape,
        attempts: args.attempts,
        reproducible: args.reproducible,
        quiet: args.quiet,
    };
    let batch = Batch::new(assignments.as_ref(), &settings, first).with_journal(journal.as_ref());
    let mut output = match &args.watch {
        None => Output::new(how, Some(plan.work.len()), args.reports, gradebook),
        Some(_) => Output::new(how, None, args.reports, gradebook),
    };
    match &args.watch {
        None => batch.grade(plan.work, |done| output.add(done)),
        Some(folder) => watch::watch(folder, batch, assignments.as_ref(), &settings, &mut output)?,
    }
    output.finish(journal)
}

/// The journals that are asked for; `None` without any.
fn journal(
    args: &GradeArgs,
    assignments: &dyn Assignments,
) -> Result<Option<Journal>, JournalError> {
    if args.journal.is_none() && args.join.is_empty() {
        return Ok(None);
    }
    let journal = Journal::open(args.journal.as_deref(), &args.join)?;
    Ok(Some(match args.require_sandbox {
        true => journal.sandboxed(assignments.need(SpecNeed::Loopback)),
        false => journal,
    }))
}

/// What is held against what.
struct Work {
    assignments: Box<dyn Assignments>,
    found: Vec<Result<Submission, IntakeError>>,
}

fn work(args: &GradeArgs) -> anyhow::Result<Work> {
    if !args.otter.is_empty() {
        let assignments = Box::new(OtterAssignments::read(&args.otter)?);
        return Ok(Work { assignments, found: intake::collect(&args.submissions) });
    }
    let Some(folder) = &args.nbgrader else {
        let assignments = Box::new(Specs::read(&args.spec)?);
        if let Some(folder) = args.watch.as_ref().filter(|folder| !folder.is_dir()) {
            bail!("`{}` is no folder; make it, and drop submissions into it", folder.display());
        }
        return Ok(Work { assignments, found: intake::collect(&args.submissions) });
    };
    let policy = match args.late {
        Late::None => LatePolicy::None,
        Late::Zero => LatePolicy::Zero,
    };
    let submitted = args.submissions.is_empty();
    let course = Course::read(folder, args.assignment.as_deref(), policy, submitted)?;
    let (found, notes) = match submitted {
        true => course.submissions(),
        false => course.inbound(&args.submissions),
    };
    for note in notes {
        writeln!(io::stderr(), "note: {note}")?;
    }
    Ok(Work { assignments: Box::new(course), found })
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

fn which(text: &str) -> anyhow::Result<Which> {
    match text {
        "" => bail!("`latest`, `best`, `all`, or the number or name of an attempt"),
        text => Ok(Which::from(text)),
    }
}
