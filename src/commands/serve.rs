//! `cellist serve`: the grader's web page.

use super::grade::{JudgingArgs, Late, record, too_little};
use cellist_formats::notebook::Notebook;
use cellist_formats::spec::{Spec, SpecNeed};
use cellist_gradebook::{Gradebook, GradebookError};
use cellist_grader::assignments::Assignments;
use cellist_grader::batch::{self, Graded};
use cellist_grader::intake::{self, Submission};
use cellist_grader::nbgrader::{Course, LatePolicy};
use cellist_grader::otter::OtterAssignments;
use cellist_grader::specs::Specs;
use cellist_judge::{Judge, revised};
use cellist_serve::Settings;
use std::borrow::Cow;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

const AFTER_HELP: &str = "\
Shows what `cellist grade … --gradebook FILE` wrote down: submissions cell by cell, written answers to be graded
with the keyboard, exports. Grades again when it knows by what: name the submissions and --spec, or --nbgrader, as
for `cellist grade`. Notebooks are read from where they were graded, or found among SUBMISSION by what is in them.

Open the address that is printed; its token lets one in, and nobody else. Ctrl-C ends it.

Exit codes:
  0  ended by Ctrl-C
  1  no gradebook, or one that is locked, out of reach or of a newer version; a port in use; broken specs
  2  usage
  3  this machine offers less than --require-sandbox asks for

Examples:
  cellist serve submissions/ --spec spec/ --gradebook gradebook.db
  cellist serve --nbgrader ~/course --gradebook gradebook.db --late zero
  cellist serve submissions/ --otter hw01/hw01.ipynb --gradebook gradebook.db
  cellist serve --gradebook gradebook.db --port 0 --by Ada
  ssh -L 8910:localhost:8910 server        then open the address of a `cellist serve` over there";

/// Serves a page for graders: submissions, manual grading, exports.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// Notebooks, folders, archives or patterns, as for `cellist grade`
    #[arg(value_name = "SUBMISSION")]
    submissions: Vec<PathBuf>,

    /// The gradebook: a file, or the URL of a PostgreSQL database
    #[arg(long, value_name = "FILE|URL", default_value = "gradebook.db")]
    gradebook: PathBuf,

    /// Grading spec, or a folder of them: for rubrics, and to grade again
    #[arg(long, value_name = "FILE|FOLDER")]
    spec: Vec<PathBuf>,

    /// A course of nbgrader to grade again
    #[arg(long, value_name = "COURSE", conflicts_with_all = ["submissions", "spec"])]
    nbgrader: Option<PathBuf>,

    /// Assignments of Otter-Grader to grade again, as for `cellist grade`
    #[arg(long, value_name = "ASSIGNMENT", conflicts_with_all = ["spec", "nbgrader"])]
    otter: Vec<PathBuf>,

    /// What late submissions of that course lose
    #[arg(long, value_name = "POLICY", requires = "nbgrader", value_enum, default_value = "none")]
    late: Late,

    /// Port to listen at; 0 takes one that is free
    #[arg(long, value_name = "N", default_value_t = 8910)]
    port: u16,

    /// Address to listen at. Any but a loopback's lets others on the network try, without encryption
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// In whose name points are given [default: the user's name]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    #[command(flatten)]
    judging: JudgingArgs,

    /// Serve nothing unless submissions are locked away as `cellist grade --require-sandbox` wants it
    #[arg(long)]
    require_sandbox: bool,
}

