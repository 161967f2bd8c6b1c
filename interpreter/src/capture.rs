//! Output at the level of file descriptors: what subprocesses, forked workers and C code write to
//! descriptors 1 and 2 becomes stream events of the cell that runs.

use crate::event::{Event, Origin, Sink, StreamName};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Where the process's own standard error goes while descriptor 2 is captured.
static ERRORS: AtomicI32 = AtomicI32::new(2);

/// The descriptor of the process's own standard error: for last words.
pub(crate) fn error_descriptor() -> i32 {
    ERRORS.load(Ordering::Relaxed)
}

/// The capture of the process's session.
static RUNNING: OnceLock<Weak<Shared>> = OnceLock::new();

/// Whether there may be other processes that write to the descriptors: to look whether they have
/// costs as much as to print something short.
static HAS_CHILDREN: AtomicBool = AtomicBool::new(false);

/// Whether no other process writes to the descriptors.
pub(crate) fn is_alone() -> bool {
    !HAS_CHILDREN.load(Ordering::Relaxed)
}

/// Hands on what children have written by now: a child's last words come before what the cell
/// prints once it has waited for the child.
pub(crate) fn catch_up() {
    if !is_alone()
        && let Some(shared) = RUNNING.get().and_then(Weak::upgrade)
    {
        shared.read_all();
    }
}

/// From now on, what children write belongs to this run, whichever shell runs it; returns whose
/// it was until now, if it is captured.
pub(crate) fn belongs_to(origin: Origin) -> Option<Origin> {
    let shared = RUNNING.get().and_then(Weak::upgrade)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let has_children = !matches!(waitid(WaitId::All, options), Err(Errno::CHILD));
    HAS_CHILDREN.store(has_children, Ordering::Relaxed);
    Some(Origin(shared.origin.swap(origin.0, Ordering::SeqCst)))
}

/// Somebody may have started a child.
pub(crate) extern "C" fn note_child() {
    HAS_CHILDREN.store(true, Ordering::Relaxed);
}

/// The captured descriptors of the process; dropped, they are what they were before.
pub(crate) struct Capture {
    shared: Arc<Shared>,
    before: [OwnedFd; 2],
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.drain();
        let [out, err] = &self.before;
        ERRORS.store(2, Ordering::Relaxed);
        // Both descriptors exist, so this cannot fail.
        let _ = point(1, out).and_then(|()| point(2, err));
    }
}

struct Shared {
    sink: Arc<dyn Sink>,
    /// The cell that gets what is read now: the latest that was started.
    origin: AtomicU64,
    /// Held while bytes are read and handed on, so that they stay in order.
    pipes: Mutex<[Pipe; 2]>,
    /// The reading ends once more, to wait on without the lock.
    waiting: [OwnedFd; 2],
}

struct Pipe {
    name: StreamName,
    reading: OwnedFd,
    /// The first bytes of a character whose rest has not come yet.
    partial: Vec<u8>,
}

impl Capture {
    /// Redirects descriptors 1 and 2 into pipes and reads them on a thread from now on.
    ///
    /// # Errors
    /// When the operating system has no more descriptors or threads.
    pub(crate) fn start(sink: Arc<dyn Sink>) -> io::Result<Self> {
        let (out, out_writing) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, err_writing) = pipe_with(PipeFlags::CLOEXEC)?;
        // Writers block when the pipe is full, readers never do.
        for reading in [&out, &err] {
            fcntl_setfl(reading, fcntl_getfl(reading)? | OFlags::NONBLOCK)?;
        }
        let shared = Arc::new(Shared {
            sink,
            origin: AtomicU64::new(0),
            waiting: [out.try_clone()?, err.try_clone()?],
            pipes: Mutex::new([
                Pipe { name: StreamName::Stdout, reading: out, partial: Vec::new() },
                Pipe { name: StreamName::Stderr, reading: err, partial: Vec::new() },
            ]),
        });
        let before = [
            io::stdout().as_fd().try_clone_to_owned()?,
            io::stderr().as_fd().try_clone_to_owned()?,
        ];
        ERRORS.store(before[1].as_raw_fd(), Ordering::Relaxed);
        point(1, &out_writing)?;
        point(2, &err_writing)?;
        let reader = Arc::clone(&shared);
        let mask = crate::interrupt::block_all_signals();
        let started =
            std::thread::Builder::new().name("output".to_owned()).spawn(move || reader.serve());
        crate::interrupt::restore_signals(&mask);
        started?;
        #[expect(unsafe_code, reason = "there is no safe interface to it")]
        // SAFETY: the handler only stores into an atomic. Without memory for it, the order of a
        // child's lines and the cell's is not kept.
        unsafe {
            libc::pthread_atfork(None, Some(note_child), None);
        }
        // There is one session in a process.
        let _ = RUNNING.set(Arc::downgrade(&shared));
        Ok(Self { shared, before })
    }

    /// Hands on all that was written so far: what a cell's children wrote is there when it ends.
    pub(crate) fn drain(&self) {
        self.shared.read_all();
    }
}

