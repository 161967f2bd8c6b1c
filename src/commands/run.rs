//! `cellist run`: runs a notebook from top to bottom and writes its outputs.

mod outputs;

use super::schedule::{self, ScheduleArgs, Seed};
use anyhow::Context;
use cellist_formats::notebook::{CellType, Notebook};
use cellist_interpreter::{Cell, Clock, Failure, Options, Origin, Outcome, Session};
use outputs::{Outputs, error_output};
use serde_json::Value;
use std::ffi::OsString;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

const AFTER_HELP: &str = "\
Exit codes:
  0  every cell ran; with --explore: under every schedule
  1  a cell failed (the outputs up to it are written), or a file could not be read or written;
     with --schedule or --explore also: an error in a thread, or a deadlock
  2  usage
A cell tagged `raises-exception` may fail. --explore writes no outputs.

Examples:
  cellist run day02.ipynb
  cellist run day02.ipynb --clock virtual --output /tmp/done.ipynb
  cellist run threads.ipynb --explore 200          look for a race
  cellist run threads.ipynb --schedule seed:17     see it again";

/// Runs a notebook from top to bottom and writes its outputs into it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RunArgs {
    /// The notebook
    notebook: PathBuf,

    /// Write the notebook with its outputs here instead; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    schedule: ScheduleArgs,

    /// Go on after a cell that fails
    #[arg(long)]
    allow_errors: bool,

    /// Show no progress on standard error
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the notebook.
///
/// # Errors
/// When the notebook cannot be read or written, or the interpreter does not start.
pub(crate) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let is_virtual = args.schedule.is_virtual()?;
    if let Some(count) = args.schedule.explore() {
        return explore(&args, count);
    }
    let mut notebook = Notebook::read(&args.notebook)?;
    refuse_foreign(&args.notebook, &notebook)?;
    let outputs = Arc::new(Outputs::default());
    let options = Options {
        clock: if is_virtual { Clock::Virtual } else { Clock::Wall },
        // What a program prints must not depend on the order of a set of strings.
        hash_seed: is_virtual.then_some(0),
        schedule: args.schedule.seed(),
        capture_descriptors: true,
        ..Options::default()
    };
    // Relative paths in a notebook are relative to it.
    let target = args.output.clone().unwrap_or_else(|| args.notebook.clone());
    let target = if target.as_os_str() == "-" { target } else { std::path::absolute(&target)? };
    if let Some(folder) = args.notebook.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::env::set_current_dir(folder)
            .with_context(|| format!("cannot enter `{}`", folder.display()))?;
    }
    // Progress is not output of a cell: it goes where standard error goes now.
    let mut log = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
    let session = Session::start(&options, outputs.clone())?;
    let failed = run_cells(&args, &mut notebook, &session, &outputs, &mut log)?;
    session.finish();
    for (position, cell) in notebook.cells.iter_mut().enumerate() {
        if let Some(items) = outputs.take(Origin(position as u64 + 1)) {
            cell.outputs = items;
        }
    }
    if target.as_os_str() == "-" {
        std::io::stdout().write_all(notebook.to_text().as_bytes())?;
    } else {
        notebook.write(&target)?;
    }
    let Some((number, failure)) = failed else {
        let failed = is_virtual && cellist_interpreter::has_thread_failed();
        return Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    };
    let mut stderr = std::io::stderr();
    let traceback = failure.traceback.join("\n");
    if console::colors_enabled_stderr() {
        writeln!(stderr, "{traceback}")?;
    } else {
        writeln!(stderr, "{}", console::strip_ansi_codes(&traceback))?;
    }
    writeln!(
        stderr,
        "error: {}: cell {number} failed with `{}`; correct it, or go on with `--allow-errors`",
        args.notebook.display(),
        failure.ename
    )?;
    Ok(ExitCode::FAILURE)
}

/// Runs the notebook under many schedules of its threads.
fn explore(args: &RunArgs, count: u64) -> anyhow::Result<ExitCode> {
    let command = |seed: Seed| {
        let words = ["run".to_owned(), "--schedule".to_owned(), seed.to_string()];
        let mut words: Vec<OsString> = words.map(Into::into).to_vec();
        if args.allow_errors {
            words.push("--allow-errors".into());
        }
        words.push(args.notebook.clone().into());
        words
    };
    let arguments = |seed| {
        let mut words = command(seed);
        words.extend(["--quiet", "--output", "-"].map(OsString::from));
        words
    };
    schedule::explore(&args.schedule, count, arguments, command)
}

/// A notebook in another language is not Python's to run.
fn refuse_foreign(path: &Path, notebook: &Notebook) -> anyhow::Result<()> {
    let named = |section: &str, key: &str| notebook.metadata.get(section)?.get(key)?.as_str();
    let language = named("language_info", "name").or_else(|| named("kernelspec", "language"));
    match language {
        Some(language) if !language.eq_ignore_ascii_case("python") => anyhow::bail!(
            "`{}` is a notebook in {language}, and this runs Python; name another notebook",
            path.display()
        ),
        _ => Ok(()),
    }
}

/// Runs the code cells; the number (from 1, all cells counted) of the one that ended the run.
fn run_cells(
    args: &RunArgs,
    notebook: &mut Notebook,
    session: &Session,
    outputs: &Outputs,
    log: &mut File,
) -> anyhow::Result<Option<(usize, Failure)>> {
    let total = notebook.cells.iter().filter(|cell| cell.cell_type() == CellType::Code).count();
    let mut count = 0;
    for (position, cell) in notebook.cells.iter_mut().enumerate() {
        if cell.cell_type() != CellType::Code {
            continue;
        }
        let origin = Origin(position as u64 + 1);
        outputs.begin(origin);
        cell.execution_count = None;
        if cell.source().trim().is_empty() {
            continue;
        }
        count += 1;
        progress(args, count, total, log)?;
        cell.execution_count = Some(u64::from(count));
        let failure = match session.run_cell(&Cell::new(cell.source(), origin, count)) {
            Outcome::Ok { .. } => continue,
            Outcome::Exit(0) => break,
            Outcome::Exit(code) => Failure {
                ename: "SystemExit".to_owned(),
                evalue: code.to_string(),
                traceback: vec![format!("SystemExit: {code}")],
            },
            Outcome::Error(failure) => failure,
        };
        outputs.push(origin, error_output(&failure));
        let expected = cell.metadata.get("tags").and_then(Value::as_array);
        let expected = expected.is_some_and(|tags| tags.contains(&"raises-exception".into()));
        if !args.allow_errors && !expected {
            return Ok(Some((position + 1, failure)));
        }
    }
    Ok(None)
}

fn progress(args: &RunArgs, count: u32, total: usize, log: &mut File) -> std::io::Result<()> {
    if args.quiet {
        return Ok(());
    }
    if log.is_terminal() {
        let end = if count as usize == total { "\n" } else { "" };
        write!(log, "\r{}: cell {count} of {total}{end}", args.notebook.display())
    } else {
        writeln!(log, "{}: cell {count} of {total}", args.notebook.display())
    }
}
