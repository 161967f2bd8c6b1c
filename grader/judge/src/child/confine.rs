//! Taking from a submission's process what it does not need.

use super::sandbox::{self, Policy};
use crate::level::Level;
use crate::limits::Limits;
use cellist_formats::spec::SpecNeed;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
    setsid,
};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;
use std::time::Duration;

/// Where a submission's process lives.
pub(super) struct Place<'a> {
    /// Its working directory: private, empty at first, removed afterwards.
    pub(super) work: &'a Path,
    /// Takes what is written to the raw stdout and stderr.
    pub(super) stderr: File,
    /// The process without which it must not go on.
    pub(super) parent: Pid,
    /// How far it is locked away.
    pub(super) level: Level,
}

/// Locks the calling process down, but for what it `needs`. What it starts later is bound as well.
pub(super) fn confine(place: &Place<'_>, limits: &Limits, needs: &[SpecNeed]) -> io::Result<()> {
    // A group of its own, so that all of it can be killed at once.
    setsid()?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(place.parent) {
        return Err(io::Error::other("the judge's process is gone"));
    }
    no_new_privileges()?;
    replace(place.stderr.as_raw_fd(), libc::STDOUT_FILENO)?;
    replace(place.stderr.as_raw_fd(), libc::STDERR_FILENO)?;
    std::env::set_current_dir(place.work)?;
    // The parent's timer comes first; this is for the case that nobody is left to watch it.
    let processor = (limits.total + Duration::from_secs(5)).as_secs();
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Cpu, processor),
        (Resource::Fsize, limits.file),
        (Resource::As, reserved().saturating_add(limits.memory)),
        // Memory that no other limit counts: buffers of pipes, queues.
        (Resource::Nofile, 4096),
        (Resource::Msgqueue, 0),
        (Resource::Memlock, 0),
    ] {
        let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    sandbox::enter(&Policy::new(place.work, needs), place.level)
}

/// The address space in bytes that the process has now: what the interpreter and its allocator have
/// reserved is not the learner's. 0 where the system does not say.
fn reserved() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size() as u64)
}

/// Puts `file` in the place of standard input.
pub(super) fn stdin_from(file: &File) -> io::Result<()> {
    replace(file.as_raw_fd(), libc::STDIN_FILENO)
}

/// Closes every descriptor but the standard ones: whoever started the grader may have left some
/// open.
pub(super) fn close_inherited() -> io::Result<()> {
    #[expect(unsafe_code, reason = "closing descriptors that nothing here owns")]
    // SAFETY: called first thing in the process, when its own code has opened none of them.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    match result {
        0 => Ok(()),
        _ => match io::Error::last_os_error() {
            // Before Linux 5.9. Rust's own descriptors are closed at the exec; foreign ones stay.
            error if error.raw_os_error() == Some(libc::ENOSYS) => Ok(()),
            error => Err(error),
        },
    }
}

/// Ends the process at once: no destructors, no atexit functions, nothing of the learner's.
pub(super) fn exit_now(status: i32) -> ! {
    #[expect(unsafe_code, reason = "std's exit runs atexit functions")]
    // SAFETY: _exit has no preconditions.
    unsafe {
        libc::_exit(status)
    }
}

fn replace(fd: RawFd, standard: RawFd) -> io::Result<()> {
    #[expect(unsafe_code, reason = "std does not replace standard descriptors")]
    // SAFETY: `fd` is open, borrowed from a File of the caller; the standard descriptors are
    // owned by nobody.
    let result = unsafe { libc::dup2(fd, standard) };
    if result == standard { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn no_new_privileges() -> io::Result<()> {
    #[expect(unsafe_code, reason = "prctl has no safe interface here")]
    // SAFETY: this operation takes plain numbers.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
