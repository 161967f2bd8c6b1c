//! The two clocks. One clock per process: Python's `time`, the event loops and the checks all
//! read it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Which clock `time` and `asyncio` read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Clock {
    /// Real time.
    #[default]
    Wall,
    /// Simulated time: a sleep takes none, and measures exactly.
    Virtual,
}

/// What `time.time()` says when virtual time is 0: 2026-01-01 00:00:00 UTC, in nanoseconds.
/// Fixed, so that a program prints the same on every day.
pub(crate) const VIRTUAL_EPOCH_NANOS: u64 = 1_767_225_600_000_000_000;

static IS_VIRTUAL: AtomicBool = AtomicBool::new(false);
static NOW_NANOS: AtomicU64 = AtomicU64::new(0);

/// Switches to `clock`; virtual time begins at 0.
pub(crate) fn set(clock: Clock) {
    NOW_NANOS.store(0, Ordering::SeqCst);
    IS_VIRTUAL.store(clock == Clock::Virtual, Ordering::SeqCst);
}

/// Continues virtual time at `nanos`, or returns to the wall clock.
pub(crate) fn resume(nanos: Option<u64>) {
    NOW_NANOS.store(nanos.unwrap_or(0), Ordering::SeqCst);
    IS_VIRTUAL.store(nanos.is_some(), Ordering::SeqCst);
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
