//! Verdicts in a file as they come, so that a batch goes on where it was ended, by whatever.
//!
//! One JSON value per line: first what the file is, then a verdict and the hash of everything that
//! it depends on. A line is written when its verdict is there, whatever the order of the report.
//! A line that was not written to its end is no JSON, and its submission is graded again. The
//! verdict is the judge's own: what an assignment adds (a late policy, a person's points) is added
//! when it is reported. Only verdicts are kept: what could not be graded is tried again.

use super::worker::hash;
use super::{Identity, Settings};
use cellist_formats::verdict::Verdict;
use cellist_judge::{Attachment, Level};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const VERSION: u32 = 1;
/// So much work may be lost with the machine's power; with the process alone nothing is.
const UNSYNCED: Duration = Duration::from_secs(1);

/// Why a journal cannot be used. Two lines: what happened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system said no.
    #[error("the journal `{}` could not be {doing}: {source}\n{}", path.display(), advice(doing))]
    System {
        /// The file.
        path: PathBuf,
        /// Opened, read, written.
        doing: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// A file, but no journal.
    #[error("`{}` is not a journal of `cellist grade`\nname another file", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Of a later version.
    #[error("the journal `{}` was made by a newer cellist\nupdate cellist, or name another file", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Another batch writes to it.
    #[error(
        "the journal `{}` is in use by another `cellist grade`\nwait for it, or name another file",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

fn advice(doing: &str) -> &'static str {
    match doing {
        "written" => "make room; the same command again grades only what is not in it",
        _ => "check the path and its permissions",
    }
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Heading {
    /// Version of the file.
    cellist_journal: u32,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Hash of all that the verdict depends on.
    work: String,
    /// The file, for people.
    submission: String,
    /// How far it was locked away while it ran.
    sandbox: Level,
    verdict: Verdict,
}

/// All that a verdict depends on, as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Work(String);

impl Work {
    pub(super) fn new(identity: &Identity, files: &[Attachment], settings: &Settings) -> Self {
        // A file that cannot be read fails the submission when it is copied.
        let content = |file: &Attachment| fs::read(&file.file).map(|bytes| hash(&bytes)).ok();
        let mut files: Vec<(String, Option<String>)> = files
            .iter()
            .map(|file| (file.name.to_string_lossy().into_owned(), content(file)))
            .collect();
        files.sort();
        let Identity { submission, revision } = identity;
        // Whoever adds a setting is to say whether verdicts depend on it.
        let Settings { program: _, jobs: _, limits, seed, watched: _ } = settings;
        let version = env!("CARGO_PKG_VERSION");
        let all = serde_json::json!([version, submission, revision, files, limits, seed]);
        Self(hash(all.to_string().as_bytes()))
    }
}

/// Where a verdict stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Which of the files.
    file: usize,
    offset: u64,
    bytes: usize,
}

/// Verdicts that are known, and a file for more.
#[derive(Debug)]
pub struct Journal {
    /// The own file first, when there is one.
    files: Vec<File>,
    known: HashMap<Work, Place>,
    own: Option<Mutex<Own>>,
    /// Verdicts on submissions that were less locked away do not count; `Some` says whether
    /// sockets matter.
    sandbox: Option<bool>,
}

#[derive(Debug)]
struct Own {
    path: PathBuf,
    file: File,
    /// The file does not end with a whole line.
    torn: bool,
    synced: Instant,
    /// The first one. Later lines are tried all the same: there may be room again.
    failure: Option<JournalError>,
}

