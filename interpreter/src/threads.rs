//! Locks that listen: `_thread`'s lock, RLock and thread handle, whose waits signals end, which
//! are fair, and which know who holds them; and `_queue`'s queue, made of them. They take the
//! place of the stock ones before any Python runs, so `threading`, `queue` and
//! `concurrent.futures` are made of them. On the virtual clock threads run one at a time.

pub(crate) mod baton;
mod core;
pub(crate) mod deadlock;
mod futex;
mod handles;
mod holder;
mod locks;
pub(crate) mod permit;
mod queue;
mod schedule;
mod watch;

use crate::vm::complete;
use rustpython_vm::builtins::{PyModule, PyModuleDef};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The definitions that ours complete.
static STOCK_THREAD: OnceLock<&'static PyModuleDef> = OnceLock::new();
static STOCK_QUEUE: OnceLock<&'static PyModuleDef> = OnceLock::new();

/// The parts of the stock `_thread` that ours call, kept under these names.
const KEPT: [(&str, &str); 6] = [
    ("_ThreadHandle", "_stock_ThreadHandle"),
    ("_make_thread_handle", "_stock_make_thread_handle"),
    ("_shutdown", "_stock_shutdown"),
    ("stack_size", "_stock_stack_size"),
    ("start_joinable_thread", "_stock_start_joinable_thread"),
    ("start_new_thread", "_stock_start_new_thread"),
];

/// Names that ours put into the module.
const LOCKS: [&str; 4] = ["lock", "LockType", "RLock", "allocate_lock"];
const HANDLES: [&str; 7] = [
    "_ThreadHandle",
    "_make_thread_handle",
    "_shutdown",
    "stack_size",
    "start_joinable_thread",
    "start_new_thread",
    "start_new",
];

/// An initialisation hook: replaces the definitions of `_thread` and `_queue`. Subinterpreters
/// inherit them.
pub(crate) fn install(vm: &mut VirtualMachine) {
    complete(vm, "_thread", &STOCK_THREAD, exec_thread);
    complete(vm, "_queue", &STOCK_QUEUE, exec_queue);
}

/// A thread ended by an error (under a schedule), or waited for ever at the program's end.
static FAILED: AtomicBool = AtomicBool::new(false);

pub(crate) fn note_failure() {
    FAILED.store(true, Ordering::SeqCst);
}

/// Whether, on the virtual clock, a thread waited for ever at the program's end, or, under a
/// schedule, an error ended a thread.
pub fn has_thread_failed() -> bool {
    FAILED.load(Ordering::SeqCst)
}

/// Puts `names` of a definition of ours into `module`.
fn add(
    module: &Py<PyModule>,
    definition: &'static PyModuleDef,
    names: &[&'static str],
    vm: &VirtualMachine,
) -> PyResult<()> {
    let ours = definition.create_module(vm)?;
    definition.exec_module(vm, &ours)?;
    for name in names.iter().copied() {
        module.as_object().set_attr(name, ours.get_attr(name, vm)?, vm)?;
    }
    Ok(())
}

fn exec_thread(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK_THREAD.get() {
        stock.exec_module(vm, module)?;
    }
    // Threads of a size that the user did not choose have ours.
    vm.state.stacksize.store(crate::limits::THREAD_STACK);
    for (name, kept) in KEPT {
        let part = module.as_object().get_attr(name, vm)?;
        module.as_object().set_attr(kept, part, vm)?;
    }
    add(module, locks::_thread::module_def(&vm.ctx), &LOCKS, vm)?;
    add(module, handles::_thread::module_def(&vm.ctx), &HANDLES, vm)?;
    let base = vec![vm.ctx.exceptions.runtime_error.to_owned()];
    let error = vm.ctx.new_exception_type("cellist.threads", "DeadlockError", Some(base));
    module.as_object().set_attr("_DeadlockError", error, vm)
}

fn exec_queue(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK_QUEUE.get() {
        stock.exec_module(vm, module)?;
    }
    add(module, queue::_queue::module_def(&vm.ctx), &["SimpleQueue"], vm)
}
