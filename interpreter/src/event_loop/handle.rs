//! What `call_soon` and its like return.

use super::queue::{Due, Ready};
use super::{LoopCore, seconds};
use crate::tasks::{Gathering, Task};
use crate::{contexts, futures};
use rustpython_vm::builtins::PyType;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// The native part of a handle: `asyncio.Handle` and `asyncio.TimerHandle` are its
/// other bases.
#[pyclass(module = "_cellist_loop", name = "HandleCore", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct HandleCore {
    /// The callback, then its arguments; none when cancelled.
    pub(crate) call: PyMutex<Option<Vec<PyObjectRef>>>,
    pub(crate) context: PyObjectRef,
    pub(crate) owner: PyObjectRef,
    #[pytraverse(skip)]
    pub(crate) cancelled: AtomicBool,
    /// Due at, in nanoseconds.
    #[pytraverse(skip)]
    pub(crate) at: u64,
    /// Due at, as the caller of `call_at` said it.
    pub(crate) when: Option<PyObjectRef>,
    /// In the loop's heap.
    #[pytraverse(skip)]
    pub(crate) scheduled: AtomicBool,
}

impl Constructor for HandleCore {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("event loops make their handles themselves"))
    }
}

#[pyclass(flags(BASETYPE), with(Constructor))]
impl HandleCore {
    /// Keeps the callback from being called.
    #[pymethod]
    fn cancel(zelf: &Py<Self>) {
        if zelf.cancelled.swap(true, Ordering::SeqCst) {
            return;
        }
        let call = zelf.call.lock().take();
        drop(call);
        if zelf.scheduled.load(Ordering::SeqCst)
            && let Some(core) = zelf.owner.downcast_ref::<LoopCore>()
        {
            core.queue.lock().cancelled += 1;
        }
    }

    /// Whether it was cancelled.
    #[pymethod]
    fn cancelled(zelf: &Py<Self>) -> bool {
        zelf.cancelled.load(Ordering::SeqCst)
    }

    pub(crate) fn is_off(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// When it is due, on the loop's clock.
    #[pymethod]
    fn when(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        zelf.when.clone().unwrap_or_else(|| seconds(zelf.at, vm))
    }

    /// The context in which the callback runs.
    #[pymethod]
    fn get_context(zelf: &Py<Self>) -> PyObjectRef {
        zelf.context.clone()
    }

    #[pygetset]
    fn _when(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        Self::when(zelf, vm)
    }

    #[pygetset]
    fn _cancelled(zelf: &Py<Self>) -> bool {
        zelf.is_off()
    }

    #[pygetset]
    fn _scheduled(zelf: &Py<Self>) -> bool {
        zelf.scheduled.load(Ordering::SeqCst)
    }

    #[pygetset]
    fn _callback(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.call.lock().as_ref().and_then(|call| call.first().cloned())
    }

    #[pygetset]
    fn _args(zelf: &Py<Self>, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let call = zelf.call.lock();
        let arguments = call.as_ref()?.get(1..)?.to_vec();
        Some(vm.ctx.new_tuple(arguments).into())
    }

    #[pygetset]
    fn _context(zelf: &Py<Self>) -> PyObjectRef {
        zelf.context.clone()
    }

    #[pygetset]
    fn _loop(zelf: &Py<Self>) -> PyObjectRef {
        zelf.owner.clone()
    }

    #[pygetset]
    fn _repr(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }

    #[pygetset]
    fn _source_traceback(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }
}

impl LoopCore {
    pub(crate) fn handle(
        zelf: &Py<Self>,
        args: FuncArgs,
        context: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<HandleCore>> {
        let call = callback_and_arguments(args, vm)?;
        let core = Self::handle_core(zelf, call, context, 0, None, vm)?;
        core.into_ref_with_type(vm, zelf.types.handle.clone())
    }

    pub(crate) fn handle_core(
        zelf: &Py<Self>,
        call: Vec<PyObjectRef>,
        context: Option<PyObjectRef>,
        at: u64,
        when: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<HandleCore> {
        let context = match context.filter(|context| !vm.is_none(context)) {
            Some(context) => context,
            None => contexts::copy_current(vm)?,
        };
        Ok(HandleCore {
            call: PyMutex::new(Some(call)),
            context,
            owner: zelf.to_owned().into(),
            cancelled: AtomicBool::new(false),
            at,
            when,
            scheduled: AtomicBool::new(false),
        })
    }
}

impl Ready {
    /// As the handle that `call_soon` would have made: for messages, and for who looks at the
    /// queue.
    pub(crate) fn into_handle(self, core: &Py<LoopCore>, vm: &VirtualMachine) -> PyResult {
        let (call, context) = match self {
            Self::Handle(handle) => return Ok(handle),
            Self::Step(task, error) => (vec![Task::step_method(&task, error, vm)], task.context()),
            Self::Wakeup(task, future) => {
                (vec![Task::wakeup_method(&task, vm), future.into()], task.context())
            }
            Self::Gathered(gathering, future) => {
                let method = Gathering::child_done_method(&gathering, vm);
                (vec![method, future.into()], contexts::copy_current(vm)?)
            }
            Self::Done(callback, future, context) => (vec![callback, future.into()], context),
            Self::Native(_, future) => (vec![future.into()], contexts::copy_current(vm)?),
            Self::Slept(future, result) => {
                let set = futures::module("asyncio.futures", vm)?;
                let set = set.get_attr("_set_result_unless_cancelled", vm)?;
                (vec![set, future.into(), result], contexts::copy_current(vm)?)
            }
        };
        let handle = LoopCore::handle_core(core, call, Some(context), 0, None, vm)?;
        Ok(handle.into_ref_with_type(vm, core.types.handle.clone())?.into())
    }
}

impl Due {
    /// As the handle that `call_at` would have made.
    pub(crate) fn into_handle(self, core: &Py<LoopCore>, at: u64, vm: &VirtualMachine) -> PyResult {
        let (future, result) = match self {
            Self::Handle(handle) => return Ok(handle),
            Self::Sleep(future, result) => (future, result),
        };
        let set = futures::module("asyncio.futures", vm)?;
        let set = set.get_attr("_set_result_unless_cancelled", vm)?;
        let call = vec![set, future.into(), result];
        let handle = LoopCore::handle_core(core, call, None, at, None, vm)?;
        handle.scheduled.store(true, Ordering::SeqCst);
        Ok(handle.into_ref_with_type(vm, core.types.timer.clone())?.into())
    }
}

/// The callback, then its arguments.
pub(crate) fn callback_and_arguments(
    mut args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
    if let Some(callback) = args.take_keyword("callback") {
        args.prepend_arg(callback);
    }
    if args.args.is_empty() {
        return Err(vm.new_type_error("missing 1 required positional argument: 'callback'"));
    }
    match args.check_kwargs_empty(vm) {
        Some(error) => Err(error),
        None => Ok(args.args),
    }
}

pub(crate) fn is_cancelled(handle: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    match handle.downcast_ref::<HandleCore>() {
        Some(core) => Ok(core.is_off()),
        None => handle.get_attr("_cancelled", vm)?.try_to_bool(vm),
    }
}

pub(crate) fn cancel(handle: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<()> {
    match handle {
        Some(handle) => vm.call_method(&handle, "cancel", ()).map(drop),
        None => Ok(()),
    }
}
