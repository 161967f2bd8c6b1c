//! `cellist check`: a learner's public checks.

use super::grade::{seconds, too_little};
use anyhow::Context as _;
use cellist_formats::spec::SpecNeed;
use cellist_grader::assignments::Assignments as _;
use cellist_grader::batch::{self, Graded, Settings};
use cellist_grader::intake;
use cellist_grader::public_checks::PublicChecks;
use cellist_grader::reporters::checks;
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::table::Look;
use cellist_judge::{Judge, Level, Limits};
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

const AFTER_HELP: &str = "\
A notebook holds all that is needed: no spec, no course folder, no kernel. Its saved file is run as
`cellist grade` runs it: the given cells only, each unit on its clock, locked away from files, other
processes and the network. Handing in may run more checks than a notebook shows, and says whether
quizzes are right.

Exit codes:
  0  every public check of every notebook passed
  1  at least one did not
  2  usage, or a notebook that could not be checked (missing, broken, no checks); the rest was
  3  this machine offers less than --require-sandbox asks for; nothing was run

Examples:
  cellist check 01-coffee-shop.ipynb
  cellist check 01-coffee-shop.ipynb --timeline    draw what the tasks of failed checks did
  cellist check day02/ --json > checks.json
  cellist check submission/ --from given-out/      whatever a learner made of the checks";

/// Runs the public checks of notebooks, and says how to go on
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckArgs {
    /// Notebooks, folders of them, or patterns such as 'day02/*.ipynb'
    #[arg(required = true, value_name = "NOTEBOOK")]
    notebooks: Vec<PathBuf>,

    /// Take checks and examples from the notebooks as they were given out
    #[arg(long, value_name = "FILE|FOLDER")]
    from: Vec<PathBuf>,

    /// Print a JSON array with a verdict or an error per notebook, as `cellist grade --json` does
    #[arg(long)]
    json: bool,

    /// Draw what the tasks and threads of each failed check did
    #[arg(long, conflicts_with = "json")]
    timeline: bool,

    /// Seconds that one cell or check may take, waiting for a busy processor not included [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cell_timeout: Option<Duration>,

    /// Seconds that a whole notebook may take [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Run nothing unless it is locked away as `cellist grade --require-sandbox` wants it
    #[arg(long)]
    require_sandbox: bool,
}

/// Runs the checks and prints. Returns 0 when all passed, 1 when one did not, 2 when a notebook could
/// not be checked, 3 when the sandbox is not what was required.
///
/// # Errors
/// When the program does not know its own path or cannot print.
pub(crate) fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let found = intake::collect(&args.notebooks);
    let assignments = match args.from.is_empty() {
        true => PublicChecks::own(&found),
        false => match PublicChecks::released(intake::collect(&args.from)) {
            Ok(released) => released,
            Err(error) => {
                writeln!(io::stderr(), "error: {error}")?;
                return Ok(ExitCode::from(2));
            }
        },
    };
    let usual = Limits::default();
    let settings = Settings {
        program: std::env::current_exe().context("cannot find the path of this program")?,
        limits: Limits {
            cell: args.cell_timeout.unwrap_or(usual.cell),
            total: args.timeout.unwrap_or(usual.total),
            ..usual
        },
        jobs: available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        seed: Judge::DEFAULT_SEED,
        watched: true,
    };
    // One that does not start is told with each notebook.
    let first = Judge::with_limits(&settings.program, settings.limits).ok();
    let level = first.as_ref().map(Judge::level);
    let loopback = assignments.need(SpecNeed::Loopback);
    if args.require_sandbox && !level.is_some_and(|level| level.suffices(loopback)) {
        writeln!(io::stderr(), "error: {}", too_little(level))?;
        return Ok(ExitCode::from(3));
    }
    let mut results = Results { args, level, entries: Vec::new(), code: 0, printed: Ok(()) };
    batch::grade(found, &assignments, &settings, first, |graded| results.add(graded));
    results.finish()
}

struct Results {
    args: CheckArgs,
    level: Option<Level>,
    /// For JSON.
    entries: Vec<Entry>,
    /// The exit code so far.
    code: u8,
    /// The first failure to print: the exit code is still wanted.
    printed: io::Result<()>,
}

impl Results {
    fn add(&mut self, graded: Graded) {
        let code = match &graded.result {
            Ok(verdict) if checks::all_passed(verdict) => 0,
            Ok(_) => 1,
            Err(_) => 2,
        };
        self.code = self.code.max(code);
        if self.args.json {
            self.entries.push(Entry::new(graded, self.level));
        } else {
            self.print(&checks::report(&graded, Look::of_stdout(), self.args.timeline));
        }
    }

    fn finish(mut self) -> anyhow::Result<ExitCode> {
        if self.args.json {
            self.print(&json::report(&self.entries));
        }
        match self.printed {
            // `| head` has read all it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.context("cannot print what the checks came to")?,
        }
        Ok(ExitCode::from(self.code))
    }

    fn print(&mut self, text: &str) {
        if self.printed.is_ok() {
            let mut out = io::stdout().lock();
            self.printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }
}
