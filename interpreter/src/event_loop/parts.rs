//! What a loop needs of its Python side and of asyncio's own loops.

use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// What a loop needs of Python; these live as long as the interpreter.
pub(super) struct Types {
    pub(super) handle: PyTypeRef,
    pub(super) timer: PyTypeRef,
    /// The class of loops that is ours.
    pub(super) ours: PyTypeRef,
    /// The method of this name as the class has it when nobody has replaced it.
    pub(super) create_task: PyObjectRef,
}

impl Types {
    pub(super) fn look_up(create_task: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self> {
        let part = |name| -> PyResult<PyTypeRef> {
            import_name("cellist.native_loop", name, vm)?
                .downcast()
                .map_err(|_| vm.new_type_error("`cellist.native_loop` is not ours"))
        };
        Ok(Self {
            handle: part("Handle")?,
            timer: part("TimerHandle")?,
            ours: part("EventLoop")?,
            create_task,
        })
    }
}

fn import_name(module: &'static str, name: &'static str, vm: &VirtualMachine) -> PyResult {
    vm.import(module, 0)?;
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.get_item(module, vm)?.get_attr(name, vm)
}

/// What asyncio's own loops have.
pub(super) fn stock_method(name: &'static str, vm: &VirtualMachine) -> PyResult {
    import_name("asyncio.base_events", "BaseEventLoop", vm)?.get_attr(name, vm)
}
