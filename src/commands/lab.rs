//! `cellist lab`: puts the course into a folder of the learner's and opens JupyterLab there.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context as _, bail};
use cellist_formats::syllabus::{RESULTS_FILE, SYLLABUS_FILE};
use cellist_formats::text_file::{self, TextFileError};
use tempfile::NamedTempFile;

/// Opens JupyterLab on the course.
///
/// The notebooks that are not there yet are copied into DIR first; one that is there is never touched.
#[derive(Debug, clap::Args)]
pub(crate) struct LabArgs {
    /// Folder to work in; made when missing [default: ~/cellist-course]
    dir: Option<PathBuf>,

    /// Say where JupyterLab can be opened instead of opening a browser
    #[arg(long)]
    no_browser: bool,

    /// Copy the notebooks from this folder instead of from the installed course
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,

    /// Passed to `jupyter lab` unchanged
    #[arg(last = true, value_name = "ARGS")]
    jupyter: Vec<OsString>,
}

/// Prepares the folder and becomes `jupyter lab`; returns only when that cannot be started.
///
/// # Errors
/// No JupyterLab, no course, or a folder that cannot be written; each says what to do next.
pub(crate) fn run(args: LabArgs) -> anyhow::Result<ExitCode> {
    let jupyter = find_jupyter()?;
    let course = find_course(args.from)?;
    let dir = match args.dir {
        Some(dir) => dir,
        None => home()?.join("cellist-course"),
    };
    let copied = copy_new(&course, &dir)
        .with_context(|| format!("cannot put the course into `{}`", dir.display()))?;
    refresh_syllabus(&course, &dir)
        .with_context(|| format!("cannot renew the syllabus in `{}`", dir.display()))?;
    report(&dir, &copied)?;

    let mut command = Command::new(&jupyter);
    command.current_dir(&dir);
    if args.no_browser {
        command.arg("--no-browser");
    }
    if rustix::process::geteuid().is_root() {
        command.arg("--allow-root");
    }
    command.args(args.jupyter);
    let error = command.exec();
    Err(error)
        .with_context(|| format!("cannot start `{}`; run `./install.sh` again", jupyter.display()))
}

/// The `jupyter-lab` that `install.sh` made, else the one on the PATH.
fn find_jupyter() -> anyhow::Result<PathBuf> {
    let private = data_home()?.join("cellist/jupyter/bin/jupyter-lab");
    if private.is_file() {
        return Ok(private);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join("jupyter-lab"));
    let Some(found) = on_path.into_iter().find(|candidate| candidate.is_file()) else {
        bail!(
            "found no JupyterLab, neither `{}` nor `jupyter-lab` on the PATH; \
             run `./install.sh`, or `pip install jupyterlab`",
            private.display()
        );
    };
    Ok(found)
}

/// The folder of student notebooks: as told, else beside the installed executable.
fn find_course(told: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(told) = told {
        if !told.is_dir() {
            bail!("the course folder `{}` does not exist; check `--from`", told.display());
        }
        return Ok(told);
    }
    let executable = env::current_exe().context("cannot tell where this executable is")?;
    let prefix = executable.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let installed = prefix.join("share/cellist/course");
    if !installed.is_dir() {
        bail!(
            "found no course at `{}`; run `./install.sh`, \
             or name a folder of notebooks with `--from`",
            installed.display()
        );
    }
    Ok(installed)
}

/// `$XDG_DATA_HOME`, which counts only when it is absolute (XDG Base Directory Specification 0.8).
fn data_home() -> anyhow::Result<PathBuf> {
    match env::var_os("XDG_DATA_HOME").map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => Ok(folder),
        _ => Ok(home()?.join(".local/share")),
    }
}

fn home() -> anyhow::Result<PathBuf> {
    env::home_dir().context("found no home folder; set `HOME`, or name the folder to work in")
}

/// What [`copy_new`] did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Copied {
    new: usize,
    kept: usize,
}

