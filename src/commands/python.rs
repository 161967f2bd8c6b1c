//! `cellist python`: behaves as `python` does.

use super::schedule::{self, ScheduleArgs, Seed};
use anyhow::Context;
use cellist_interpreter::{CLOCK_VARIABLE, SCHEDULE_VARIABLE};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

const AFTER_HELP: &str = "\
Options before the first of `python`'s own are ours; `cellist python --help` is `python`'s.

Exit codes:
  those of `python`: 0 when the program ran, 1 after an error, N after `sys.exit(N)`
  with --clock virtual also 1 after a deadlock at the end, with --schedule after an error in a thread
  with --explore 0 when every schedule passed, 1 when one failed; 2 usage

Examples:
  cellist python -c 'print(1)'
  cellist python -m asyncio
  cellist python script.py ARGS
  cellist python --clock virtual script.py        sleeps take no time
  cellist python --explore 200 script.py          look for a race
  cellist python --schedule seed:17 script.py     see it again";

/// Runs Python, as `python` does: -c CODE, -m MODULE, FILE or - (standard input)
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true, after_help = AFTER_HELP)]
pub(crate) struct PythonArgs {
    #[command(flatten)]
    schedule: ScheduleArgs,

    /// What `python` takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

/// Becomes Python. The interpreter reads the process's own arguments, so this starts the program
/// again under the name that makes it `python`.
///
/// # Errors
/// When that name cannot be made or started.
pub(crate) fn run(args: PythonArgs) -> anyhow::Result<ExitCode> {
    let is_virtual = args.schedule.is_virtual()?;
    if is_virtual && args.args.first().is_some_and(|first| first == "-S") {
        anyhow::bail!("`-S` leaves out what sets up the virtual clock; leave it out");
    }
    if let Some(count) = args.schedule.explore() {
        let command = |seed: Seed| {
            let words = ["python".to_owned(), "--schedule".to_owned(), seed.to_string()];
            let words = words.map(OsString::from).into_iter();
            words.chain(args.args.iter().cloned()).collect::<Vec<_>>()
        };
        return schedule::explore(&args.schedule, count, command, command);
    }
    let program =
        cellist_interpreter::python_program().context("cannot make a link named `python`")?;
    let mut command = Command::new(&program);
    command.args(args.args);
    if is_virtual {
        command.env(CLOCK_VARIABLE, "virtual");
        // What a program prints must not depend on the order of a set of strings.
        if std::env::var_os("PYTHONHASHSEED").is_none() {
            command.env("PYTHONHASHSEED", "0");
        }
    }
    if let Some(seed) = args.schedule.seed() {
        command.env(SCHEDULE_VARIABLE, seed.to_string());
    }
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", program.display()))
}
