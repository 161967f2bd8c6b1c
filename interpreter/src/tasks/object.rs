//! What Python code sees of a task.

use super::{Cell, Enter, Name, Task, name_of, require_coroutine, step};
use crate::contexts;
use crate::futures::{self, CancelArguments, Future, assigned};
use crate::record;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::types::{Callable, Constructor, Destructor, Initializer, Representable};
use rustpython_vm::{
    AsObject, FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse,
    VirtualMachine, pyclass,
};
use std::sync::atomic::Ordering;

#[derive(FromArgs)]
pub(crate) struct TaskArguments {
    #[pyarg(any)]
    coro: PyObjectRef,
    #[pyarg(named, name = "loop", optional)]
    owner: Option<PyObjectRef>,
    #[pyarg(named, optional)]
    name: Option<PyObjectRef>,
    #[pyarg(named, optional)]
    context: Option<PyObjectRef>,
    #[pyarg(named, optional)]
    eager_start: Option<PyObjectRef>,
}

#[derive(FromArgs)]
pub(crate) struct StackArguments {
    #[pyarg(named, optional)]
    limit: Option<PyObjectRef>,
    #[pyarg(named, optional)]
    file: Option<PyObjectRef>,
}

#[derive(FromArgs)]
pub(crate) struct LimitArguments {
    #[pyarg(named, optional)]
    limit: Option<PyObjectRef>,
}

impl Constructor for Task {
    type Args = FuncArgs;

    fn slot_new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        Self::blank().into_ref_with_type_lazy_dict(vm, class).map(Into::into)
    }

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self::blank())
    }
}

impl Initializer for Task {
    type Args = TaskArguments;

    fn init(zelf: &Py<Self>, args: TaskArguments, vm: &VirtualMachine) -> PyResult<()> {
        let owner = match args.owner.filter(|owner| !vm.is_none(owner)) {
            Some(owner) => owner,
            None => super::get_event_loop(vm)?,
        };
        Future::begin(Self::future(zelf), owner.clone(), vm)?;
        if let Err(error) = require_coroutine(&args.coro, vm) {
            zelf.cell.lock().is_expendable = true;
            return Err(error);
        }
        let context = match args.context.filter(|context| !vm.is_none(context)) {
            Some(context) => context,
            None => contexts::copy_current(vm)?,
        };
        let cell = Cell {
            coroutine: Some(args.coro),
            context: Some(context),
            name: name_of(args.name, vm)?,
            ..Cell::default()
        };
        let before = std::mem::replace(&mut *zelf.cell.lock(), cell);
        drop(before);
        zelf.number.store(record::create(), Ordering::Relaxed);
        if args.eager_start.is_some_and(|eager| eager.is(&vm.ctx.true_value))
            && vm.call_method(&owner, "is_running", ())?.try_to_bool(vm)?
        {
            return step::step_eagerly(zelf, vm);
        }
        zelf.entry.register(zelf);
        step::soon(zelf, None, vm)
    }
}

impl Task {
    /// Whether its end would log something.
    pub(super) fn is_worth_a_word(object: &PyObject) -> bool {
        Future::is_unread(object)
            || object.downcast_ref::<Self>().is_some_and(|task| !Self::future(task).is_done())
    }

