//! Notebooks out of zip and tar archives that somebody else made.
//!
//! No name in an archive ever names a file here: each notebook is written to a temporary file of its
//! own. What a name says is only told, and who the learner is read from it.

use super::{IntakeError, Submission};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};
use std::sync::Arc;
use tempfile::TempPath;

/// A notebook in an archive may be so large, in bytes.
const MOST_FOR_ONE: u64 = 100 << 20;
/// All notebooks of an archive, and a tar archive unpacked, may be.
const MOST_FOR_ALL: u64 = 4 << 30;

/// How an archive's name ends, and what it then is.
const ENDINGS: [(&str, Kind); 4] =
    [(".zip", Kind::Zip), (".tar", Kind::Tar), (".tar.gz", Kind::TarGz), (".tgz", Kind::TarGz)];

#[derive(Clone, Copy)]
enum Kind {
    Zip,
    Tar,
    TarGz,
}

type Found = Vec<Result<Submission, IntakeError>>;

/// A name without its ending, if it is that of an archive.
pub(super) fn without_ending(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ending =
        ENDINGS.iter().map(|(ending, _)| *ending).find(|ending| lower.ends_with(ending))?;
    name.get(..name.len() - ending.len())
}

/// The notebooks of an archive, in its order of names; `None` when it is none by its name.
pub(super) fn open(path: &Path) -> Option<Found> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (_, kind) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending))?;
    if !path.is_file() {
        return None;
    }
    let mut unpacking = Unpacking { archive: path, found: Vec::new(), left: MOST_FOR_ALL };
    let read = File::open(path).map_err(|error| error.to_string()).and_then(|file| match kind {
        Kind::Zip => zip(file, &mut unpacking),
        Kind::Tar => tar(file, &mut unpacking),
        Kind::TarGz => tar(MultiGzDecoder::new(BufReader::new(file)), &mut unpacking),
    });
    let mut found = unpacking.found;
    found.sort_by(|a, b| shown(a).cmp(shown(b)));
    if let Err(reason) = read {
        found.push(Err(IntakeError::Archive { path: path.to_owned(), reason }));
    } else if found.is_empty() {
        found.push(Err(IntakeError::EmptyFolder { path: path.to_owned() }));
    }
    Some(found)
}

fn shown(found: &Result<Submission, IntakeError>) -> &Path {
    match found {
        Ok(submission) => &submission.path,
        Err(error) => error.path(),
    }
}

fn zip(file: File, unpacking: &mut Unpacking<'_>) -> Result<(), String> {
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        if !entry.is_dir() {
            let plain = entry.is_file();
            unpacking.take(Path::new(&name), plain, &mut entry)?;
        }
    }
    Ok(())
}

fn tar(stream: impl Read, unpacking: &mut Unpacking<'_>) -> Result<(), String> {
    // Not only what is taken counts: what is skipped is unpacked as well.
    let mut archive = tar::Archive::new(stream.take(MOST_FOR_ALL));
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let name = entry.path().map_err(|error| error.to_string())?.into_owned();
        let kind = entry.header().entry_type();
        if !kind.is_dir() {
            unpacking.take(&name, kind.is_file(), &mut entry)?;
        }
    }
    Ok(())
}

/// An archive on its way out.
struct Unpacking<'a> {
    archive: &'a Path,
    found: Found,
    /// Bytes that may still come out of it.
    left: u64,
}

impl Unpacking<'_> {
    /// Takes a notebook; passes over everything else. Fails when nothing more may be read.
    fn take(&mut self, name: &Path, plain: bool, content: &mut impl Read) -> Result<(), String> {
        // `..\\out.ipynb` is one hidden name to this system, and a way out to others.
        let out = leads_out(name);
        let is_notebook = name.extension().is_some_and(|extension| extension == "ipynb");
        if !is_notebook || (hidden(name) && !out) {
            return Ok(());
        }
        let path = self.archive.join(name.strip_prefix("/").unwrap_or(name));
        let refused = |reason: &str| {
            Err(IntakeError::Refused { path: path.clone(), reason: reason.to_owned() })
        };
        if out {
            self.found.push(refused("its name leads out of the archive"));
        } else if !plain {
            self.found.push(refused("it is a link or a device, not a file"));
        } else {
            let room = MOST_FOR_ONE.min(self.left);
            let (file, size) = store(content, room).map_err(|error| error.to_string())?;
            self.left -= size.min(self.left);
            if self.left == 0 {
                return Err(format!("it unpacks to more than {} GiB", MOST_FOR_ALL >> 30));
            }
            self.found.push(match size > room {
                true => refused(&format!("it unpacks to more than {} MiB", MOST_FOR_ONE >> 20)),
                false => Ok(Submission { path, unpacked: Some(Arc::new(file)) }),
            });
        }
        Ok(())
    }
}

/// Writes at most one byte more than there is room for.
fn store(content: &mut impl Read, room: u64) -> io::Result<(TempPath, u64)> {
    let mut file = tempfile::Builder::new().prefix("cellist-submission-").tempfile()?;
    let size = io::copy(&mut content.take(room + 1), &mut file)?;
    Ok((file.into_temp_path(), size))
}

/// Jupyter's checkpoints, and what macOS adds.
fn hidden(name: &Path) -> bool {
    name.components().any(|part| match part {
        Component::Normal(part) => {
            part == "__MACOSX" || part.to_str().is_some_and(|part| part.starts_with('.'))
        }
        _ => false,
    })
}

fn leads_out(name: &Path) -> bool {
    let within = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !name.components().all(within) || name.to_str().is_none_or(|name| name.contains(['\\', '\0']))
}
