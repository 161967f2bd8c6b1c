//! Whether the thread that holds the baton is stuck in a real wait.
//!
//! It is when the interpreter says that it has let go (it is in a system call, or waits for a
//! lock of the interpreter's own) and the kernel says that it sleeps, and has not run for half a
//! second. A thread that merely gets no processor is runnable, not asleep: load does not count.

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{CurrentFrameSlot, ThreadState};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Asleep for this long is stuck.
const PATIENCE: Duration = Duration::from_millis(500);
/// Where the wait is for the operating system to start or end a thread.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// What shows a thread's state from outside.
pub(super) struct Holder {
    slot: CurrentFrameSlot,
    /// What `threading.get_ident()` says in that thread.
    pub(super) ident: u64,
    /// The kernel's number of the thread.
    task: i32,
}

/// A thread found asleep.
pub(super) struct Suspect {
    thread: u64,
    /// How often it has gone to sleep so far: unchanged means that it has not woken up.
    sleeps: u64,
    since: Instant,
}

impl Holder {
    pub(super) fn this_thread(vm: &VirtualMachine) -> Option<Self> {
        let ident = rustpython_vm::stdlib::_thread::get_ident();
        let slot = vm.state.thread_frames.lock().get(&ident).cloned()?;
        Some(Self { slot, ident, task: gettid() })
    }

    pub(super) fn slot(&self) -> CurrentFrameSlot {
        CurrentFrameSlot::clone(&self.slot)
    }

    pub(super) fn is_attached(&self) -> bool {
        is_attached(&self.slot)
    }

    /// Looks again at a thread that may have been suspected before.
    pub(super) fn suspect(&self, thread: u64, before: Option<Suspect>) -> Option<Suspect> {
        if self.is_attached() {
            return None;
        }
        let sleeps = self.sleeps()?;
        match before.filter(|before| before.thread == thread && before.sleeps == sleeps) {
            Some(same) => Some(same),
            None => Some(Suspect { thread, sleeps, since: Instant::now() }),
        }
    }

    /// How often the thread has gone to sleep; nothing when it is not asleep now.
    fn sleeps(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/self/task/{}/status", self.task));
        let Ok(status) = status else { return self.nanoseconds_run() };
        let field = |name| status.lines().find_map(|line| line.strip_prefix(name));
        field("State:")?.trim().starts_with('S').then_some(())?;
        field("voluntary_ctxt_switches:")?.trim().parse().ok()
    }

    /// Processor time of the thread, for a sandbox in which `/proc` is not to be read: unchanged means
    /// that it has not run. A thread that got no processor for so long would count as asleep, too.
    fn nanoseconds_run(&self) -> Option<u64> {
        // As pthread_getcpuclockid(3) makes it: the scheduler's clock of a single thread.
        let clock = (!self.task) << 3 | 0b110;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(unsafe_code, reason = "clocks of threads have no safe interface")]
        // SAFETY: writes to `time`, which outlives the call; a thread that is gone is an error.
        let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
        let (seconds, rest) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
        (result == 0).then_some(seconds * 1_000_000_000 + rest)
    }
}

impl Suspect {
    pub(super) fn is_stuck(&self, pinned: bool) -> bool {
        self.since.elapsed() >= if pinned { LONG_PATIENCE } else { PATIENCE }
    }
}

/// The thread runs Python, or code that may touch its objects.
pub(super) fn is_attached(slot: &CurrentFrameSlot) -> bool {
    slot.state.load(Ordering::Relaxed) != ThreadState::Detached as i32
}

fn gettid() -> i32 {
    #[expect(unsafe_code, reason = "std has no name for the kernel's number of a thread")]
    // SAFETY: gettid has no preconditions and cannot fail.
    let task = unsafe { libc::gettid() };
    task
}
