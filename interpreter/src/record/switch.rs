//! Whether tasks are recorded: always, but in a build that measures what that costs.

#[cfg(feature = "record-switch")]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "record-switch")]
static ON: AtomicBool = AtomicBool::new(true);

/// Whether what tasks do is recorded.
#[cfg(not(feature = "record-switch"))]
#[inline(always)]
pub(super) const fn is_on() -> bool {
    true
}

/// Whether what tasks do is recorded.
#[cfg(feature = "record-switch")]
#[inline(always)]
pub(super) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Turns it on or off, between two runs of an event loop.
#[cfg(feature = "record-switch")]
pub(super) fn turn(on: bool) {
    ON.store(on, Ordering::Relaxed);
}
