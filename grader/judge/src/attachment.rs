//! Files that a submission finds in its folder.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A file for the folder that a submission runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its path within that folder.
    pub name: PathBuf,
    /// The file that is copied.
    pub file: PathBuf,
}

/// Copies them; `Err` names the file that could not be.
pub(crate) fn copy(files: &[Attachment], folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    for Attachment { name, file } in files {
        copy_one(name, file, folder).map_err(|error| (file.clone(), error))?;
    }
    Ok(())
}

fn copy_one(name: &Path, file: &Path, folder: &Path) -> io::Result<()> {
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(io::Error::other("its name leads out of the folder"));
    }
    let target = folder.join(name);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(target, fs::read(file)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_do_not_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        fs::write(&file, "1,2").unwrap();
        let inside = folder.path().join("work");
        let attached = |name: &str| {
            let files = [Attachment { name: name.into(), file: file.clone() }];
            copy(&files, &inside).map_err(|(path, _)| path)
        };
        assert_eq!(attached("deep/er/data.csv"), Ok(()));
        assert_eq!(fs::read_to_string(inside.join("deep/er/data.csv")).unwrap(), "1,2");
        for name in ["../data2.csv", "/etc/cellist-test", "a/../../b"] {
            assert_eq!(attached(name), Err(file.clone()));
        }
    }
}
