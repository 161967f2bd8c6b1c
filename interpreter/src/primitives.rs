//! `_cellist_sync`: asyncio's queues and locks in Rust. `cellist.native_sync` puts them in place
//! of the stock ones.
//!
//! What a method like `put()` returns awaits as a coroutine does, but runs no Python: it is done at
//! once when it can be, and only else makes a future of the running loop. Classes that Python code
//! derives keep their say: what they may override is called as a method.
//!
//! There is no GIL: everything here may be called from any thread at any time.

mod condition;
pub(crate) mod coroutine;
mod line;
mod lock;
mod queue;
mod semaphore;
mod waiting;

use crate::futures;
use coroutine::{Routine, Step};
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

pub(crate) use _cellist_sync::module_def;

#[rustpython_vm::pymodule(name = "_cellist_sync")]
mod _cellist_sync {
    use super::{condition, coroutine, lock, queue, semaphore};
    use rustpython_vm::builtins::PyModule;
    use rustpython_vm::class::PyClassImpl;
    use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        for class in [
            coroutine::Coroutine::make_static_type(),
            lock::Event::make_static_type(),
            lock::Lock::make_static_type(),
            semaphore::Semaphore::make_static_type(),
            semaphore::BoundedSemaphore::make_static_type(),
            condition::Condition::make_static_type(),
            queue::Queue::make_static_type(),
            queue::LifoQueue::make_static_type(),
            queue::PriorityQueue::make_static_type(),
        ] {
            let name = class.name().to_owned();
            module.as_object().set_attr(vm.ctx.intern_str(name), class, vm)?;
        }
        Ok(())
    }
}

/// `async with` for classes that Python code derived: `acquire()` is theirs.
static ENTER: Routine = Routine {
    name: "_ContextManagerMixin.__aenter__",
    begin: |call, vm| vm.call_method(&call.target, "acquire", ()).map(Step::Await),
    resume: |_, outcome, vm| outcome.map(|_| Step::Done(vm.ctx.none())),
};

static EXIT: Routine = Routine {
    name: "_ContextManagerMixin.__aexit__",
    begin: |call, vm| {
        match call.target.downcast_ref::<lock::Lock>() {
            Some(lock) if lock.plain => lock::Lock::release(lock, vm)?,
            _ => drop(vm.call_method(&call.target, "release", ())?),
        }
        Ok(Step::Done(vm.ctx.none()))
    },
    resume: |_, outcome, _| outcome.map(Step::Done),
};

/// Whether `class` takes all of `names` from `native`: nothing of theirs is overridden.
pub(crate) fn inherits(
    class: &Py<PyType>,
    native: &Py<PyType>,
    names: &[&'static str],
    vm: &VirtualMachine,
) -> bool {
    names.iter().all(|name| {
        let name = vm.ctx.intern_str(*name);
        match (class.get_attr(name), native.get_attr(name)) {
            (Some(theirs), Some(ours)) => theirs.is(&ours),
            _ => false,
        }
    })
}

/// `future.done()`.
fn is_done(future: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    match futures::exact(future, vm) {
        Some(future) => Ok(future.is_done()),
        None => vm.call_method(future, "done", ())?.try_to_bool(vm),
    }
}

/// `future.cancelled()`.
pub(crate) fn is_cancelled(future: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    match futures::exact(future, vm) {
        Some(future) => Ok(future.state() == futures::State::Cancelled),
        None => vm.call_method(future, "cancelled", ())?.try_to_bool(vm),
    }
}

/// Gives `future` its result, unless it has one; whether it did.
pub(crate) fn wake(future: &PyObject, result: PyObjectRef, vm: &VirtualMachine) -> PyResult<bool> {
    if is_done(future, vm)? {
        return Ok(false);
    }
    match futures::exact(future, vm) {
        Some(future) => futures::Future::resolve(future, result, vm)?,
        None => drop(vm.call_method(future, "set_result", (result,))?),
    }
    Ok(true)
}

/// A class or exception of the package `asyncio`.
fn asyncio(name: &'static str, vm: &VirtualMachine) -> PyResult {
    vm.import("asyncio", 0)?.get_attr(name, vm)
}

fn is_cancelled_error(error: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    let class = asyncio("CancelledError", vm)?;
    error.is_instance(&class, vm)
}

/// The one argument `name` that `class.__init__` takes.
fn argument(
    mut args: FuncArgs,
    class: &str,
    name: &str,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let value = args.take_positional_keyword(name);
    if let Some(keyword) = args.kwargs.keys().next() {
        return Err(vm.new_type_error(format!(
            "{class}.__init__() got an unexpected keyword argument '{keyword}'"
        )));
    }
    if !args.args.is_empty() {
        let given = 2 + args.args.len();
        return Err(vm.new_type_error(format!(
            "{class}.__init__() takes from 1 to 2 positional arguments but {given} were given"
        )));
    }
    Ok(value)
}

/// `<module.Class object at 0x… [extra, waiters:n]>`.
fn describe(
    object: &PyObject,
    extra: &str,
    waiters: usize,
    vm: &VirtualMachine,
) -> PyResult<String> {
    let class = object.class().as_object();
    let module = class.get_attr("__module__", vm)?.str(vm)?;
    let name = class.get_attr("__qualname__", vm)?.str(vm)?;
    let waiters = if waiters > 0 { format!(", waiters:{waiters}") } else { String::new() };
    Ok(format!("<{module}.{name} object at {:#x} [{extra}{waiters}]>", object.get_id()))
}
