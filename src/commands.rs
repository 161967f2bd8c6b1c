//! One file per subcommand.

pub(crate) mod check;
pub(crate) mod grade;
pub(crate) mod gradebook;
pub(crate) mod judge_child;
pub(crate) mod kernel;
pub(crate) mod lab;
pub(crate) mod notebooks;
pub(crate) mod python;
pub(crate) mod run;
mod schedule;
pub(crate) mod serve;

use crate::args::{Command, Program};
use clap::CommandFactory;
use std::io::Write;
use std::process::ExitCode;

/// Runs a subcommand; a failure is printed, and the exit code is then 1.
pub(crate) fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Lab(args) => lab::run(args),
        Command::Run(args) => run::run(args),
        Command::Notebooks(args) => notebooks::run(args),
        Command::Check(args) => check::run(args),
        Command::Grade(args) => grade::run(*args),
        Command::Gradebook(args) => gradebook::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Kernel(args) => kernel::run(args),
        Command::Python(args) => python::run(args),
        Command::Completions { shell } => {
            let mut program = Program::command();
            if let Some(cellist) = program.find_subcommand_mut("cellist") {
                clap_complete::generate(shell, cellist, "cellist", &mut std::io::stdout());
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::JudgeChild { .. } => Ok(judge_child::run()),
    };
    done.unwrap_or_else(|error| {
        // With stderr gone there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}
