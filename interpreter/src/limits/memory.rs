//! Counting memory: an allocator that can say no.

use super::reached::{self, Kind};
use crate::traces;
use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Threads settle their account with the process in steps of so many bytes.
const STEP: i64 = 64 << 10;

static COUNTING: AtomicBool = AtomicBool::new(false);
/// Bytes held, up to one step per thread.
static HELD: AtomicI64 = AtomicI64::new(0);
static LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);

thread_local! {
    /// Bytes that are not in [`HELD`] yet.
    static UNSETTLED: Cell<i64> = const { Cell::new(0) };
    /// Size of this thread's last request that was refused.
    static REFUSED: Cell<usize> = const { Cell::new(0) };
}

/// A global allocator that keeps the memory limit of [`Limits`](super::Limits), and tells
/// `tracemalloc` of its blocks. Counts nothing until such a limit is set.
///
/// Over the limit a cell gets `MemoryError` at its next instruction. A request that would take
/// the process over twice the limit is refused: a growing list can double itself and be stopped
/// in order, and `"x" * 10**11` is stopped before it begins.
#[derive(Debug)]
pub struct Metered<A>(A);

impl<A> Metered<A> {
    /// Meters `allocator`.
    pub const fn new(allocator: A) -> Self {
        Self(allocator)
    }
}

#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
// SAFETY: every block comes from the inner allocator with the very arguments of the caller, or
// is null; what is counted besides does not unwind, and what is traced allocates for itself only
// where this thread is not tracing already.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Metered<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !charge(layout.size(), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        let block = note(unsafe { self.0.alloc(layout) }, layout.size(), 0);
        traces::taken(block, layout.size());
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !charge(layout.size(), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        let block = note(unsafe { self.0.alloc_zeroed(layout) }, layout.size(), 0);
        traces::taken(block, layout.size());
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        charge(0, layout.size());
        // Before another thread can be given the same block.
        traces::freed(block);
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !charge(size, layout.size()) {
            return std::ptr::null_mut();
        }
        traces::freed(block);
        // SAFETY: the caller's promise.
        let moved = note(unsafe { self.0.realloc(block, layout, size) }, size, layout.size());
        // A block that could not be moved is still there, but no longer traced.
        traces::taken(moved, size);
        moved
    }
}

/// Books `more` bytes taken and `less` given back; false when they may not be taken.
#[inline]
fn charge(more: usize, less: usize) -> bool {
    !COUNTING.load(Ordering::Relaxed) || book(more as i64 - less as i64)
}

#[inline]
fn book(bytes: i64) -> bool {
    let unsettled = UNSETTLED.get() + bytes;
    if unsettled.abs() < STEP {
        UNSETTLED.set(unsettled);
        return true;
    }
    UNSETTLED.set(0);
    let held = HELD.fetch_add(unsettled, Ordering::Relaxed) + unsettled;
    let limit = LIMIT.load(Ordering::Relaxed);
    if held <= limit || bytes < 0 {
        return true;
    }
    if held > limit.saturating_mul(2) {
        HELD.fetch_sub(bytes, Ordering::Relaxed);
        REFUSED.set(bytes as usize);
        return false;
    }
    reached::from_anywhere(Kind::Memory);
    true
}

/// Takes back what was booked for a block that the operating system does not give.
#[inline]
fn note(block: *mut u8, more: usize, less: usize) -> *mut u8 {
    if block.is_null() {
        charge(less, more);
        REFUSED.set(more);
    }
    block
}

/// Sets the limit for the whole process. The first one begins to count, from what the process
/// holds at that moment.
pub(super) fn limit(bytes: Option<u64>) {
    let Some(bytes) = bytes else {
        LIMIT.store(i64::MAX, Ordering::Relaxed);
        return;
    };
    LIMIT.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    if !COUNTING.load(Ordering::Relaxed) {
        HELD.store(resident(), Ordering::Relaxed);
        COUNTING.store(true, Ordering::Relaxed);
    }
}

/// Bytes held, and bytes allowed.
pub(super) fn account() -> (u64, u64) {
    let whole = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
    (whole(HELD.load(Ordering::Relaxed)), whole(LIMIT.load(Ordering::Relaxed)))
}

/// Whether more is held than allowed.
pub(super) fn is_over() -> bool {
    HELD.load(Ordering::Relaxed) > LIMIT.load(Ordering::Relaxed)
}

/// The size of this thread's last request that was refused, 0 when none was.
pub(super) fn refused() -> usize {
    REFUSED.get()
}

/// Bytes of the process in memory; 0 where the operating system does not say.
fn resident() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<i64>().ok())
        .unwrap_or(0);
    pages * crate::footprint::page_size() as i64
}
