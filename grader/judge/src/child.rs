//! The judge's other process: a warm interpreter that forks one child per submission.

mod confine;
mod output;
mod reap;
mod sandbox;
mod serve;

use crate::level::Level;
use crate::protocol::control::{Control, Order, Report};
use crate::protocol::frames::Key;
use cellist_interpreter::{Cell, Clock, Options, Origin, Session};
use confine::Place;
use output::Output;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Imported once, before any submission: what a course on asyncio imports anyway, and what checks
/// and cells need of the session. An expression that leaves no name behind, so that a learner's
/// forgotten `import` is still an error. Nothing that a package shows only after an import of its
/// own (`urllib.parse`). Asked for its text, a module that waits for its first use loads.
const WARM_UP: &str = "[__import__(name, None, None, ['__doc__']).__doc__ for name in (\
    'asyncio', 'collections', 'concurrent.futures.thread', 'contextlib', 'dataclasses', 'datetime', \
    'functools', 'hashlib', 'heapq', 'inspect', 'itertools', 'json', 'logging', 'queue', 'random', \
    're', 'ssl', 'sqlite3', 'string', 'subprocess', 'textwrap', 'threading', 'time', 'tokenize', \
    'traceback', 'tracemalloc', 'typing', '_colorize', 'codeop', \
    'cellist.errors', 'cellist.formatters', 'cellist.layout', 'cellist.pretty', 'cellist.transform')\
    ] and None";

/// Run once as well: a check that fails and a check that stumbles. No task: the learner's own are
/// numbered from 1.
const WARM_UP_CHECKS: [&str; 2] =
    ["#| hint: {t.result!r}\nt = lab.run(lambda: 1)\nassert t.result == 2", "raise ValueError(1)"];

/// Becomes the judge's other process. The control socket is its standard input; everything else
/// comes over it. Ends when the parent does.
///
/// Must be called on the main thread of a process that has no other.
pub fn child_main() -> ExitCode {
    match warm_process() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // To a file that the parent reads.
            tracing::error!("{error}");
            let _ = io::Write::write_all(&mut io::stderr(), format!("{error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn warm_process() -> io::Result<()> {
    confine::close_inherited()?;
    let control = Control::from_fd(io::stdin().as_fd().try_clone_to_owned()?);
    let Some((Order::Start { seed, work }, _)) = control.receive().map_err(not_by_hand)? else {
        return Err(io::Error::other("the judge did not begin with `start`"));
    };
    confine::stdin_from(&File::open("/dev/null")?)?;
    // Before the interpreter may start a thread.
    let level = sandbox::prepare();
    reap::adopt_orphans();
    let output = Arc::new(Output::unlimited());
    let options = Options {
        clock: Clock::Virtual,
        hash_seed: Some(seed),
        isolated: true,
        ..Options::default()
    };
    let session = match Session::start(&options, output.clone()) {
        Ok(session) => session,
        Err(error) => return control.send(&Report::Failed { reason: error.to_string() }, &[]),
    };
    let warm_up = Cell { silent: true, ..Cell::new(WARM_UP, Origin(0), 0) };
    session.run_cell(&warm_up);
    // The first check imports what checks need.
    warm_up_checks(&session);
    if let Err(error) = session.seal() {
        return control.send(&Report::Failed { reason: error.to_string() }, &[]);
    }
    warm_up_checks(&session);
    control.send(&Report::Warm { level }, &[])?;
    Zygote { control: Some(control), session, output, work, level, job: None }.run()
}

/// How they go does not matter.
fn warm_up_checks(session: &Session) {
    for check in WARM_UP_CHECKS {
        let _ = session.run_check("warm-up", check, Clock::Virtual);
    }
}

fn not_by_hand(error: io::Error) -> io::Error {
    let text = format!("`judge-child` is started by the grader, not by hand ({error})");
    io::Error::new(error.kind(), text)
}

struct Zygote {
    /// `None` in a job's process, which must not speak in the judge's name.
    control: Option<Control>,
    session: Session,
    output: Arc<Output>,
    /// The submission's folder, made anew for each.
    work: PathBuf,
    level: Level,
    job: Option<Pid>,
}

impl Zygote {
    /// Carries out orders until the parent is gone.
    fn run(mut self) -> io::Result<()> {
        while let Some((order, fds)) = self.receive()? {
            match order {
                Order::Start { .. } => self.fail("it has started already")?,
                Order::Prepare { id, source, anew } => {
                    // Only a cell could have broken that, and none has run here.
                    let _ = self.session.prepare_check(&id, &source, anew);
                    self.send(&Report::Prepared {}, &[])?;
                }
                Order::Fork { key } => self.fork(key, fds)?,
                Order::Reap {} => self.reap()?,
            }
        }
        reap::end(self.job);
        // The parent removes its folder itself, unless it was killed.
        if let Some(folder) = self.work.parent() {
            let _ = fs::remove_dir_all(folder);
        }
        Ok(())
    }

    fn fork(&mut self, key: Key, fds: Vec<OwnedFd>) -> io::Result<()> {
        let Ok([stream, stderr]) = <[OwnedFd; 2]>::try_from(fds) else {
            return self.fail("a job needs two descriptors");
        };
        if self.job.is_some() {
            return self.fail("the job before was not reaped");
        }
        if let Err(error) = make_anew(&self.work) {
            return self.fail(&format!("`{}`: {error}", self.work.display()));
        }
        let parent = rustix::process::getpid();
        match self.session.fork() {
            Err(error) => self.fail(&error.to_string()),
            Ok(None) => {
                self.control = None;
                let stream = UnixStream::from(stream);
                let stderr = File::from(stderr);
                let place = Place { work: &self.work, stderr, parent, level: self.level };
                serve::serve(&self.session, &self.output, stream, key, place)
            }
            Ok(Some(pid)) => {
                let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
                    return self.fail("fork gave no process id");
                };
                self.job = Some(pid);
                // Not reaped yet, so the id is still the child's.
                let process = pidfd_open(pid, PidfdFlags::empty()).ok();
                let fds: Vec<_> = process.iter().map(|fd| fd.as_fd()).collect();
                let pid = pid.as_raw_nonzero().get();
                self.send(&Report::Forked { pid }, &fds)
            }
        }
    }

    fn reap(&mut self) -> io::Result<()> {
        match reap::end(self.job.take()) {
            Some(ended) => {
                // Nothing of it stays on the disk until the next one comes.
                let _ = fs::remove_dir_all(&self.work);
                self.send(&Report::Reaped { ended }, &[])
            }
            None => self.fail("there is no job to reap"),
        }
    }

    fn fail(&self, reason: &str) -> io::Result<()> {
        self.send(&Report::Failed { reason: reason.to_owned() }, &[])
    }

    fn receive(&self) -> io::Result<Option<(Order, Vec<OwnedFd>)>> {
        self.control.as_ref().map_or(Ok(None), Control::receive)
    }

    fn send(&self, report: &Report, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.control.as_ref().map_or(Ok(()), |control| control.send(report, fds))
    }
}

fn make_anew(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(folder)
}
