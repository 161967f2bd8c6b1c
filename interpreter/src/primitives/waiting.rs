//! Tasks that wait for a primitive, and the loop they belong to.

use super::coroutine::{Call, Step};
use super::is_cancelled;
use super::line::Line;
use crate::futures;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// The loop that a primitive belongs to: the one on which a task first had to wait for it.
#[derive(Debug, Default)]
pub(super) struct Home(PyMutex<Option<PyObjectRef>>);

impl Home {
    /// A new future of the running loop, for a task that waits for `owner`.
    ///
    /// # Errors
    /// When tasks of another loop wait for `owner`.
    pub(super) fn future(&self, owner: &PyObject, vm: &VirtualMachine) -> PyResult {
        let running = vm.asyncio_running_loop.borrow().clone();
        let mut home = self.0.lock();
        if home.is_none() {
            home.clone_from(&running);
        }
        let same = match (&*home, &running) {
            (Some(home), Some(running)) => home.is(running),
            (home, running) => home.is_none() && running.is_none(),
        };
        drop(home);
        if !same {
            let owner = owner.repr(vm)?;
            return Err(vm.new_runtime_error(format!("{owner} is bound to a different event loop")));
        }
        futures::create(&vm.unwrap_or_none(running), vm)
    }
}

traverse!(Home: 0);

/// A class whose instances belong to a loop.
#[pyclass]
pub(super) trait Homed: PyPayload {
    fn home(&self) -> &Home;

    #[pygetset]
    fn _loop(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.home().0.lock().clone()
    }

    #[pygetset(setter)]
    fn set__loop(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        let old = std::mem::replace(&mut *zelf.home().0.lock(), value);
        drop(old);
    }
}

/// The futures of tasks that wait for a lock or its like.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) line: Line,
    /// Whether a task has ever waited.
    contended: AtomicBool,
    pub(super) home: Home,
}

traverse!(Waiting: line, home);

impl Waiting {
    /// Lets a task wait for `owner`, as the last in the line.
    pub(super) fn enter(
        &self,
        owner: &PyObject,
        call: &mut Call,
        vm: &VirtualMachine,
    ) -> PyResult<Step> {
        let future = self.home.future(owner, vm)?;
        self.contended.store(true, Ordering::Relaxed);
        self.line.push(future.clone(), vm)?;
        Ok(call.wait_for(future))
    }

    /// Takes a task out of the line, whose wait is over; its future.
    pub(super) fn leave(
        &self,
        call: &mut Call,
        vm: &VirtualMachine,
    ) -> PyResult<Option<PyObjectRef>> {
        let future = call.future.take();
        if let Some(future) = &future {
            self.line.remove(future, vm)?;
        }
        Ok(future)
    }

    /// Whether nobody waits, or all who waited were cancelled.
    pub(super) fn is_idle(&self, vm: &VirtualMachine) -> PyResult<bool> {
        if self.line.len(vm)? == 0 {
            return Ok(true);
        }
        for future in self.line.all(vm)? {
            if !is_cancelled(&future, vm)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A class for whose instances tasks wait.
#[pyclass]
pub(super) trait Awaited: PyPayload {
    /// Whether there is no line before a task has waited.
    const LATE: bool;

    fn waiting(&self) -> &Waiting;

    #[pygetset]
    fn _waiters(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        let waiting = zelf.waiting();
        if Self::LATE && !waiting.contended.load(Ordering::Relaxed) {
            return Ok(None);
        }
        waiting.line.object(false, vm).map(Some)
    }

    #[pygetset(setter)]
    fn set__waiters(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        let waiting = zelf.waiting();
        waiting.contended.store(value.is_some(), Ordering::Relaxed);
        waiting.line.set(value);
    }
}
