//! Interrupting the running cell from another thread.

mod delivery;

pub(crate) use delivery::{_cellist_interrupt, install};

use crate::subshell::Asked;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Stops the running cell. Of the main shell: sends SIGINT to the interpreter's thread, so that it
/// takes the same way as Ctrl-C in a terminal and wakes blocking system calls. Of a subshell, which
/// signals do not reach: sets a flag at which its waits and its code are made to look.
#[derive(Clone, Debug)]
pub struct Interrupter {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// The interpreter's pthread.
    thread: AtomicU64,
    /// Code of the user's runs, or may run: an interrupt at another moment would hit our own.
    running: AtomicBool,
    /// For a subshell.
    asked: Option<Arc<Asked>>,
}

impl Interrupter {
    /// For the interpreter that runs on the calling thread.
    pub(crate) fn for_this_thread() -> Self {
        Self::new(None)
    }

    /// For a subshell.
    pub(crate) fn for_subshell(asked: Arc<Asked>) -> Self {
        Self::new(Some(asked))
    }

    fn new(asked: Option<Arc<Asked>>) -> Self {
        let (thread, running) = (AtomicU64::new(this_thread()), AtomicBool::new(false));
        Self { state: Arc::new(State { thread, running, asked }) }
    }

    /// After a fork the interpreter's thread is the child's only one.
    pub(crate) fn adopt_this_thread(&self) {
        self.state.thread.store(this_thread(), Ordering::SeqCst);
    }

    /// Marks the user's code as running until the guard is dropped.
    pub(crate) fn running(&self) -> Running<'_> {
        self.state.running.store(true, Ordering::SeqCst);
        Running(&self.state)
    }

    /// Whether the user's code runs now, or may: between cells background tasks do.
    pub fn is_running(&self) -> bool {
        self.state.running.load(Ordering::SeqCst)
    }

    /// Stops the running cell. Between cells it stops a background task that does not yield, and
    /// nothing else.
    pub fn interrupt(&self) {
        if !self.is_running() {
            return;
        }
        if let Some(asked) = &self.state.asked {
            asked.ask();
            return;
        }
        let thread = self.state.thread.load(Ordering::SeqCst) as libc::pthread_t;
        #[expect(unsafe_code, reason = "signals to one thread have no safe interface")]
        // SAFETY: the interpreter's thread is the process's main thread, which outlives the rest.
        unsafe {
            libc::pthread_kill(thread, libc::SIGINT);
        }
    }
}

pub(crate) struct Running<'a>(&'a State);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::SeqCst);
        if let Some(asked) = &self.0.asked {
            // It came when there was nothing left to stop.
            asked.take();
        }
    }
}

/// Blocks all signals on this thread, for a thread about to be started to inherit: signals belong
/// to the interpreter's thread. Returns the mask that was.
pub(crate) fn block_all_signals() -> libc::sigset_t {
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    #[expect(unsafe_code, reason = "signal masks have no safe interface")]
    // SAFETY: sigfillset initialises the first set and pthread_sigmask the second; neither can
    // fail with these arguments.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}

/// Gives this thread its mask back.
pub(crate) fn restore_signals(before: &libc::sigset_t) {
    #[expect(unsafe_code, reason = "signal masks have no safe interface")]
    // SAFETY: `before` is an initialised set; the old mask is not asked for.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut());
    }
}

fn this_thread() -> u64 {
    #[expect(unsafe_code, reason = "std has no name for the thread that pthread_kill takes")]
    // SAFETY: pthread_self has no preconditions.
    let thread = unsafe { libc::pthread_self() };
    thread as u64
}
