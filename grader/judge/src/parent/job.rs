//! The parent's end of one submission's process.

use super::end::Cause;
use super::timer::Timer;
use crate::protocol::control::poll_until;
use crate::protocol::frames::{FrameError, Key, Link, Side};
use crate::protocol::{Reply, Request};
use rustix::event::{PollFd, PollFlags};
use rustix::process::Pid;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// So much of the process's raw stderr is read.
const LAST_WORDS: u64 = 4 << 10;

/// A submission's process, seen from the parent.
pub(super) struct Job {
    stream: UnixStream,
    /// Readable when the process has ended. The socket alone does not tell: a process that the
    /// submission started may hold the other end.
    process: Option<OwnedFd>,
    pid: Option<Pid>,
    stderr: File,
    link: Link,
}

impl Job {
    /// `stream` must not block. `pid` is the id of `process`, which nobody has reaped.
    pub(super) fn new(
        stream: UnixStream,
        process: Option<OwnedFd>,
        pid: Option<Pid>,
        stderr: File,
        key: Key,
    ) -> Self {
        Self { stream, process, pid, stderr, link: Link::new(Side::Parent, key) }
    }

    /// A limit for the process that begins to run now.
    pub(super) fn timer(&self, limit: Duration) -> Timer {
        Timer::begin(self.pid, limit)
    }

    /// Sends a request and waits for its reply until one of the timers says that the time is up.
    pub(super) fn ask(&mut self, request: &Request, timers: &[&Timer]) -> Result<Reply, Cause> {
        let process = self.process.as_ref().map(|fd| fd.as_fd());
        let until = timers.iter().map(|timer| timer.until()).min().unwrap_or_else(Instant::now);
        let mut stream = Timed { stream: &self.stream, process, timers, until };
        let reply =
            self.link.send(&mut stream, request).and_then(|()| self.link.receive(&mut stream));
        reply.map_err(|error| match error {
            FrameError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Cause::CellTime,
            FrameError::Io(_) | FrameError::Closed => Cause::Gone,
            // Only a request can be too long here: an answer with such a length was forged.
            FrameError::TooLong(bytes) if !self.link.awaits_reply() => Cause::TooLong(bytes),
            FrameError::TooLong(_) | FrameError::Forged | FrameError::Malformed(_) => Cause::Forged,
        })
    }

    /// The end of what the process wrote to its raw stderr.
    pub(super) fn last_words(&self) -> String {
        last_words(&self.stderr)
    }
}

/// The end of a process's raw stderr: how Rust's runtime says that memory or stack ran out. Empty
/// when nothing can be read.
pub(super) fn last_words(mut stderr: &File) -> String {
    let mut read = || -> io::Result<Vec<u8>> {
        let length = stderr.seek(SeekFrom::End(0))?;
        stderr.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
        let mut words = Vec::new();
        stderr.take(LAST_WORDS).read_to_end(&mut words)?;
        Ok(words)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).trim().to_owned()
}

/// Once real time has passed a limit, the timers are asked no more often than this.
const PAUSE: Duration = Duration::from_millis(20);

/// The socket, with timers by which reading and writing give up.
struct Timed<'a> {
    stream: &'a UnixStream,
    process: Option<BorrowedFd<'a>>,
    timers: &'a [&'a Timer],
    /// When to ask the timers.
    until: Instant,
}

impl Timed<'_> {
    fn wait(&mut self, flags: PollFlags) -> io::Result<()> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.stream.as_fd(), flags)];
        fds.extend(self.process.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        while !poll_until(&mut fds, self.until)? {
            match self.timers.iter().map(|timer| timer.rest()).min() {
                None | Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
                Some(rest) => self.until = Instant::now() + rest.max(PAUSE),
            }
        }
        // What the process said before it ended still counts.
        if fds[0].revents().is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::IN)?;
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::OUT)?;
            match self.stream.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
