//! What a loop has to do: callbacks that are ready, timers, and who waits for descriptors.

use super::handle::is_cancelled;
use crate::futures::{Future, Waker};
use crate::tasks::{Gathering, Task};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::os::fd::RawFd;
use std::sync::Arc;

/// A callback whose turn has come. Of what asyncio itself schedules nobody keeps a handle, so
/// there is none.
#[derive(Clone, Debug)]
pub(crate) enum Ready {
    /// A task's step, into which an error may be thrown.
    Step(PyRef<Task>, Option<PyBaseExceptionRef>),
    /// The future is done that the task waits for.
    Wakeup(PyRef<Task>, PyRef<Future>),
    /// The future is done, one of those gathered.
    Gathered(PyRef<Gathering>, PyRef<Future>),
    /// The future is done, and this its callback, to be called in a context.
    Done(PyObjectRef, PyRef<Future>, PyObjectRef),
    /// The future is done, which Rust code waits for.
    Native(Arc<dyn Waker>, PyRef<Future>),
    /// A sleep is over: the future is to have this result.
    Slept(PyRef<Future>, PyObjectRef),
    /// A handle, ours or (in debug mode) `asyncio.Handle`.
    Handle(PyObjectRef),
}

/// What is to happen at a time.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    Handle(PyObjectRef),
    /// As [`Ready::Slept`].
    Sleep(PyRef<Future>, PyObjectRef),
}

/// When something is due, in nanoseconds of the loop's clock.
#[derive(Clone)]
pub(crate) struct Timer {
    pub(crate) at: u64,
    /// Timers due at the same moment run in the order in which they were made.
    pub(crate) sequence: u64,
    pub(crate) due: Due,
}

impl Due {
    /// Whether it no longer matters.
    pub(crate) fn is_off(&self, vm: &VirtualMachine) -> PyResult<bool> {
        match self {
            Self::Handle(handle) => is_cancelled(handle, vm),
            Self::Sleep(future, _) => Ok(future.needs_no_timer()),
        }
    }

    pub(crate) fn into_ready(self) -> Ready {
        match self {
            Self::Handle(handle) => Ready::Handle(handle),
            Self::Sleep(future, result) => Ready::Slept(future, result),
        }
    }
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
                Ready::Step(task, error) => {
                    visit(task.as_object());
                    error.iter().for_each(|error| visit(error.as_object()));
                }
                Ready::Wakeup(task, future) => {
                    visit(task.as_object());
                    visit(future.as_object());
                }
                Ready::Gathered(gathering, future) => {
                    visit(gathering.as_object());
                    visit(future.as_object());
                }
                Ready::Done(callback, future, context) => {
                    visit(callback);
                    visit(future.as_object());
                    visit(context);
                }
                // Wakers may be shared with the future's list, and then visited there.
                Ready::Native(_, future) => visit(future.as_object()),
                Ready::Slept(future, result) => {
                    visit(future.as_object());
                    visit(result);
                }
                Ready::Handle(handle) => visit(handle),
            }
        }
        for timer in &self.timers {
            match &timer.due {
                Due::Handle(handle) => visit(handle),
                Due::Sleep(future, result) => {
                    visit(future.as_object());
                    visit(result);
                }
            }
        }
        for interest in self.descriptors.values() {
            interest.reader.iter().for_each(|handle| visit(handle.as_object()));
            interest.writer.iter().for_each(|handle| visit(handle.as_object()));
        }
    }
}
