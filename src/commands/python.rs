//! `cellist python`: behaves as `python` does.

use anyhow::Context;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Runs Python, as `python` does: -c CODE, -m MODULE, FILE or - (standard input)
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "Examples:\n  cellist python -c 'print(1)'\n  cellist python -m asyncio\n  cellist python script.py ARGS"
)]
pub(crate) struct PythonArgs {
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
    let program =
        cellist_interpreter::python_program().context("cannot make a link named `python`")?;
    let error = Command::new(&program).args(args.args).exec();
    Err(error).with_context(|| format!("cannot start `{}`", program.display()))
}