/// Copies the files of `from` that `to` does not have yet; whatever `to` has stays as it is.
fn copy_new(from: &Path, to: &Path) -> io::Result<Copied> {
    fs::create_dir_all(to)?;
    let mut copied = Copied::default();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // Whoever tries the course where it is published leaves results there.
        if entry.file_name() == RESULTS_FILE {
            continue;
        }
        let target = to.join(entry.file_name());
        // Follows links: an installed course may be one.
        if fs::metadata(entry.path())?.is_dir() {
            let below = copy_new(&entry.path(), &target)?;
            copied.new += below.new;
            copied.kept += below.kept;
        } else if fs::symlink_metadata(&target).is_ok() || !copy_file(&entry.path(), &target)? {
            copied.kept += 1;
        } else {
            copied.new += 1;
        }
    }
    Ok(copied)
}

/// Renews the syllabus, which is the course's and not the learner's: notebooks that are new would be
/// missing from an old one. A file of that name that is none stays.
fn refresh_syllabus(from: &Path, to: &Path) -> Result<(), TextFileError> {
    let text = match text_file::read(&from.join(SYLLABUS_FILE)) {
        Ok(text) => text,
        Err(TextFileError::Missing { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let target = to.join(SYLLABUS_FILE);
    let old = text_file::read(&target).ok();
    let old = old.and_then(|old| serde_json::from_str::<serde_json::Value>(&old).ok());
    if old.is_some_and(|old| old.get("schema").is_some() && old.get("plans").is_some()) {
        text_file::write_if_changed(&target, &text)?;
    }
    Ok(())
}

/// Copies one file whole or not at all; false when somebody else made `target` meanwhile.
fn copy_file(source: &Path, target: &Path) -> io::Result<bool> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut half = NamedTempFile::new_in(folder)?;
    io::copy(&mut fs::File::open(source)?, &mut half)?;
    // A temporary file is readable by its owner only, and a read-only source must become writable.
    fs::set_permissions(half.path(), permissions())?;
    match half.persist_noclobber(target) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

fn report(dir: &Path, copied: &Copied) -> io::Result<()> {
    let Copied { new, kept } = copied;
    let mut stderr = io::stderr().lock();
    writeln!(stderr, "course in {}: {new} copied, {kept} left as they were", dir.display())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_learners_file_is_never_overwritten() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        fs::create_dir(from.path().join("day02")).unwrap();
        fs::write(from.path().join("day02/a.ipynb"), "published").unwrap();
        fs::write(from.path().join("b.ipynb"), "published").unwrap();
        let work = to.path().join("work");

        assert_eq!(copy_new(from.path(), &work).unwrap(), Copied { new: 2, kept: 0 });
        fs::write(work.join("day02/a.ipynb"), "learned").unwrap();
        fs::remove_file(work.join("b.ipynb")).unwrap();

        assert_eq!(copy_new(from.path(), &work).unwrap(), Copied { new: 1, kept: 1 });
        assert_eq!(fs::read_to_string(work.join("day02/a.ipynb")).unwrap(), "learned");
        assert_eq!(fs::read_to_string(work.join("b.ipynb")).unwrap(), "published");
    }

    #[test]
    fn the_syllabus_is_renewed_and_results_are_not_copied() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        let new = r#"{"plans": [], "schema": 1, "title": "new"}"#;
        fs::write(from.path().join(SYLLABUS_FILE), new).unwrap();
        fs::write(from.path().join(RESULTS_FILE), "{}").unwrap();
        let there = to.path().join(SYLLABUS_FILE);
        for (old, expected) in [(new.replace("new", "old").as_str(), new), ("mine", "mine")] {
            fs::write(&there, old).unwrap();
            copy_new(from.path(), to.path()).unwrap();
            refresh_syllabus(from.path(), to.path()).unwrap();
            assert_eq!(fs::read_to_string(&there).unwrap(), expected);
        }
        assert!(!to.path().join(RESULTS_FILE).exists());
    }

    #[test]
    fn a_copy_is_writable_and_leaves_nothing_half_done() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        let source = from.path().join("a.ipynb");
        fs::write(&source, "published").unwrap();
        let mut locked = fs::metadata(&source).unwrap().permissions();
        locked.set_readonly(true);
        fs::set_permissions(&source, locked).unwrap();

        copy_new(from.path(), to.path()).unwrap();

        let names: Vec<_> =
            fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.ipynb"]);
        let copy = fs::metadata(to.path().join("a.ipynb")).unwrap();
        assert!(!copy.permissions().readonly());
    }
}
