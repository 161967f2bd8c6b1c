//! `cellist gradebook`: shows, changes and exports what `cellist grade --gradebook` wrote down.

mod change;
mod export;
mod show;

use cellist_gradebook::Gradebook;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
`cellist grade … --gradebook FILE` makes the file and adds to it. A PostgreSQL database serves as well: name its URL,
postgres://USER@HOST/DATABASE, and put the password into PGPASSWORD. Grading again changes nothing that a person
has decided, and nothing at all where submission, checks, grader and seed are the same. Of a learner's
submissions for a notebook the one that was graded last counts. Nothing is deleted: `show` has it all.

Exit codes:
  0  done
  1  no such gradebook, learner or check; a locked or broken file, a server out of reach
  2  usage

Examples:
  cellist grade submissions/ --spec spec/ --gradebook gradebook.db
  cellist gradebook list
  cellist gradebook set ann ex01 why 2 --by Ada --comment 'well argued'
  cellist gradebook allow bob 01-coffee-shop --exempt --by Ada
  cellist gradebook export --canvas canvas.csv
  cellist gradebook --file postgres://ada@db.example.org/grades list";

/// Lists, shows, changes and exports the scores of a class.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GradebookArgs {
    /// The gradebook: a file, or the URL of a PostgreSQL database
    #[arg(long, global = true, value_name = "FILE|URL", default_value = "gradebook.db")]
    file: PathBuf,

    /// Print JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: GradebookCommand,
}

#[derive(Debug, clap::Subcommand)]
enum GradebookCommand {
    /// Lists learners and notebooks with their points
    List,
    /// Shows a learner's checks, and everything that was ever decided about them
    Show {
        /// The learner
        learner: String,
    },
    /// Gives points for a check, whatever the grader says
    Set(change::SetArgs),
    /// Allows a learner an extension, late days, or not to hand in
    Allow(change::AllowArgs),
    /// Writes what counts, with people's points and comments in it
    Export(export::ExportArgs),
}

/// Runs a subcommand.
///
/// # Errors
/// When the gradebook cannot be used as asked, or nothing can be printed.
pub(crate) fn run(args: GradebookArgs) -> anyhow::Result<ExitCode> {
    let mut book = Gradebook::open(&args.file)?;
    match &args.command {
        GradebookCommand::List => show::list(&book, args.json)?,
        GradebookCommand::Show { learner } => show::learner(&book, learner, args.json)?,
        GradebookCommand::Set(set) => change::set(&mut book, set, args.json)?,
        GradebookCommand::Allow(allow) => change::allow(&mut book, allow, args.json)?,
        GradebookCommand::Export(export) => return export::export(&book, export),
    }
    Ok(ExitCode::SUCCESS)
}

/// One JSON value and a line end on standard output.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    print(&(text + "\n"))
}

/// Text on standard output; whoever has read enough (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot print"))
        }
        _ => Ok(()),
    }
}
