//! Which units git says have changed.

use anyhow::{Context as _, bail};
use cellist_notebooks::course::Course;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Paths of the unit files, as the course names them, that differ from the commit `since` or that
/// git does not know.
pub(super) fn units(course: &Course, since: &str) -> anyhow::Result<HashSet<PathBuf>> {
    if since.starts_with('-') {
        bail!("`{since}` is no commit");
    }
    let mut paths =
        git(&course.dir, &["diff", "--name-only", "-z", "--relative", since, "--", "units"])?;
    paths.extend(git(
        &course.dir,
        &["ls-files", "--others", "--exclude-standard", "-z", "--", "units"],
    )?);
    Ok(paths.into_iter().map(|path| course.dir.join(path)).collect())
}

/// The paths that a git command prints.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .context("`--changed` asks git, which could not be started")?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("`--changed` asks git, which says: {}", said.trim());
    }
    let paths = String::from_utf8_lossy(&done.stdout);
    Ok(paths.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}
