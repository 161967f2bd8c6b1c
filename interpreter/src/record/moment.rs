//! When something happened: in the processor's own ticks, which cost little, or on the virtual clock.

use crate::clock;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A moment on the clock that runs: in ticks, or in virtual nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    pub(super) time: u64,
    pub(super) is_virtual: bool,
}

impl Moment {
    #[inline]
    pub(crate) fn now() -> Self {
        match clock::virtual_now() {
            None => Self { time: ticks(), is_virtual: false },
            Some(time) => Self { time, is_virtual: true },
        }
    }

    /// How long before the other it was, in its own unit; 0 if the clock is another one there.
    #[inline]
    pub(super) fn until(self, end: Self) -> u64 {
        if end.is_virtual == self.is_virtual { end.time.saturating_sub(self.time) } else { 0 }
    }
}

/// The processor's clock, in its own unit.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn ticks() -> u64 {
    #[expect(unsafe_code, reason = "the clock has no safe interface")]
    // SAFETY: every x86-64 processor has it, and user code may read it on Linux.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
}

/// The system's clock, in nanoseconds.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn ticks() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// From ticks to time.
pub(super) struct Scale {
    pub(super) start: u64,
    nanos_per_tick: f64,
}

/// Ticks and time at one moment, early on.
static ORIGIN: OnceLock<(u64, Instant)> = OnceLock::new();

/// Time begins. Called before anything is recorded.
pub(crate) fn begin() {
    ORIGIN.get_or_init(|| (ticks(), Instant::now()));
}

impl Scale {
    pub(super) fn now() -> Self {
        let &(start, moment) = ORIGIN.get_or_init(|| (ticks(), Instant::now()));
        let passed = ticks().saturating_sub(start).max(1);
        Self { start, nanos_per_tick: moment.elapsed().as_nanos() as f64 / passed as f64 }
    }

    pub(super) fn time(&self, ticks: u64) -> Duration {
        Duration::from_nanos((ticks as f64 * self.nanos_per_tick) as u64)
    }

    /// As the time of a record that is written at this moment.
    pub(super) fn moment(&self, moment: Moment) -> Duration {
        if moment.is_virtual {
            return Duration::from_nanos(moment.time);
        }
        self.time(moment.time.saturating_sub(self.start))
    }
}
