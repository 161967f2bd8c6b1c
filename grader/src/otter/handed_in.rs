//! What lies beside the notebook in a zip file of `grader.export()`.

use cellist_judge::Attachment;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// Otter writes it into each of its zip files.
const MARK: &str = "__zip_filename__";
/// All files together may be so large, in bytes.
const MOST: u64 = 256 << 20;

/// The files of a learner, unpacked; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Files {
    folder: TempDir,
    names: Vec<PathBuf>,
}

impl Files {
    /// As what lies beside the notebook.
    pub(super) fn attachments(&self) -> impl Iterator<Item = Attachment> + '_ {
        let attachment =
            |name: &PathBuf| Attachment { name: name.clone(), file: self.folder.path().join(name) };
        self.names.iter().map(attachment)
    }
}

/// Unpacks what a learner handed in beside a notebook, whose path goes through its zip file;
/// `None` when it came in no zip file of Otter's. `Err` says why that could not be unpacked.
pub(super) fn beside(notebook: &Path) -> Result<Option<Files>, String> {
    let archive = notebook.ancestors().skip(1).find(|above| above.is_file());
    let Some(archive) = archive.filter(|file| file.extension().is_some_and(|end| end == "zip"))
    else {
        return Ok(None);
    };
    unpack(archive).map_err(|error| {
        format!("the files in `{}` could not be unpacked: {error}", archive.display())
    })
}

fn unpack(archive: &Path) -> io::Result<Option<Files>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(archive)?))?;
    let mut files = Files {
        folder: tempfile::Builder::new().prefix("cellist-submission-").tempdir()?,
        names: Vec::new(),
    };
    let (mut marked, mut left) = (false, MOST);
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        let name = PathBuf::from(entry.name()?.into_owned());
        marked |= name == Path::new(MARK);
        let plain = name.components().all(|part| match part {
            // The log holds pickles, and hidden files are nobody's work.
            Component::Normal(part) => !part.to_string_lossy().starts_with('.'),
            _ => false,
        });
        let ending = name.extension().and_then(|ending| ending.to_str());
        // Links are no files here: they may lead anywhere.
        let wanted = entry.is_file() && plain && !matches!(ending, Some("ipynb" | "pdf" | "pyc"));
        if !wanted || name == Path::new(MARK) {
            continue;
        }
        let target = files.folder.path().join(&name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let size = io::copy(&mut entry.take(left + 1), &mut File::create(&target)?)?;
        if size > left {
            return Err(io::Error::other(format!("they are more than {} MiB", MOST >> 20)));
        }
        left -= size;
        files.names.push(name);
    }
    Ok(marked.then_some(files))
}
