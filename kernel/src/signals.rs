//! Signals: who gets them, and which of them end the kernel.

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::future::pending;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;
use tokio::io::unix::AsyncFd;

/// Where Jupyter says which process started the kernel.
const PARENT_VARIABLE: &str = "JPY_PARENT_PID";

/// Readable when SIGTERM has come.
static TERMINATED: OnceLock<OwnedFd> = OnceLock::new();

/// While this lives, the calling thread blocks signals, and threads that it starts block them for
/// good: signals must land on the thread that runs Python.
pub(crate) struct Blocked {
    signals: libc::sigset_t,
    before: libc::sigset_t,
}

impl Blocked {
    /// Blocks all signals for the calling thread.
    pub(crate) fn all() -> Self {
        #[expect(unsafe_code, reason = "signal sets have no safe interface")]
        // SAFETY: an all-zero set is a valid argument of sigfillset, which initialises it.
        let all = unsafe {
            let mut all = std::mem::zeroed();
            libc::sigfillset(&raw mut all);
            all
        };
        Self::these(all)
    }

    /// Blocks SIGINT for the calling thread.
    pub(crate) fn interrupt() -> Self {
        #[expect(unsafe_code, reason = "signal sets have no safe interface")]
        // SAFETY: an all-zero set is a valid argument of sigemptyset, which initialises it, and
        // SIGINT is a signal.
        let interrupt = unsafe {
            let mut interrupt = std::mem::zeroed();
            libc::sigemptyset(&raw mut interrupt);
            libc::sigaddset(&raw mut interrupt, libc::SIGINT);
            interrupt
        };
        Self::these(interrupt)
    }

    fn these(signals: libc::sigset_t) -> Self {
        #[expect(unsafe_code, reason = "signal masks have no safe interface")]
        // SAFETY: `signals` is initialised, and pthread_sigmask initialises `before`.
        unsafe {
            let mut before = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, &raw mut before);
            Self { signals, before }
        }
    }

    /// Lets the signals through again, except those that came meanwhile.
    pub(crate) fn discard(self) {
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(unsafe_code, reason = "waiting for a blocked signal has no safe interface")]
        // SAFETY: the set and the time are initialised; sigtimedwait may do without a siginfo.
        while unsafe {
            libc::sigtimedwait(&raw const self.signals, std::ptr::null_mut(), &raw const now)
        } > 0
        {}
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "signal masks have no safe interface")]
        // SAFETY: the set is the one that was in force before.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut());
        }
    }
}

/// From now on SIGTERM ends the kernel in good order, see [`terminated`]. User code may install a
/// handler of its own over this.
///
/// # Errors
/// When the process has no file descriptor left.
pub(crate) fn watch_sigterm() -> io::Result<()> {
    let flag = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    let fd = TERMINATED.get_or_init(|| flag).as_raw_fd();
    let kernel = std::process::id();
    let handler = move || {
        // A child forked by multiprocessing has this handler too, but must end itself alone.
        if std::process::id() == kernel {
            #[expect(unsafe_code, reason = "rustix does not promise to be async-signal-safe")]
            // SAFETY: write(2) is async-signal-safe, the buffer is 8 bytes long, the file
            // descriptor is never closed.
            unsafe {
                let one = 1u64.to_ne_bytes();
                libc::write(fd, one.as_ptr().cast(), one.len());
            }
        } else {
            let _ = signal_hook::low_level::emulate_default_handler(libc::SIGTERM);
        }
    };
    #[expect(unsafe_code, reason = "a signal handler")]
    // SAFETY: the handler calls getpid, write and what signal-hook documents as
    // async-signal-safe, and allocates nothing.
    unsafe {
        signal_hook::low_level::register(libc::SIGTERM, handler)?;
    }
    Ok(())
}

/// Waits for SIGTERM.
pub(crate) async fn terminated() {
    wait_readable(TERMINATED.get().and_then(|fd| fd.try_clone().ok())).await;
}

/// Waits until the process that started this kernel is gone; for ever when it is not known.
pub(crate) async fn parent_gone() {
    let parent = std::env::var(PARENT_VARIABLE).ok().and_then(|pid| pid.parse().ok());
    // Init never goes; and as a parent it means that the variable was inherited from elsewhere.
    let parent = parent.filter(|&pid| pid > 1).and_then(Pid::from_raw);
    let fd = parent.and_then(|pid| {
        pidfd_open(pid, PidfdFlags::empty())
            .inspect_err(|error| {
                tracing::debug!(%error, "`{PARENT_VARIABLE}` names no process to watch");
            })
            .ok()
    });
    wait_readable(fd).await;
}

/// Waits until a file descriptor is readable; for ever when there is none.
async fn wait_readable(fd: Option<OwnedFd>) {
    let Some(fd) = fd else { return pending().await };
    #[expect(unsafe_code, reason = "the registration relies on the file descriptor staying open")]
    // SAFETY: an `OwnedFd` keeps its file descriptor open and the same until it is dropped, here
    // with the `AsyncFd` that owns it.
    let registered = unsafe { AsyncFd::register(fd) };
    let Ok(registered) = registered else { return pending().await };
    if registered.readable().await.is_err() {
        pending::<()>().await;
    }
}
