//! Locks that listen: `_thread`'s lock, RLock and thread handle, whose waits signals end, which
//! are fair, and which know who holds them. They take the place of the stock ones before any
//! Python runs, so `threading`, `queue` and `concurrent.futures` are made of them.

mod core;
mod deadlock;
mod objects;

use rustpython_vm::builtins::{PyModule, PyModuleDef};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};
use std::sync::OnceLock;

/// The definition of `_thread` that ours completes.
static STOCK: OnceLock<&'static PyModuleDef> = OnceLock::new();

/// The parts of the stock module that ours call, kept under these names.
const KEPT: [(&str, &str); 4] = [
    ("_ThreadHandle", "_stock_ThreadHandle"),
    ("_make_thread_handle", "_stock_make_thread_handle"),
    ("_shutdown", "_stock_shutdown"),
    ("start_joinable_thread", "_stock_start_joinable_thread"),
];

/// Names that ours put into the module.
const OURS: [&str; 8] = [
    "lock",
    "LockType",
    "RLock",
    "_ThreadHandle",
    "allocate_lock",
    "_make_thread_handle",
    "_shutdown",
    "start_joinable_thread",
];

/// An initialisation hook: replaces the definition of `_thread`. Subinterpreters inherit it.
pub(crate) fn install(vm: &mut VirtualMachine) {
    let Some(state) = PyRc::get_mut(&mut vm.state) else {
        return;
    };
    let Some(&stock) = state.module_defs.get("_thread") else {
        return;
    };
    let stock = *STOCK.get_or_init(|| stock);
    let ours = PyModuleDef {
        name: stock.name,
        doc: stock.doc,
        methods: stock.methods,
        slots: rustpython_vm::builtins::PyModuleSlots {
            create: stock.slots.create,
            exec: Some(exec),
        },
    };
    // Definitions live as long as the process; there is one for each interpreter that is built.
    state.module_defs.insert("_thread", Box::leak(Box::new(ours)));
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK.get() {
        stock.exec_module(vm, module)?;
    }
    let module = module.as_object();
    for (name, kept) in KEPT {
        let part = module.get_attr(name, vm)?;
        module.set_attr(kept, part, vm)?;
    }
    let definition = objects::_thread::module_def(&vm.ctx);
    let ours = definition.create_module(vm)?;
    definition.exec_module(vm, &ours)?;
    for name in OURS {
        module.set_attr(name, ours.get_attr(name, vm)?, vm)?;
    }
    let base = vec![vm.ctx.exceptions.runtime_error.to_owned()];
    let error = vm.ctx.new_exception_type("cellist.threads", "DeadlockError", Some(base));
    module.set_attr("_DeadlockError", error, vm)
}
