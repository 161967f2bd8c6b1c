//! The command line: one table for the parser, the help and the completions.

use crate::commands::{check, grade, gradebook, kernel, lab, notebooks, python, run, serve};
use cellist_interpreter::PYTHON_LINK;
use clap::Parser;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

const AFTER_HELP: &str = "\
Examples:
  cellist lab                                     open the course in JupyterLab
  cellist run day02.ipynb                         run a notebook and write its outputs
  cellist check day02.ipynb                       run its public checks, and see how to go on
  cellist notebooks build                         make notebooks from Markdown units
  cellist grade submissions/ --spec spec.json     grade what came back

The log level is set with CELLIST_LOG, for example CELLIST_LOG=debug.";

/// The program, by the name it was called with: links to it are programs of their own.
#[derive(Debug, Parser)]
#[command(multicall = true)]
pub(crate) enum Program {
    /// Makes a course of Python notebooks run, teach and grade itself
    #[command(version, propagate_version = true, after_help = AFTER_HELP, arg_required_else_help = true)]
    Cellist {
        #[command(subcommand)]
        command: Command,
    },
    #[command(version)]
    CellistKernel(kernel::KernelArgs),
    #[command(version)]
    Grader(Box<grade::GradeArgs>),
}

/// A subcommand of `cellist`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Lab(lab::LabArgs),
    Run(run::RunArgs),
    Check(check::CheckArgs),
    Notebooks(notebooks::NotebooksArgs),
    // As large as all others together.
    Grade(Box<grade::GradeArgs>),
    Gradebook(gradebook::GradebookArgs),
    Serve(serve::ServeArgs),
    Kernel(kernel::KernelArgs),
    Python(python::PythonArgs),
    /// Prints completions for a shell
    #[command(
        after_help = "Examples:\n  cellist completions bash > ~/.local/share/bash-completion/completions/cellist"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The grader's other process
    #[command(hide = true)]
    JudgeChild {
        #[arg(long, hide = true)]
        zygote: bool,
    },
}

/// True when the program was called by the name under which it is `python`, or started from the
/// file of that name: `subprocess.run(["python3", …], executable=sys.executable)` gives it any name.
pub(crate) fn is_python() -> bool {
    let file = Path::new(OsStr::from_bytes(rustix::param::linux_execfn().to_bytes()));
    file.file_name().is_some_and(|name| name == PYTHON_LINK)
        || called_as().is_some_and(|name| name == PYTHON_LINK)
}

/// Reads the command line; ends the process with a message when it is wrong (exit code 2).
pub(crate) fn parse() -> Command {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let known = ["cellist-kernel", "grader"];
    let name = called_as().filter(|name| known.contains(&name.as_str()));
    let name = OsString::from(name.unwrap_or_else(|| "cellist".to_owned()));
    match arguments.first_mut() {
        Some(first) => *first = name,
        None => arguments.push(name),
    }
    match Program::parse_from(arguments) {
        Program::Cellist { command } => command,
        Program::CellistKernel(args) => Command::Kernel(args),
        Program::Grader(args) => Command::Grade(args),
    }
}

/// Warnings, unless the environment says otherwise.
pub(crate) fn log_filter() -> EnvFilter {
    let usual = || EnvFilter::new("warn");
    EnvFilter::try_from_env("CELLIST_LOG").unwrap_or_else(|_| usual())
}

/// Standard error as it is now: a session captures the descriptor, and the log is not a cell's.
pub(crate) fn log_writer() -> BoxMakeWriter {
    match std::io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => BoxMakeWriter::new(Arc::new(File::from(descriptor))),
        Err(_) => BoxMakeWriter::new(std::io::stderr),
    }
}

fn called_as() -> Option<String> {
    let first = std::env::args_os().next()?;
    Some(Path::new(&first).file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_table_is_consistent() {
        Program::command().debug_assert();
    }
}
