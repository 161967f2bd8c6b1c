//! `cellist grade --watch`: grades what comes into a folder, until Ctrl-C.

use super::output::Output;
use anyhow::Context as _;
use cellist_grader::assignments::Assignments;
use cellist_grader::attempts::{self, Which};
use cellist_grader::batch::{Batch, Settings};
use cellist_grader::intake;
use cellist_grader::watch::DropFolder;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Between two looks into the folder.
const PAUSE: Duration = Duration::from_millis(200);

/// Grades what is in the folder and what comes, until SIGINT or SIGTERM: what is being graded then is
/// graded to its end. A second one ends the program at once.
///
/// # Errors
/// When the signals cannot be heard.
pub(super) fn watch(
    folder: &Path,
    batch: Batch<'_>,
    assignments: &dyn Assignments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("cannot listen for Ctrl-C")?;
    }
    let batch = batch.until(&stop);
    let mut folder_watched = DropFolder::new(folder);
    let mut readable = true;
    output
        .aside(&format!("watching `{}`; Ctrl-C ends it and writes the reports", folder.display()));
    while !stop.load(Ordering::Relaxed) {
        match folder_watched.look() {
            Ok(ready) => {
                readable = true;
                let found = intake::collect(&ready);
                let plan = attempts::plan(found, assignments, settings.jobs, &Which::All, None);
                batch.grade(plan.work, |done| output.add(done));
            }
            // Told once: a shared folder may come back.
            Err(error) if readable => {
                readable = false;
                let folder = folder.display();
                output.aside(&format!("note: `{folder}` cannot be read: {error}; still watching"));
            }
            Err(_) => {}
        }
        #[expect(clippy::disallowed_methods, reason = "the pause itself is meant")]
        thread::sleep(PAUSE);
    }
    Ok(())
}