    fn base_tasks(function: &'static str, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let module = futures::module("asyncio.base_tasks", vm)?;
        vm.call_method(&module, function, args)
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Destructor, Representable)
)]
impl Task {
    #[pymethod]
    fn set_result(_zelf: &Py<Self>, _result: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_runtime_error("Task does not support set_result operation"))
    }

    #[pymethod]
    fn set_exception(_zelf: &Py<Self>, _error: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_runtime_error("Task does not support set_exception operation"))
    }

    /// Request that this task cancel itself.
    #[pymethod]
    fn cancel(zelf: &Py<Self>, args: CancelArguments, vm: &VirtualMachine) -> PyResult<bool> {
        Self::request_cancel(zelf, args.message(vm), vm)
    }

    /// Return the count of the task's cancellation requests.
    #[pymethod]
    fn cancelling(zelf: &Py<Self>) -> i32 {
        zelf.cell.lock().cancellations
    }

    /// Take one cancellation request back; returns how many remain.
    #[pymethod]
    fn uncancel(zelf: &Py<Self>) -> i32 {
        let mut cell = zelf.cell.lock();
        if cell.cancellations > 0 {
            cell.cancellations -= 1;
            if cell.cancellations == 0 {
                cell.must_cancel = false;
            }
        }
        cell.cancellations
    }

    #[pymethod]
    fn get_coro(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().coroutine.clone()
    }

    #[pymethod]
    fn get_context(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().context.clone()
    }

    #[pymethod]
    fn get_name(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        match &zelf.cell.lock().name {
            Name::Number(number) => vm.ctx.new_str(format!("Task-{number}")).into(),
            Name::Text(text) => text.clone(),
        }
    }

    #[pymethod]
    fn set_name(zelf: &Py<Self>, name: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let name =
            if name.fast_isinstance(vm.ctx.types.str_type) { name } else { name.str(vm)?.into() };
        let before = std::mem::replace(&mut zelf.cell.lock().name, Name::Text(name));
        drop(before);
        Ok(())
    }

    /// Return the list of stack frames for this task's coroutine.
    #[pymethod]
    fn get_stack(zelf: PyRef<Self>, args: LimitArguments, vm: &VirtualMachine) -> PyResult {
        let limit = args.limit.unwrap_or_else(|| vm.ctx.none());
        Self::base_tasks("_task_get_stack", FuncArgs::from(vec![zelf.into(), limit]), vm)
    }

    /// Print the stack or traceback for this task's coroutine.
    #[pymethod]
    fn print_stack(zelf: PyRef<Self>, args: StackArguments, vm: &VirtualMachine) -> PyResult {
        let limit = args.limit.unwrap_or_else(|| vm.ctx.none());
        let file = args.file.unwrap_or_else(|| vm.ctx.none());
        Self::base_tasks("_task_print_stack", FuncArgs::from(vec![zelf.into(), limit, file]), vm)
    }

    #[pygetset]
    fn _log_destroy_pending(zelf: &Py<Self>) -> bool {
        !zelf.cell.lock().is_expendable
    }

    #[pygetset(setter)]
    fn set__log_destroy_pending(
        zelf: &Py<Self>,
        value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let wanted = assigned(value, vm)?.try_to_bool(vm)?;
        zelf.cell.lock().is_expendable = !wanted;
        Ok(())
    }

    /// Its number in the records (`cellist.trace`).
    #[pygetset]
    fn _number(zelf: &Py<Self>) -> u32 {
        zelf.number()
    }

    #[pygetset]
    fn _must_cancel(zelf: &Py<Self>) -> bool {
        zelf.cell.lock().must_cancel
    }

    #[pygetset]
    fn _coro(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().coroutine.clone()
    }

    #[pygetset]
    fn _fut_waiter(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().waits_for.clone()
    }
}

impl Destructor for Task {
    fn del(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        // As a weak reference would end here: a handler that keeps the task does not bring it back.
        zelf.entry.unregister();
        let future = Self::future(zelf);
        if !future.is_done() && !zelf.cell.lock().is_expendable {
            record::lost(zelf.number());
            let message = "Task was destroyed but it is pending!".to_owned();
            Future::complain(future, message, "task", vm)?;
        }
        Future::end(future, zelf.number.load(Ordering::Relaxed), vm)
    }
}

impl Representable for Task {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        futures::repr_with("asyncio.base_tasks", "_task_repr_info", zelf.as_object(), vm)
    }
}

/// A task's step as a callable, for loops that are not ours.
#[pyclass(module = "_asyncio", name = "TaskStepMethWrapper", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct StepMethod {
    task: PyRef<Task>,
    error: PyMutex<Option<PyBaseExceptionRef>>,
}

impl StepMethod {
    pub(super) fn of(
        task: &Py<Task>,
        error: Option<PyBaseExceptionRef>,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        Self { task: task.to_owned(), error: PyMutex::new(error) }.into_pyobject(vm)
    }
}

impl Callable for StepMethod {
    type Args = ();

    fn call(zelf: &Py<Self>, (): (), vm: &VirtualMachine) -> PyResult {
        let error = zelf.error.lock().take();
        step::step(&zelf.task, error, Enter::Nothing, vm).map(|()| vm.ctx.none())
    }
}

#[pyclass(with(Callable))]
impl StepMethod {
    /// By this the loop's messages find the task.
    #[pygetset]
    fn __self__(zelf: &Py<Self>) -> PyRef<Task> {
        zelf.task.clone()
    }

    #[pygetset]
    fn __qualname__(_zelf: &Py<Self>) -> &'static str {
        "TaskStepMethWrapper"
    }
}

/// A task's wake-up as a callable, for futures and loops that are not ours.
#[pyclass(module = "_asyncio", name = "TaskWakeupMethWrapper", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct WakeupMethod {
    task: PyRef<Task>,
}

impl WakeupMethod {
    pub(super) fn of(task: &Py<Task>, vm: &VirtualMachine) -> PyObjectRef {
        Self { task: task.to_owned() }.into_pyobject(vm)
    }

    pub(crate) fn task(&self) -> PyRef<Task> {
        self.task.clone()
    }
}

impl Callable for WakeupMethod {
    type Args = (PyObjectRef,);

    fn call(zelf: &Py<Self>, (future,): Self::Args, vm: &VirtualMachine) -> PyResult {
        step::wakeup(&zelf.task, &future, Enter::Nothing, vm).map(|()| vm.ctx.none())
    }
}

#[pyclass(with(Callable))]
impl WakeupMethod {
    #[pygetset]
    fn __self__(zelf: &Py<Self>) -> PyRef<Task> {
        zelf.task.clone()
    }

    #[pygetset]
    fn __qualname__(_zelf: &Py<Self>) -> &'static str {
        "Task.task_wakeup"
    }
}
