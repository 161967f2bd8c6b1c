//! The source of frozen modules: what `inspect.getsource`, `name??` and tracebacks show of the
//! library. It is kept compressed in the executable, whose pages are read when somebody asks.

use crate::vm::complete;
use rustpython_vm::builtins::{PyModule, PyModuleDef};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};
use std::sync::OnceLock;

/// A line for each module: its name, and where its text begins and ends in [`PACKED`].
const INDEX: &str = include_str!(concat!(env!("OUT_DIR"), "/sources.txt"));

/// The texts, each for itself as `zlib.decompress` reads it.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.bin"));

static STOCK: OnceLock<&'static PyModuleDef> = OnceLock::new();

/// The compressed source of a module.
fn packed(module: &str) -> Option<&'static [u8]> {
    let line = INDEX.lines().find_map(|line| line.strip_prefix(module)?.strip_prefix(' '))?;
    let (begin, end) = line.split_once(' ')?;
    PACKED.get(begin.parse().ok()?..end.parse().ok()?)
}

/// An initialisation hook: the importer of frozen modules learns to tell their source (PEP 302,
/// `get_source`). The import system asks for `_imp` once that importer exists.
pub(crate) fn install(vm: &mut VirtualMachine) {
    complete(vm, "_imp", &STOCK, exec);
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK.get() {
        stock.exec_module(vm, module)?;
    }
    let ours = _cellist_sources::module_def(&vm.ctx).create_module(vm)?;
    _cellist_sources::module_def(&vm.ctx).exec_module(vm, &ours)?;
    let modules = vm.sys_module.get_attr("modules", vm)?;
    // Without it nothing frozen is imported, and nothing needs its source.
    if let Ok(bootstrap) = modules.get_item("_frozen_importlib", vm) {
        let importer = bootstrap.get_attr("FrozenImporter", vm)?;
        importer.set_attr("get_source", ours.as_object().get_attr("get_source", vm)?, vm)?;
    }
    Ok(())
}

#[rustpython_vm::pymodule(name = "_cellist_sources")]
mod _cellist_sources {
    use rustpython_vm::builtins::PyUtf8StrRef;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    /// The source of a frozen module, or None when it is not kept.
    #[pyfunction]
    fn get_source(fullname: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult {
        let name = fullname.as_str();
        if !vm.state.frozen.contains_key(name) {
            let message = format!("'{name}' is not a frozen module");
            return Err(vm.new_import_error(message, vm.ctx.new_utf8_str(name)));
        }
        let Some(packed) = super::packed(rustpython_vm::vm::resolve_frozen_alias(name)) else {
            return Ok(vm.ctx.none());
        };
        let packed: PyObjectRef = vm.ctx.new_bytes(packed.to_vec()).into();
        let text = vm.import("zlib", 0)?.get_attr("decompress", vm)?.call((packed,), vm)?;
        vm.call_method(&text, "decode", ())
    }
}
