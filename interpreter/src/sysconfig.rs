//! What `sysconfig` says of this build, where RustPython leaves something out.

use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};
use std::sync::OnceLock;

/// Where systems keep the time zones: CPython's default for `zoneinfo.TZPATH`.
const TIME_ZONES: &str =
    "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo";

static STOCK: OnceLock<&'static PyModuleDef> = OnceLock::new();

/// An initialisation hook: completes the module, under each of its names.
pub(crate) fn install(vm: &mut VirtualMachine) {
    let Some(state) = PyRc::get_mut(&mut vm.state) else {
        return;
    };
    for (name, definition) in &mut state.module_defs {
        if !name.starts_with("_sysconfigdata") {
            continue;
        }
        let stock = *STOCK.get_or_init(|| *definition);
        let ours = PyModuleDef {
            name: stock.name,
            doc: stock.doc,
            methods: stock.methods,
            slots: PyModuleSlots { create: stock.slots.create, exec: Some(exec) },
        };
        // Definitions live as long as the process.
        *definition = Box::leak(Box::new(ours));
    }
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK.get() {
        stock.exec_module(vm, module)?;
    }
    let variables = module.as_object().get_attr("build_time_vars", vm)?;
    variables.set_item("TZPATH", vm.ctx.new_str(TIME_ZONES).into(), vm)
}
