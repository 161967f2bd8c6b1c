//! Timers that tell the interpreter's main thread, by a signal, that time is up.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// The signal: a real-time one that nothing else uses, so that user code keeps `SIGALRM`.
pub(super) const SIGNAL: i32 = 62;

/// What a timer measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Real time.
    Real,
    /// Processor time of the process.
    Processor,
}

/// A timer of the operating system; gone when dropped.
#[derive(Debug)]
pub(super) struct Timer {
    /// A `timer_t`, which is a pointer that points to nothing.
    id: usize,
    /// Ids mean nothing in a forked child.
    process: u32,
}

impl Timer {
    /// A timer that sends `bits` with [`SIGNAL`] to the calling thread.
    ///
    /// # Errors
    /// When there are no more timers.
    pub(super) fn for_this_thread(clock: Clock, bits: u32) -> io::Result<Self> {
        let clock = match clock {
            Clock::Real => libc::CLOCK_MONOTONIC,
            Clock::Processor => libc::CLOCK_PROCESS_CPUTIME_ID,
        };
        let mut id: libc::timer_t = std::ptr::null_mut();
        #[expect(unsafe_code, reason = "timers have no safe interface")]
        // SAFETY: an all-zero `sigevent` is valid; `event` and `id` live through the call.
        let result = unsafe {
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_notify_thread_id = libc::gettid();
            event.sigev_signo = SIGNAL;
            event.sigev_value.sival_ptr = std::ptr::without_provenance_mut(bits as usize);
            libc::timer_create(clock, &raw mut event, &raw mut id)
        };
        match result {
            0 => Ok(Self { id: id.addr(), process: std::process::id() }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Goes off after `after`, once.
    pub(super) fn once(&self, after: Duration) {
        set(self.id, after.max(Duration::from_nanos(1)), Duration::ZERO);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            #[expect(unsafe_code, reason = "timers have no safe interface")]
            // SAFETY: this process made the timer, and nobody else deletes it.
            unsafe {
                libc::timer_delete(std::ptr::without_provenance_mut(self.id));
            }
        }
    }
}

/// Goes off after `after`, zero is never, and then again and again unless `every` is zero.
fn set(id: usize, after: Duration, every: Duration) {
    let spec = |time: Duration| libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    let times = libc::itimerspec { it_value: spec(after), it_interval: spec(every) };
    #[expect(unsafe_code, reason = "timers have no safe interface")]
    // SAFETY: the id is of a timer, or stale: then the call fails, which nobody needs to know.
    unsafe {
        libc::timer_settime(
            std::ptr::without_provenance_mut(id),
            0,
            &raw const times,
            std::ptr::null_mut(),
        );
    }
}

/// A timer that any thread may start, also in a signal handler.
#[derive(Debug)]
pub(super) struct Shared(AtomicUsize);

/// 0 is a good id.
const NONE: usize = usize::MAX;

impl Shared {
    pub(super) const fn none() -> Self {
        Self(AtomicUsize::new(NONE))
    }

    pub(super) fn is(&self, timer: Option<&Timer>) {
        self.0.store(timer.map_or(NONE, |timer| timer.id), Ordering::SeqCst);
    }

    /// Goes off again and again from now on.
    pub(super) fn repeat(&self, every: Duration) {
        let id = self.0.load(Ordering::SeqCst);
        if id != NONE {
            set(id, every, every);
        }
    }
}

/// A timer that goes off again and again while it runs, made on first use.
#[derive(Debug)]
pub(crate) struct Repeating {
    bits: u32,
    id: AtomicUsize,
    /// Ids mean nothing in a forked child.
    process: AtomicU32,
}

impl Repeating {
    pub(crate) const fn new(bits: u32) -> Self {
        Self { bits, id: AtomicUsize::new(NONE), process: AtomicU32::new(0) }
    }

    /// On the main thread; false when there are no more timers.
    pub(crate) fn start(&self, every: Duration) -> bool {
        let process = std::process::id();
        if self.process.swap(process, Ordering::SeqCst) != process {
            let Ok(timer) = Timer::for_this_thread(Clock::Real, self.bits) else {
                self.process.store(0, Ordering::SeqCst);
                return false;
            };
            self.id.store(timer.id, Ordering::SeqCst);
            // It lasts as long as the process.
            std::mem::forget(timer);
        }
        set(self.id.load(Ordering::SeqCst), every, every);
        true
    }

    /// Also in a signal handler.
    pub(crate) fn stop(&self) {
        set(self.id.load(Ordering::SeqCst), Duration::ZERO, Duration::ZERO);
    }
}
