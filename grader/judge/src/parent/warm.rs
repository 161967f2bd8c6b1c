//! The parent's handle on a warm interpreter process.

use super::JudgeError;
use super::job::{Job, last_words};
use crate::attachment::{self, Attachment};
use crate::level::Level;
use crate::protocol::control::{Control, Ended, MAX_PACKET, Order, Report};
use crate::protocol::frames::Key;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::Pid;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Starting an interpreter takes well under a second; not on a machine that swaps.
const START_TIME: Duration = Duration::from_secs(60);
/// The folder that submissions run in, within the process's own.
const WORK: &str = "work";
/// Forking and reaping take milliseconds.
const ORDER_TIME: Duration = Duration::from_secs(15);

/// A process with an interpreter that has run nothing of a learner's. Killed when dropped, and
/// what it runs with it.
#[derive(Debug)]
pub(super) struct Warm {
    process: Child,
    control: Control,
    /// How far it can lock submissions away.
    pub(super) level: Level,
    /// The checks that it has compiled: id and source.
    prepared: Vec<(String, String)>,
    /// Submissions run in its `work`. Dropped, and so removed, after the process is gone.
    folder: TempDir,
}

impl Warm {
    pub(super) fn start(program: &Path, seed: u32) -> Result<Self, JudgeError> {
        let spawn = |source| JudgeError::Spawn { program: program.to_owned(), source };
        let folder = tempfile::Builder::new().prefix("cellist-judge-").tempdir().map_err(spawn)?;
        let work = folder.path().join(WORK);
        let (control, theirs) = Control::pair().map_err(spawn)?;
        let stderr = memory_file().map_err(spawn)?;
        let process = Command::new(program)
            // Under other names the executable is another program.
            .arg0("cellist")
            .arg("judge-child")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("HOME", &work)
            .env("TMPDIR", &work)
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .current_dir(folder.path())
            // Ctrl-C in the terminal is for the parent.
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::from(stderr.try_clone().map_err(spawn)?))
            .spawn()
            .map_err(spawn)?;
        let level = Level { landlock: 0, seccomp: false, network: false };
        let mut warm = Self { process, control, level, prepared: Vec::new(), folder };
        let report = warm.order(&Order::Start { seed, work }, &[], START_TIME);
        match report {
            Ok((Report::Warm { level }, _)) => {
                warm.level = level;
                Ok(warm)
            }
            Ok((Report::Failed { reason }, _)) => Err(JudgeError::Interpreter { reason }),
            Ok((other, _)) => Err(JudgeError::Interpreter { reason: format!("it said {other:?}") }),
            Err(error) => {
                Err(JudgeError::Interpreter { reason: format!("{error}; {}", last_words(&stderr)) })
            }
        }
    }

    /// Has these checks compiled, and forgets others: each process that is forked would compile
    /// them for itself.
    pub(super) fn prepare(&mut self, checks: &[(&str, &str)]) -> Result<(), JudgeError> {
        let same = |((id, source), check): (&(String, String), &(&str, &str))| {
            (id.as_str(), source.as_str()) == *check
        };
        if self.prepared.len() == checks.len() && self.prepared.iter().zip(checks).all(same) {
            return Ok(());
        }
        self.prepared.clear();
        let mut anew = true;
        for (id, source) in checks {
            let (id, source) = ((*id).to_owned(), (*source).to_owned());
            // In JSON a character takes six bytes at most.
            if id.len() + source.len() < MAX_PACKET / 8 {
                let order = Order::Prepare { id: id.clone(), source: source.clone(), anew };
                anew = false;
                match self.order(&order, &[], ORDER_TIME).map_err(lost)? {
                    (Report::Prepared {}, _) => {}
                    (other, _) => return Err(lost(io::Error::other(format!("it said {other:?}")))),
                }
            }
            self.prepared.push((id, source));
        }
        Ok(())
    }

    /// Forks a process for one submission. The one before must have been reaped.
    pub(super) fn fork(&self) -> Result<Job, JudgeError> {
        let failed = |error: io::Error| JudgeError::Fork { reason: error.to_string() };
        let mut key = Key::default();
        getrandom::fill(&mut key).map_err(|error| failed(error.into()))?;
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let stderr = memory_file().map_err(failed)?;
        let fds = [theirs.as_fd(), stderr.as_fd()];
        let report = self.order(&Order::Fork { key }, &fds, ORDER_TIME).map_err(lost)?;
        match report {
            (Report::Forked { pid }, fds) => {
                let process = fds.into_iter().next();
                Ok(Job::new(ours, process, Pid::from_raw(pid), stderr, key))
            }
            (Report::Failed { reason }, _) => Err(JudgeError::Fork { reason }),
            (other, _) => Err(JudgeError::Fork { reason: format!("it said {other:?}") }),
        }
    }

    /// Puts files into the folder of the submission that was forked last.
    pub(super) fn furnish(&self, files: &[Attachment]) -> Result<(), JudgeError> {
        let work = self.folder.path().join(WORK);
        attachment::copy(files, &work)
            .map_err(|(file, source)| JudgeError::Attachment { file, source })
    }

    /// Kills the submission's process, if it still runs, and all that it started.
    pub(super) fn reap(&self) -> Result<Ended, JudgeError> {
        match self.order(&Order::Reap {}, &[], ORDER_TIME).map_err(lost)? {
            (Report::Reaped { ended }, _) => Ok(ended),
            (other, _) => Err(lost(io::Error::other(format!("it said {other:?}")))),
        }
    }

    fn order(
        &self,
        order: &Order,
        fds: &[BorrowedFd<'_>],
        time: Duration,
    ) -> io::Result<(Report, Vec<OwnedFd>)> {
        self.control.send(order, fds)?;
        let report = self.control.receive_until(Instant::now() + time)?;
        report.ok_or_else(|| io::Error::other("it closed its control socket"))
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        // A submission that still runs dies with its parent (PR_SET_PDEATHSIG).
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lost(error: io::Error) -> JudgeError {
    JudgeError::Lost { reason: error.to_string() }
}

/// A file without a name, for a process's raw stderr: unlike a pipe it never blocks the writer.
fn memory_file() -> io::Result<File> {
    Ok(File::from(memfd_create("cellist-stderr", MemfdFlags::CLOEXEC)?))
}
