//! Where memory was allocated: what `tracemalloc` shows.
//!
//! The allocator tells of every block while tracing is on. A block is noted with the Python frames
//! of the thread that asked for it; what threads without Python ask for is not noted. Off, it costs
//! one load for each block; on, a lock and a walk of the frames.

mod module;
mod table;

pub(crate) use module::_tracemalloc::module_def;

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::get_current_frame;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use table::{Place, Table};

static TRACING: AtomicBool = AtomicBool::new(false);
/// How many frames of each block are kept.
static FRAMES: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    /// Set while this thread works on the table, whose own memory is not traced.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on the table; None when this thread works on it already.
fn with_table<T>(work: impl FnOnce(&mut Table) -> T) -> Option<T> {
    if INSIDE.replace(true) {
        return None;
    }
    let result = work(&mut table::lock());
    INSIDE.set(false);
    Some(result)
}

/// The allocator has given a block.
#[inline]
pub(crate) fn taken(block: *mut u8, size: usize) {
    if TRACING.load(Ordering::Relaxed) && !block.is_null() {
        note(block, size);
    }
}

/// The allocator takes a block back.
#[inline]
pub(crate) fn freed(block: *mut u8) {
    if TRACING.load(Ordering::Relaxed) {
        forget(block);
    }
}

#[cold]
fn note(block: *mut u8, size: usize) {
    if get_current_frame().is_null() {
        return;
    }
    with_table(|table| {
        table.collect(|places| walk(places, FRAMES.load(Ordering::Relaxed)));
        table.add(block as usize, size);
    });
}

#[cold]
fn forget(block: *mut u8) {
    with_table(|table| table.remove(block as usize));
}

/// Puts the frames of this thread into `places`, the innermost first; returns how many there are.
fn walk(places: &mut Vec<Place>, most: usize) -> usize {
    let mut frame = get_current_frame();
    let mut count = 0;
    loop {
        #[expect(unsafe_code, reason = "the chain of frames is one of pointers")]
        // SAFETY: this thread's frames live as long as they are in the chain, whose top this
        // thread reads while it runs none of them.
        let Some(now) = (unsafe { frame.as_ref() }) else { return count };
        if count < most {
            places.push(Place::new(now.code(), now.lasti.load(Ordering::Relaxed)));
        }
        count += 1;
        frame = now.previous();
    }
}

/// Begins to trace, with so many frames of each block.
fn start(frames: usize) {
    if TRACING.load(Ordering::SeqCst) {
        return;
    }
    FRAMES.store(frames, Ordering::SeqCst);
    TRACING.store(true, Ordering::SeqCst);
}

/// Ends the tracing and forgets all blocks.
fn stop() {
    TRACING.store(false, Ordering::SeqCst);
    clear();
}

/// Forgets all blocks so far.
fn clear() {
    // Dropped outside: what it holds gives memory back, which the table must then hear of.
    drop(with_table(std::mem::take));
}

/// An initialisation hook: `-X tracemalloc=FRAMES` and `PYTHONTRACEMALLOC=FRAMES` begin to trace.
pub(crate) fn install(vm: &mut VirtualMachine) {
    let settings = &vm.state.config.settings;
    let option = settings.xoptions.iter().rev().find(|(name, _)| name == "tracemalloc");
    let frames = match option {
        Some((_, value)) => Some(value.clone().unwrap_or_else(|| "1".to_owned())),
        None if settings.ignore_environment => None,
        None => std::env::var("PYTHONTRACEMALLOC").ok(),
    };
    match frames.and_then(|text| text.parse().ok()) {
        Some(0) | None => {}
        Some(frames) => start(frames),
    }
}
