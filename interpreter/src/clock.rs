//! The two clocks. One clock per process: Python's `time`, the event loops and the checks all
//! read it.

pub(crate) mod outside;

use crate::threads::baton::{self, Outside, Watch, Woken};
use crate::threads::deadlock;
use crate::threads::permit::is_ready;
use rustix::event::PollFlags;
use rustpython_vm::{PyResult, VirtualMachine};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Which clock `time` and `asyncio` read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Clock {
    /// Real time.
    #[default]
    Wall,
    /// Simulated time: a sleep takes none, and measures exactly.
    Virtual,
}

impl Clock {
    /// As commands and Python name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Virtual => "virtual",
        }
    }
}

/// What `time.time()` says when virtual time is 0: 2026-01-01 00:00:00 UTC, in nanoseconds.
/// Fixed, so that a program prints the same on every day.
pub(crate) const VIRTUAL_EPOCH_NANOS: u64 = 1_767_225_600_000_000_000;

static IS_VIRTUAL: AtomicBool = AtomicBool::new(false);
static NOW_NANOS: AtomicU64 = AtomicU64::new(0);

/// The seed of the threads' schedule; without one they run first in, first out.
static SEED: Mutex<Option<u64>> = Mutex::new(None);

/// Switches to `clock`; virtual time begins at 0.
pub(crate) fn set(clock: Clock) {
    resume((clock == Clock::Virtual).then_some(0));
}

/// Continues virtual time at `nanos`, or returns to the wall clock.
pub(crate) fn resume(nanos: Option<u64>) {
    NOW_NANOS.store(nanos.unwrap_or(0), Ordering::SeqCst);
    IS_VIRTUAL.store(nanos.is_some(), Ordering::SeqCst);
    baton::reset();
}

/// From the next switch to the virtual clock on, `seed` draws the order of threads.
pub(crate) fn set_seed(seed: Option<u64>) {
    *SEED.lock().unwrap_or_else(PoisonError::into_inner) = seed;
}

pub(crate) fn seed() -> Option<u64> {
    *SEED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Now on the clock that runs, in nanoseconds since some moment.
pub(crate) fn now() -> u64 {
    virtual_now().unwrap_or_else(|| {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    })
}

/// Nanoseconds of a number of seconds; negative is 0, and the end of time is 584 years away. What
/// is above 0 is at least 1: who waits on the virtual clock until a moment must come to it.
pub(crate) fn nanos(seconds: f64) -> u64 {
    ((seconds * 1e9).round_ties_even() as u64).max(u64::from(seconds > 0.0))
}

/// Nanoseconds of virtual time, or `None` on the wall clock.
pub(crate) fn virtual_now() -> Option<u64> {
    IS_VIRTUAL.load(Ordering::Relaxed).then(|| NOW_NANOS.load(Ordering::SeqCst))
}

/// Moves virtual time forward. Saturates after 584 years.
pub(crate) fn advance(nanos: u64) {
    let _ = NOW_NANOS
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(nanos)));
}

/// Moves virtual time to `nanos`, unless it is there already.
pub(crate) fn advance_to(nanos: u64) {
    NOW_NANOS.fetch_max(nanos, Ordering::SeqCst);
}

/// Sleeps virtually: other threads run meanwhile, and then time jumps.
///
/// # Errors
/// What a signal handler raised.
pub(crate) fn sleep(nanos: u64, vm: &VirtualMachine) -> PyResult<()> {
    let until = now().saturating_add(nanos);
    if !baton::is_member(vm) {
        // A thread from before the clock was switched: it has no part in the simulation.
        #[expect(clippy::disallowed_methods, reason = "the pause itself is meant")]
        vm.allow_threads(|| std::thread::sleep(Duration::from_nanos(nanos)));
        return vm.check_signals();
    }
    while virtual_now().is_some_and(|now| now <= until) {
        if baton::park(Some(until), Watch::default(), vm)? == Woken::Expired {
            break;
        }
    }
    Ok(())
}

/// Waits in virtual time until one of `readers` can be read or one of `writers` written, at most
/// `nanos`; false when they have passed. Virtual time does not wait for what a `service` thread
/// waits for. `None` for a thread that is no part of the simulation: it has to wait really.
///
/// # Errors
/// What a signal handler raised, and `DeadlockError`.
pub(crate) fn poll(
    readers: &[RawFd],
    writers: &[RawFd],
    nanos: Option<u64>,
    service: bool,
    vm: &VirtualMachine,
) -> PyResult<Option<bool>> {
    let until = nanos.map(|nanos| now().saturating_add(nanos));
    let readers = readers.iter().map(|fd| (*fd, PollFlags::IN | PollFlags::PRI));
    let writers = writers.iter().map(|fd| (*fd, PollFlags::OUT));
    let descriptors: Vec<_> = readers.chain(writers).filter(|(fd, _)| *fd >= 0).collect();
    while baton::is_member(vm) {
        if is_ready(&descriptors) {
            return Ok(Some(true));
        }
        let outside = match descriptors.iter().any(|(fd, _)| outside::is_foreign(*fd)) {
            false => Outside::No,
            true if service => Outside::Maybe,
            true => Outside::Expected,
        };
        let watch = Watch { descriptors: descriptors.clone(), outside, event_loop: None };
        match baton::park(until, watch, vm)? {
            Woken::Called => {}
            Woken::Expired => return Ok(Some(is_ready(&descriptors))),
            Woken::Stalled => return Err(deadlock::stalled(vm)),
            Woken::Off => break,
        }
    }
    Ok(None)
}

/// Whether the kernel will send this process SIGALRM: an event from outside the simulation.
pub(crate) fn is_alarm_set() -> bool {
    let mut timer = std::mem::MaybeUninit::<libc::itimerval>::zeroed();
    #[expect(unsafe_code, reason = "interval timers have no safe interface")]
    // SAFETY: the structure may be all zeros, and the call only writes to it.
    let timer = unsafe {
        libc::getitimer(libc::ITIMER_REAL, timer.as_mut_ptr());
        timer.assume_init()
    };
    timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_adds_up() {
        set(Clock::Virtual);
        for _ in 0..10 {
            advance(100_000_000);
        }
        assert_eq!(virtual_now(), Some(1_000_000_000));
        set(Clock::Wall);
        assert_eq!(virtual_now(), None);
    }
}
