//! Text files: read with errors that name the line, written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why a file could not be read as text or written.
#[derive(Debug, thiserror::Error)]
pub enum TextFileError {
    /// Nothing is there.
    #[error("`{}` does not exist; check the path", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("`{}` could not be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The bytes are not UTF-8.
    #[error(
        "`{}`, line {line}: byte 0x{byte:02x} is not UTF-8 text; save the file again with the \
         encoding UTF-8", path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first offending byte, from 1.
        line: usize,
        /// That byte.
        byte: u8,
    },
    /// The operating system refused to write.
    #[error("`{}` could not be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// The text of a file. A byte order mark is dropped.
///
/// # Errors
/// When the file is missing, unreadable or not UTF-8.
pub fn read(path: &Path) -> Result<String, TextFileError> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => TextFileError::Missing { path: path.to_owned() },
        _ => TextFileError::Read { path: path.to_owned(), source },
    })?;
    decode(path, bytes)
}

/// `bytes` as text; `path` is for the message.
///
/// # Errors
/// When they are not UTF-8.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, TextFileError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        TextFileError::NotUtf8 {
            path: path.to_owned(),
            line: 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count(),
            byte: bytes.get(valid).copied().unwrap_or_default(),
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Writes a file so that a reader, or a crash, finds the old text or the new one, never a part:
/// into a temporary file beside it, then renamed. Missing folders are made; a file that exists
/// keeps its permissions. A device or a pipe is written to, not replaced.
///
/// # Errors
/// When the operating system refuses.
pub fn write(path: &Path, text: &str) -> Result<(), TextFileError> {
    let failed = |source| TextFileError::Write { path: path.to_owned(), source };
    // A symbolic link stays one: the file it points to is what changes.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|existing| !existing.is_file() && !existing.is_dir()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .and_then(|mut device| device.write_all(text.as_bytes()))
            .map_err(failed);
    }
    let folder = folder_of(&target);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut temporary = temporary_file(folder, &target).map_err(failed)?;
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Says early whether [`write`] would be refused: for a file that is written after long work.
/// Makes missing folders, and leaves the file as it is.
///
/// # Errors
/// When the operating system refuses.
pub fn probe(path: &Path) -> Result<(), TextFileError> {
    let failed = |source| TextFileError::Write { path: path.to_owned(), source };
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(existing) if existing.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
        // Opening a pipe that nobody reads would wait for ever.
        Ok(existing) if !existing.is_file() => Ok(()),
        _ => {
            let folder = folder_of(&target);
            fs::create_dir_all(folder).map_err(failed)?;
            temporary_file(folder, &target).map(drop).map_err(failed)
        }
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a file unless it holds this text already; true when it was written.
///
/// # Errors
/// When the operating system refuses.
pub fn write_if_changed(path: &Path, text: &str) -> Result<bool, TextFileError> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(false);
    }
    write(path, text)?;
    Ok(true)
}

#[cfg(unix)]
fn temporary_file(folder: &Path, target: &Path) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;

    let existing = fs::metadata(target).ok().map(|metadata| metadata.permissions());
    let temporary = tempfile::Builder::new()
        .prefix(".cellist-")
        .permissions(fs::Permissions::from_mode(0o666)) // less the umask, as for any new file
        .tempfile_in(folder)?;
    if let Some(permissions) = existing {
        temporary.as_file().set_permissions(permissions)?;
    }
    Ok(temporary)
}

#[cfg(not(unix))]
fn temporary_file(folder: &Path, _target: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".cellist-").tempfile_in(folder)
}
