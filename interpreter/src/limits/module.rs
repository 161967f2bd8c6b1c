//! `_cellist_limits`: the native part of `cellist.limits`.

use super::{meter, reached};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::sync::{Mutex, OnceLock, PoisonError};

static LIMIT_EXCEEDED: OnceLock<PyTypeRef> = OnceLock::new();

/// What the alarm calls, and its timer.
static ALARM: Mutex<Option<(super::timer::Timer, PyObjectRef)>> = Mutex::new(None);

/// The class of exceptions for limits that Python does not know.
pub(super) fn limit_exceeded(vm: &VirtualMachine) -> PyTypeRef {
    let make = || {
        let base = vec![vm.ctx.exceptions.base_exception_type.to_owned()];
        vm.ctx.new_exception_type("cellist.limits", "LimitExceeded", Some(base))
    };
    LIMIT_EXCEEDED.get_or_init(make).clone()
}

/// Takes the alarm out; what it held is dropped by the caller, without the lock.
fn take_alarm() -> Option<(super::timer::Timer, PyObjectRef)> {
    ALARM.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Calls what the alarm was set for.
pub(super) fn alarm_due(vm: &VirtualMachine) -> PyResult<()> {
    if let Some((_timer, function)) = take_alarm() {
        function.call((), vm)?;
    }
    Ok(())
}

#[rustpython_vm::pymodule(name = "_cellist_limits")]
pub(crate) mod _cellist_limits {
    use super::{ALARM, PoisonError, meter, reached, take_alarm};
    use crate::limits::timer::{Clock, Timer};
    use rustpython_vm::builtins::PyModule;
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};
    use std::time::Duration;

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        module.as_object().set_attr("LimitExceeded", super::limit_exceeded(vm), vm)
    }

    /// The handler of the limits' signal.
    #[pyfunction]
    fn _due(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        reached::due(vm)
    }

    /// Raises when the run has reached a limit and gone on all the same.
    #[pyfunction]
    fn settle(vm: &VirtualMachine) -> PyResult<()> {
        match reached::first() {
            // Code may free memory and go on.
            None | Some(reached::Kind::Memory) => Ok(()),
            Some(kind) => Err(reached::here(kind, vm)),
        }
    }

    /// Calls `function()` on the main thread, between two instructions, after so many seconds.
    /// There is one alarm: it takes the place of the one before.
    #[pyfunction]
    fn alarm(seconds: f64, function: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let timer = Timer::for_this_thread(Clock::Real, reached::ALARM)
            .map_err(|error| vm.new_os_error(error.to_string()))?;
        timer.once(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        let before =
            ALARM.lock().unwrap_or_else(PoisonError::into_inner).replace((timer, function));
        drop(before);
        Ok(())
    }

    /// Forgets the alarm.
    #[pyfunction]
    fn alarm_off() {
        drop(take_alarm());
    }

    /// Instructions are to be counted in this run.
    #[pyfunction]
    fn counts_instructions() -> bool {
        meter::counts_instructions()
    }

    /// Instructions counted so far.
    #[pyfunction]
    fn instructions() -> u64 {
        meter::instructions()
    }

    /// What `sys.monitoring` calls before each instruction.
    #[pyfunction]
    fn _count(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        meter::instruction(vm)
    }
}
