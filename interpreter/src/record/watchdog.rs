//! Steps that do not yield: a timer looks now and then, and has the main thread say where it is.
//!
//! The timer runs while steps come and stops when it finds none, so that a loop that waits is
//! left alone.

use super::{CURRENT, Kind, TOP, site, write_span};
use crate::limits::{Repeating, SIGNAL_BIT_WATCH};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often the timer looks.
const TICK: Duration = Duration::from_millis(25);

/// A step that was seen at two ticks in a row, and once more, has taken 50 ms.
const SEEN: u64 = 3;

static RUNS: AtomicBool = AtomicBool::new(false);
/// Beginning of the step that was seen last, and how often.
static STEP: AtomicU64 = AtomicU64::new(0);
static TIMES: AtomicU64 = AtomicU64::new(0);
static TIMER: Repeating = Repeating::new(SIGNAL_BIT_WATCH);

thread_local! {
    /// Whether this is the thread that the timer looks at, once that is known.
    static WATCHED: Cell<Option<bool>> = const { Cell::new(None) };
}

/// A step begins.
#[inline]
pub(super) fn busy() {
    if !RUNS.load(Ordering::Relaxed) {
        start();
    }
}

#[cold]
fn start() {
    let watched = WATCHED.get().unwrap_or_else(|| {
        let watched = crate::limits::is_main_thread();
        WATCHED.set(Some(watched));
        watched
    });
    if watched && TIMER.start(TICK) {
        RUNS.store(true, Ordering::Relaxed);
    }
}

/// A forked child has no timer yet.
pub(crate) fn after_fork() {
    RUNS.store(false, Ordering::Relaxed);
}

/// The timer went off, on the main thread and in a signal handler; true when the step that runs
/// has just become a long one.
pub(crate) fn is_slow() -> bool {
    let current = CURRENT.get();
    if current.task == 0 {
        TIMER.stop();
        RUNS.store(false, Ordering::Relaxed);
        return false;
    }
    if STEP.swap(current.began, Ordering::Relaxed) != current.began {
        TIMES.store(1, Ordering::Relaxed);
        return false;
    }
    TIMES.fetch_add(1, Ordering::Relaxed) + 1 == SEEN
}

/// Records where the long step stands. On the main thread, between two instructions. On the virtual
/// clock computing takes no time: there is nothing to say.
pub(crate) fn sample() {
    let current = CURRENT.get();
    if current.task != 0 && !current.moment.is_virtual {
        let here = site::standing();
        let extra = if here.is_top { TOP } else { 0 };
        let site = if here.site == 0 { site::caller() } else { here.site };
        write_span(Kind::Stall, current.moment, current.task, site, extra);
    }
}
