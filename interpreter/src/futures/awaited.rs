//! Who awaits a future: what `asyncio.capture_call_graph` follows.
//!
//! A task or gathering that waits natively is one of the future's waiters anyway; only what
//! others report is kept besides.

use super::{Future, Waiter};
use rustpython_vm::builtins::{PyFrozenSet, PySet};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

/// Everybody who awaits `future`; none when nobody does.
pub(super) fn awaited_by(future: &Py<Future>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let (mut found, reported) = {
        let cell = future.cell.lock();
        let waiting = |waiter: &Waiter| match waiter {
            Waiter::Task(task) => Some(task.clone().into()),
            Waiter::Gather(gathering) => gathering.waiting_task(),
            Waiter::Callback(..) | Waiter::Native(_) => None,
        };
        let found: Vec<PyObjectRef> = cell.waiters.as_slice().iter().filter_map(waiting).collect();
        (found, cell.rare.as_ref().and_then(|rare| rare.awaited_by.clone()))
    };
    if let Some(reported) = reported {
        found.extend(reported.elements());
    }
    if found.is_empty() {
        return Ok(vm.ctx.none());
    }
    Ok(PyFrozenSet::from_iter(vm, found)?.into_pyobject(vm))
}

/// Reports that `waiter` awaits `future`. Ignores what is not ours.
pub(crate) fn add(future: &PyObject, waiter: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let Some(future) = future.downcast_ref::<Future>() else { return Ok(()) };
    if waiter.downcast_ref::<Future>().is_none() {
        return Ok(());
    }
    let set = {
        let fresh = PySet::default().into_ref(&vm.ctx);
        let mut cell = future.cell.lock();
        cell.rare().awaited_by.get_or_insert(fresh).clone()
    };
    // Hashing may run Python code: not under the lock.
    set.add(waiter.to_owned(), vm)
}

/// Takes back what [`add`] reported.
pub(crate) fn discard(future: &PyObject, waiter: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let Some(future) = future.downcast_ref::<Future>() else { return Ok(()) };
    match reported(future) {
        Some(set) => vm.call_method(set.as_object(), "discard", (waiter.to_owned(),)).map(drop),
        None => Ok(()),
    }
}

fn reported(future: &Py<Future>) -> Option<PyRef<PySet>> {
    future.cell.lock().rare.as_ref()?.awaited_by.clone()
}