/// Serves until Ctrl-C.
///
/// # Errors
/// When there is no gradebook, the specs are broken, or the port cannot be had.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let gradebook = Gradebook::open(&args.gradebook)?;
    let by = args.by.clone().or_else(user).unwrap_or_else(|| "the web page".to_owned());
    let address = SocketAddr::new(args.bind, args.port);
    let required = args.require_sandbox;
    let grader = Arc::new(Collection::read(args)?);
    if required && let Some(why) = grader.lacks() {
        writeln!(io::stderr(), "error: {why}")?;
        return Ok(ExitCode::from(3));
    }
    if !address.ip().is_loopback() {
        writeln!(
            io::stderr(),
            "warning: {} is not a loopback address: whoever can reach it may try to get in, and what goes \
             over the network is not encrypted\nbetter keep to the loopback and use `ssh -L {}:localhost:{}`",
            address.ip(),
            address.port(),
            address.port()
        )?;
    }
    let settings = Settings { gradebook, grader: Some(grader), by, address };
    cellist_serve::serve(settings, |url| {
        // With nobody to read it there is nobody to come.
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{url}\nopen this address; Ctrl-C ends the server")
            .and_then(|()| out.flush());
    })?;
    Ok(ExitCode::SUCCESS)
}

fn user() -> Option<String> {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.trim().is_empty())
}

/// What submissions are held against.
enum Held {
    Specs(Specs),
    Course(Course),
    Otter(OtterAssignments),
    /// Only shown.
    Nothing,
}

/// Submissions, and how to grade them.
struct Collection {
    submissions: Vec<PathBuf>,
    held: Held,
    settings: batch::Settings,
}

impl Collection {
    fn read(args: ServeArgs) -> anyhow::Result<Self> {
        let held = match (&args.nbgrader, args.spec.as_slice()) {
            (Some(folder), _) => {
                let policy = match args.late {
                    Late::None => LatePolicy::None,
                    Late::Zero => LatePolicy::Zero,
                };
                Held::Course(Course::read(folder, None, policy, true)?)
            }
            (None, []) if !args.otter.is_empty() => {
                Held::Otter(OtterAssignments::read(&args.otter)?)
            }
            (None, []) => Held::Nothing,
            (None, specs) => Held::Specs(Specs::read(specs)?),
        };
        let of_another_grader = args.nbgrader.is_some() || !args.otter.is_empty();
        let settings = args.judging.settings(of_another_grader, false)?;
        Ok(Self { submissions: args.submissions, held, settings })
    }

    /// What this machine lacks of the sandbox that `--require-sandbox` asks for.
    fn lacks(&self) -> Option<String> {
        let loopback = self.assignments()?.need(SpecNeed::Loopback);
        let judge = Judge::with_limits(&self.settings.program, self.settings.limits).ok();
        let level = judge.as_ref().map(Judge::level);
        let enough = level.is_some_and(|level| level.suffices(loopback));
        (!enough).then(|| too_little(level))
    }

    fn assignments(&self) -> Option<&dyn Assignments> {
        match &self.held {
            Held::Specs(specs) => Some(specs),
            Held::Course(course) => Some(course),
            Held::Otter(assignments) => Some(assignments),
            Held::Nothing => None,
        }
    }
}

impl cellist_serve::Grader for Collection {
    fn submissions(&self) -> Vec<Submission> {
        let found = match &self.held {
            Held::Course(course) => course.submissions().0,
            _ => intake::collect(&self.submissions),
        };
        found.into_iter().flatten().collect()
    }

    fn can_grade(&self) -> bool {
        self.assignments().is_some()
    }

    fn spec(&self, notebook: &Notebook, path: &Path) -> Option<Cow<'_, Spec>> {
        match &self.held {
            Held::Specs(specs) => Some(revised(specs.find(notebook, path).ok()?, notebook).0),
            _ => None,
        }
    }

    fn grade(&self, submissions: Vec<Submission>, done: &mut dyn FnMut(Graded)) {
        if let Some(assignments) = self.assignments() {
            let found = submissions.into_iter().map(Ok).collect();
            batch::grade(found, assignments, &self.settings, None, done);
        }
    }

    fn record(&self, book: &mut Gradebook, graded: &Graded) -> Result<(), GradebookError> {
        let (Ok(verdict), Some(identity), Some(learner)) =
            (&graded.result, &graded.identity, &graded.learner)
        else {
            return Ok(());
        };
        let file = graded.path.to_string_lossy();
        book.record(&record(learner, &file, identity, self.settings.seed, verdict))
    }
}
