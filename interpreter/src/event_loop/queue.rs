//! What a loop has to do: callbacks that are ready, timers, and who waits for descriptors.

use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{AsObject, PyObjectRef};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::os::fd::RawFd;

/// A callback whose turn has come.
pub(crate) enum Ready {
    /// A task's own step or wake-up: it enters the task's context itself, and nobody keeps a
    /// handle to it.
    Task(PyObjectRef, Vec<PyObjectRef>),
    /// A handle, ours or (in debug mode) `asyncio.Handle`.
    Handle(PyObjectRef),
}

/// A handle and when it is due, in nanoseconds of the loop's clock.
pub(crate) struct Timer {
    pub(crate) at: u64,
    /// Timers due at the same moment run in the order in which they were made.
    pub(crate) sequence: u64,
    pub(crate) handle: PyObjectRef,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    /// The earliest is the greatest: `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

/// The handles that wait for one descriptor.
#[derive(Default)]
pub(crate) struct Interest {
    pub(crate) reader: Option<PyObjectRef>,
    pub(crate) writer: Option<PyObjectRef>,
}

/// Everything a loop has queued.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) ready: VecDeque<Ready>,
    pub(crate) timers: BinaryHeap<Timer>,
    pub(crate) sequence: u64,
    /// How many of `timers` are cancelled.
    pub(crate) cancelled: usize,
    pub(crate) descriptors: BTreeMap<RawFd, Interest>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Queue {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        for ready in &self.ready {
            match ready {
                Ready::Task(callback, arguments) => {
                    visit(callback.as_object());
                    arguments.iter().for_each(|argument| visit(argument.as_object()));
                }
                Ready::Handle(handle) => visit(handle.as_object()),
            }
        }
        self.timers.iter().for_each(|timer| visit(timer.handle.as_object()));
        for interest in self.descriptors.values() {
            interest.reader.iter().for_each(|handle| visit(handle.as_object()));
            interest.writer.iter().for_each(|handle| visit(handle.as_object()));
        }
    }
}