impl Shared {
    fn serve(&self) {
        loop {
            let [out, err] = &self.waiting;
            let mut fds = [PollFd::new(out, PollFlags::IN), PollFd::new(err, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => self.read_all(),
                Err(_) => return,
            }
            let gone = |fd: &PollFd<'_>| {
                fd.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
            };
            if fds.iter().all(gone) {
                return;
            }
        }
    }

    fn read_all(&self) {
        // Another thread's panic leaves the pipes as they were.
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: what another thread has read it has also handed on.
        let [out, err] = &self.waiting;
        let mut fds = [PollFd::new(out, PollFlags::IN), PollFd::new(err, PollFlags::IN)];
        if poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(0) {
            return;
        }
        let origin = Origin(self.origin.load(Ordering::SeqCst));
        for pipe in pipes.iter_mut() {
            while let Some(mut text) = pipe.next_text() {
                let allowed = crate::limits::allowed(&text);
                if allowed < text.len() {
                    text.truncate(allowed);
                    crate::limits::too_much_output_elsewhere();
                }
                if !text.is_empty() {
                    self.sink.emit(origin, Event::Stream { name: pipe.name, text });
                }
            }
        }
    }
}

impl Pipe {
    /// The text that is there now, or `None` when there is none.
    fn next_text(&mut self) -> Option<String> {
        let mut buffer = [0; 64 * 1024];
        let length = match read(self.reading.as_fd(), &mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(length) => length,
        };
        self.partial.extend_from_slice(&buffer[..length]);
        let whole = whole_characters(&self.partial);
        let rest = self.partial.split_off(whole);
        let bytes = std::mem::replace(&mut self.partial, rest);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Makes descriptor `number` (1 or 2) another name of `target`.
fn point(number: i32, target: &OwnedFd) -> io::Result<()> {
    #[expect(unsafe_code, reason = "replacing a standard descriptor has no safe interface in std")]
    // SAFETY: `target` is open. Descriptors 1 and 2 are never owned by a Rust value that closes
    // them, so nobody's descriptor is taken away.
    let done = unsafe { libc::dup2(target.as_raw_fd(), number) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// How many of the bytes are not the beginning of a character that goes on.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        // `error_len` is `None` exactly when the bytes end within a character.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ if bytes.len() < 4 => bytes.len(),
        _ => {
            // Invalid bytes earlier on: only the last three can begin a character.
            let tail = bytes.len() - 3;
            (tail..bytes.len())
                .find(|&at| {
                    std::str::from_utf8(&bytes[at..])
                        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
                })
                .unwrap_or(bytes.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::whole_characters;

    #[test]
    fn a_character_is_not_cut() {
        assert_eq!(whole_characters(b"abc"), 3);
        assert_eq!(whole_characters("aπ".as_bytes()), 3);
        assert_eq!(whole_characters(&"aπ".as_bytes()[..2]), 1);
        assert_eq!(whole_characters(&"a😀".as_bytes()[..4]), 1);
        assert_eq!(whole_characters(b"\xff\xfea\xf0\x9f"), 3);
        assert_eq!(whole_characters(b"\xff\xff\xff\xff"), 4);
    }
}
