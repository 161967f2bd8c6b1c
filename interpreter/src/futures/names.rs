//! What futures and tasks need of asyncio's Python side, looked up once for each interpreter.

use crate::tasks::Task;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyTypeRef};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::{AsObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

/// Parts of asyncio. They live as long as the process, as the interpreter that has them does.
pub(crate) struct Names {
    /// The interpreter; holding it keeps another one from getting its address.
    state: PyRc<PyGlobalState>,
    pub(crate) cancelled_error: PyTypeRef,
    pub(crate) invalid_state_error: PyTypeRef,
    pub(crate) events: PyObjectRef,
    pub(crate) coroutines: PyObjectRef,
    tasks: PyDictRef,
}

impl Names {
    /// Whether `asyncio.tasks.Task` is ours: a program may put another in its place.
    pub(crate) fn tasks_are_ours(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let class = self.tasks.get_item_opt("Task", vm)?;
        Ok(class.is_some_and(|class| class.is(Task::class(&vm.ctx))))
    }

    pub(crate) fn invalid_state(&self, text: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_exception_msg(self.invalid_state_error.clone(), text.into())
    }
}

static ALL: Mutex<Vec<&'static Names>> = Mutex::new(Vec::new());

thread_local! {
    static LAST: Cell<Option<&'static Names>> = const { Cell::new(None) };
}

/// Those of this interpreter.
///
/// # Errors
/// When asyncio cannot be imported.
pub(crate) fn names(vm: &VirtualMachine) -> PyResult<&'static Names> {
    let of_ours = |names: &&'static Names| PyRc::ptr_eq(&names.state, &vm.state);
    if let Some(names) = LAST.get().filter(|names| of_ours(names)) {
        return Ok(names);
    }
    let known = || ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known().iter().copied().find(of_ours);
    let names = match found {
        Some(names) => names,
        None => {
            let names = &*Box::leak(Box::new(look_up(vm)?));
            known().push(names);
            names
        }
    };
    LAST.set(Some(names));
    Ok(names)
}

fn look_up(vm: &VirtualMachine) -> PyResult<Names> {
    let exceptions = module("asyncio.exceptions", vm)?;
    let class = |name: &'static str| -> PyResult<PyTypeRef> {
        let class = exceptions.get_attr(name, vm)?;
        class.downcast().map_err(|_| vm.new_type_error(format!("{name} is no class")))
    };
    Ok(Names {
        state: vm.state.clone(),
        cancelled_error: class("CancelledError")?,
        invalid_state_error: class("InvalidStateError")?,
        events: module("asyncio.events", vm)?,
        coroutines: module("asyncio.coroutines", vm)?,
        tasks: module("asyncio.tasks", vm)?
            .dict()
            .ok_or_else(|| vm.new_type_error("`asyncio.tasks` is no module"))?,
    })
}

/// A module by its full name, imported when it is not yet.
pub(crate) fn module(name: &'static str, vm: &VirtualMachine) -> PyResult {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    if let Ok(module) = modules.get_item(name, vm) {
        return Ok(module);
    }
    vm.import(name, 0)?;
    modules.as_object().get_item(name, vm)
}