impl Journal {
    /// Opens `own`, or makes it, to read and to write; and other journals to read.
    ///
    /// # Errors
    /// When one is no journal, cannot be opened, or is being written by another process.
    pub fn open(own: Option<&Path>, joined: &[PathBuf]) -> Result<Self, JournalError> {
        let mut journal =
            Self { files: Vec::new(), known: HashMap::new(), own: None, sandbox: None };
        if let Some(path) = own {
            let failed = system(path, "opened");
            if let Some(folder) = path.parent() {
                // Opening it says what is wrong.
                let _ = fs::create_dir_all(folder);
            }
            // Reading a device may never end.
            if path.exists() && !path.is_file() {
                return Err(JournalError::NotOurs { path: path.to_owned() });
            }
            let file = OpenOptions::new().read(true).append(true).create(true).open(path);
            let file = file.map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(JournalError::Busy { path: path.to_owned() });
                }
                // A file system without locks.
                Err(TryLockError::Error(_)) => {}
            }
            let begun = begin_anew(&file).map_err(failed)?;
            let torn = journal.read(path, file.try_clone().map_err(failed)?)?;
            let synced = Instant::now();
            let mut own = Own { path: path.to_owned(), file, torn, synced, failure: None };
            if begun {
                own.put(&Heading { cellist_journal: VERSION }).map_err(system(path, "written"))?;
            }
            journal.own = Some(Mutex::new(own));
        }
        for path in joined {
            let file = File::open(path).map_err(system(path, "opened"))?;
            journal.read(path, file)?;
        }
        Ok(journal)
    }

    /// Takes no verdict on a submission that was not locked away enough; `loopback` says whether
    /// some may need sockets.
    #[must_use]
    pub fn sandboxed(self, loopback: bool) -> Self {
        Self { sandbox: Some(loopback), ..self }
    }

    /// How many verdicts it had when it was opened.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// It had none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Why not everything is in it.
    pub fn failure(self) -> Option<JournalError> {
        let own = self.own?.into_inner().unwrap_or_else(PoisonError::into_inner);
        let _ = own.file.sync_data();
        own.failure
    }

    /// The verdict on this work, and how far it was locked away then.
    pub(super) fn find(&self, work: &Work) -> Option<(Verdict, Level)> {
        let place = self.known.get(work)?;
        let mut bytes = vec![0; place.bytes];
        self.files.get(place.file)?.read_exact_at(&mut bytes, place.offset).ok()?;
        let line: Line = serde_json::from_slice(&bytes).ok()?;
        let enough = self.sandbox.is_none_or(|loopback| line.sandbox.suffices(loopback));
        // Another run's verdict: the own file is to have them all.
        if enough && place.file > 0 && self.own.is_some() {
            self.own().into_iter().for_each(|mut own| own.add(&line));
        }
        enough.then_some((line.verdict, line.sandbox))
    }

    /// Writes a verdict down; a failure is kept for the end.
    pub(super) fn write(&self, work: &Work, path: &Path, verdict: &Verdict, sandbox: Level) {
        let Some(mut own) = self.own() else { return };
        let submission = path.to_string_lossy().into_owned();
        own.add(&Line { work: work.0.clone(), submission, sandbox, verdict: verdict.clone() });
    }

    fn own(&self) -> Option<MutexGuard<'_, Own>> {
        Some(self.own.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes where verdicts are; true when the last line has no end.
    fn read(&mut self, path: &Path, file: File) -> Result<bool, JournalError> {
        let failed = system(path, "read");
        let number = self.files.len();
        let mut lines = BufReader::new(&file);
        let (mut offset, mut torn, mut bytes) = (0, false, Vec::new());
        loop {
            bytes.clear();
            let read = lines.read_until(b'\n', &mut bytes).map_err(failed)?;
            if read == 0 {
                break;
            }
            torn = !bytes.ends_with(b"\n");
            if offset == 0 {
                heading(path, &bytes)?;
            } else if let (false, Ok(line)) = (torn, serde_json::from_slice::<Line>(&bytes)) {
                let place = Place { file: number, offset, bytes: read };
                // Of a file the last counts, of files the first.
                let known = self.known.entry(Work(line.work)).or_insert(place);
                if known.file == number {
                    *known = place;
                }
            }
            offset += read as u64;
        }
        drop(lines);
        self.files.push(file);
        Ok(torn)
    }
}

/// Whether the file is empty; one that was ended within its first line is emptied.
fn begin_anew(file: &File) -> io::Result<bool> {
    let heading = serde_json::to_vec(&Heading { cellist_journal: VERSION })?;
    let length = file.metadata()?.len();
    if length > heading.len() as u64 {
        return Ok(false);
    }
    let mut begun = vec![0; heading.len().min(length as usize)];
    file.read_exact_at(&mut begun, 0)?;
    let anew = heading.starts_with(&begun);
    if anew {
        file.set_len(0)?;
    }
    Ok(anew)
}

fn heading(path: &Path, line: &[u8]) -> Result<(), JournalError> {
    match serde_json::from_slice(line) {
        Ok(Heading { cellist_journal: VERSION }) => Ok(()),
        Ok(_) => Err(JournalError::Newer { path: path.to_owned() }),
        Err(_) => Err(JournalError::NotOurs { path: path.to_owned() }),
    }
}

fn system(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> JournalError + Copy {
    move |source| JournalError::System { path: path.to_owned(), doing, source }
}

impl Own {
    fn add(&mut self, line: &Line) {
        if let Err(source) = self.put(line) {
            let failed = system(&self.path, "written")(source);
            self.failure.get_or_insert(failed);
        }
    }

    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        if self.torn {
            text.insert(0, b'\n');
        }
        self.torn = true;
        self.file.write_all(&text)?;
        self.torn = false;
        if self.synced.elapsed() >= UNSYNCED {
            self.synced = Instant::now();
            self.file.sync_data()?;
        }
        Ok(())
    }
}
