//! `cellist gradebook export`.

use crate::commands::grade::reports::TableArgs;
use anyhow::bail;
use cellist_gradebook::{Gradebook, Kind, Standing};
use cellist_grader::reporters::json::Entry;
use std::io::{self, Write as _};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    tables: TableArgs,
}

/// Writes the reports that are asked for. Exit code 1 when one could not be written.
pub(super) fn export(book: &Gradebook, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    if !args.tables.any() {
        bail!("nothing to write\nname a file: --csv, --csv-checks, --canvas, --moodle or --html");
    }
    let allowed = book.allowances()?;
    let exempt = || allowed.iter().filter(|allowance| allowance.kind == Kind::Exemption);
    let entries: Vec<Entry> = book.standings()?.into_iter().map(entry).collect();
    let unwritten = args.tables.write(&entries, |sheet| {
        exempt().for_each(|allowance| sheet.excuse(&allowance.learner, &allowance.notebook));
    });
    for error in &unwritten {
        writeln!(io::stderr(), "error: {error}\nthe rest was written; mend this and export again")?;
    }
    Ok(if unwritten.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn entry(standing: Standing) -> Entry {
    Entry::kept(standing.file, standing.learner, standing.verdict)
}
