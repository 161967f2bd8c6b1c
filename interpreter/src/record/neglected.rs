//! What ended without anybody having waited for it or looked at it.

use super::{CURRENT, Kind, site, write};
use rustpython_vm::builtins::{PyBaseException, PyCoroutine};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};
use std::sync::OnceLock;

/// A coroutine of this library ends that was never begun.
pub(crate) fn never_awaited() {
    note(site::caller());
}

fn note(site: u32) {
    write(Kind::NeverAwaited, 0, CURRENT.get().task, site, 0);
}

/// The future (0) or task ends, and nobody has looked at its exception.
pub(crate) fn unretrieved(task: u32, exception: Option<&Py<PyBaseException>>) {
    let raised = exception.map_or(0, site::of_exception);
    // What was set, not raised, has no place but this.
    let site = if raised == 0 { site::caller() } else { raised };
    write(Kind::Unretrieved, task, CURRENT.get().task, site, 0);
}

/// The task goes and has not ended.
pub(crate) fn lost(task: u32) {
    write(Kind::Lost, task, CURRENT.get().task, site::caller(), 0);
}

type Ending = fn(&PyObject, &VirtualMachine) -> PyResult<()>;

/// What RustPython does when a coroutine that has not run to its end goes.
static STOCK: OnceLock<Ending> = OnceLock::new();

/// An initialisation hook: coroutines in Python tell, too. Those that ran to their end are not
/// even asked.
pub(crate) fn install(vm: &mut VirtualMachine) {
    let slot = &vm.ctx.types.coroutine_type.slots.del;
    let Some(stock) = slot.load() else { return };
    // Interpreters share the class; the second finds ours.
    if STOCK.set(stock).is_ok() {
        slot.store(Some(end));
    }
}

fn end(object: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    if let Some(coroutine) = object.downcast_ref::<PyCoroutine>()
        && is_fresh(coroutine)
    {
        let here = site::caller();
        note(if here == 0 { site::of_definition(coroutine) } else { here });
    }
    STOCK.get().map_or(Ok(()), |stock| stock(object, vm))
}

/// Whether it has never run and was not closed: of such, RustPython warns.
fn is_fresh(coroutine: &PyCoroutine) -> bool {
    let coroutine = coroutine.as_coro();
    !coroutine.closed()
        && !coroutine.running()
        && coroutine.frame_opt().is_none_or(|frame| frame.lasti() == 0)
}
