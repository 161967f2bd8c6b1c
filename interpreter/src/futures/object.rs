//! What Python code sees of a future.

use super::{Cell, Future, FutureIter, Outcome, State, Waiter, Waker, awaited, names};
use crate::event_loop::LoopCore;
use crate::tasks::{Gathering, Task, WakeupMethod, get_event_loop};
use crate::{contexts, futures, record};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict, PyGenericAlias, PyType, PyTypeRef};
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::recursion::ReprGuard;
use rustpython_vm::types::{
    Callable, Constructor, Destructor, Initializer, Iterable, Representable,
};
use rustpython_vm::{
    AsObject, FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    pyclass,
};

#[derive(FromArgs)]
pub(crate) struct LoopArgument {
    #[pyarg(named, name = "loop", optional)]
    owner: Option<PyObjectRef>,
}

#[derive(FromArgs)]
pub(crate) struct CallbackArguments {
    #[pyarg(positional, name = "fn")]
    callback: PyObjectRef,
    #[pyarg(named, optional)]
    context: Option<PyObjectRef>,
}

#[derive(FromArgs)]
pub(crate) struct CancelArguments {
    #[pyarg(any, optional)]
    msg: Option<PyObjectRef>,
}

impl CancelArguments {
    pub(crate) fn message(self, vm: &VirtualMachine) -> Option<PyObjectRef> {
        self.msg.filter(|message| !vm.is_none(message))
    }
}

pub(crate) fn message_or_none(message: Option<PyObjectRef>, vm: &VirtualMachine) -> PyObjectRef {
    message.unwrap_or_else(|| vm.ctx.none())
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Cancelled => "CANCELLED",
            Self::Finished => "FINISHED",
        }
    }
}

impl Constructor for Future {
    type Args = FuncArgs;

    fn slot_new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        Self::default().into_ref_with_type_lazy_dict(vm, class).map(Into::into)
    }

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self::default())
    }
}

impl Initializer for Future {
    type Args = LoopArgument;

    fn init(zelf: &Py<Self>, args: LoopArgument, vm: &VirtualMachine) -> PyResult<()> {
        let owner = match args.owner.filter(|owner| !vm.is_none(owner)) {
            Some(owner) => owner,
            None => get_event_loop(vm)?,
        };
        Self::begin(zelf, owner, vm)
    }
}

impl Future {
    /// Makes it a pending future of `owner`, whatever it was.
    pub(crate) fn begin(zelf: &Py<Self>, owner: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let mut fresh = Cell { owner: Some(owner.clone()), ..Cell::default() };
        if LoopCore::plain(&owner).is_none()
            && vm.call_method(&owner, "get_debug", ())?.try_to_bool(vm)?
        {
            let traceback = vm.import("traceback", 0)?;
            let stack = vm.call_method(&traceback, "extract_stack", ())?;
            fresh.rare().source_traceback = Some(stack);
        }
        let before = std::mem::replace(&mut *zelf.cell.lock(), fresh);
        drop(before);
        Ok(())
    }

    fn is_initialized(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.owner(vm).map(drop)
    }

    /// `(callback, context)` of each waiter.
    fn callbacks(&self, vm: &VirtualMachine) -> Vec<(PyObjectRef, PyObjectRef)> {
        let none = || vm.ctx.none();
        let cell = self.cell.lock();
        let rows = cell.waiters.as_slice().iter().map(|waiter| match waiter {
            Waiter::Task(task) => (Task::wakeup_method(task, vm), task.context()),
            Waiter::Gather(gathering) => (Gathering::child_done_method(gathering, vm), none()),
            Waiter::Callback(callback, context) => (callback.clone(), context.clone()),
            Waiter::Native(_) => (none(), none()),
        });
        rows.collect()
    }

    /// Tells the loop's exception handler.
    pub(crate) fn complain(
        zelf: &Py<Self>,
        message: String,
        key: &'static str,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let (owner, exception, source) = {
            let cell = zelf.cell.lock();
            let source = cell.rare.as_ref().and_then(|rare| rare.source_traceback.clone());
            (cell.owner.clone(), cell.exception.clone(), source)
        };
        let Some(owner) = owner else { return Ok(()) };
        let context = PyDict::default().into_ref(&vm.ctx);
        context.set_item("message", vm.ctx.new_str(message).into(), vm)?;
        if let Some(exception) = exception {
            context.set_item("exception", exception.into(), vm)?;
        }
        context.set_item(key, zelf.to_owned().into(), vm)?;
        if let Some(source) = source {
            context.set_item("source_traceback", source, vm)?;
        }
        vm.call_method(&owner, "call_exception_handler", (context,)).map(drop)
    }

    /// Nobody holds it any more; `number` is the task's in the records, 0 of a plain future.
    pub(crate) fn end(zelf: &Py<Self>, number: u32, vm: &VirtualMachine) -> PyResult<()> {
        if !Self::is_unread(zelf.as_object()) {
            return Ok(());
        }
        let exception = zelf.cell.lock().exception.clone();
        record::unretrieved(number, exception.as_deref());
        let class = zelf.class().name().to_string();
        Self::complain(zelf, format!("{class} exception was never retrieved"), "future", vm)
    }

    /// Whether its end would log something: most futures end silently.
    pub(crate) fn is_unread(object: &PyObject) -> bool {
        object.downcast_ref::<Self>().is_some_and(|future| future.cell.lock().log_traceback)
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Destructor, Representable, Iterable)
)]
impl Future {
    /// Return the result this future represents.
    #[pymethod(name = "result")]
    fn py_result(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.result(vm)
    }

    /// Return the exception that was set on this future.
    #[pymethod]
    fn exception(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        match zelf.outcome("Exception is not set.", vm)? {
            Outcome::Returned(_) => Ok(vm.ctx.none()),
            Outcome::Raised(exception, _) => Ok(exception.into()),
        }
    }

    /// Mark the future done and set its result.
    #[pymethod]
    fn set_result(zelf: &Py<Self>, result: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.is_initialized(vm)?;
        Self::resolve(zelf, result, vm)
    }

    /// Mark the future done and set an exception.
    #[pymethod]
    fn set_exception(zelf: &Py<Self>, exception: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.is_initialized(vm)?;
        if zelf.is_done() {
            return Err(names(vm)?.invalid_state("invalid state", vm));
        }
        let made = match exception.downcast_ref::<PyType>() {
            Some(class) => class.as_object().call((), vm)?,
            None => exception,
        };
        let exception: PyBaseExceptionRef = made.downcast().map_err(|other| {
            let name = other.class().name().to_string();
            vm.new_type_error(format!("exception must be a BaseException, not {name}"))
        })?;
        if !exception.fast_isinstance(vm.ctx.exceptions.stop_iteration) {
            return Self::fail(zelf, exception, vm);
        }
        let error = vm.new_runtime_error(
            "StopIteration interacts badly with generators and cannot be raised into a Future",
        );
        error.set_cause(Some(exception.clone()));
        error.set_context(Some(exception));
        Self::fail(zelf, error, vm)
    }

    /// Add a callback to be run when the future becomes done.
    #[pymethod]
    fn add_done_callback(
        zelf: &Py<Self>,
        args: CallbackArguments,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        zelf.is_initialized(vm)?;
        let CallbackArguments { callback, context } = args;
        if let Some(method) = callback.downcast_ref::<WakeupMethod>() {
            return Self::wait(zelf, Waiter::Task(method.task()), vm);
        }
        let context = match context.filter(|context| !vm.is_none(context)) {
            Some(context) => context,
            None => contexts::copy_current(vm)?,
        };
        Self::wait(zelf, Waiter::Callback(callback, context), vm)
    }

    /// Remove all instances of a callback; returns how many there were.
    #[pymethod]
    fn remove_done_callback(
        zelf: &Py<Self>,
        callback: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<usize> {
        zelf.is_initialized(vm)?;
        let mut removed = 0;
        let mut at = 0;
        loop {
            // Comparing may run Python code, which may change the list.
            let each = match zelf.cell.lock().waiters.as_slice().get(at) {
                None => return Ok(removed),
                Some(Waiter::Callback(each, _)) => each.clone(),
                Some(_) => {
                    at += 1;
                    continue;
                }
            };
            if !vm.identical_or_equal(&each, &callback)? {
                at += 1;
                continue;
            }
            let dropped = zelf.cell.lock().waiters.remove_callback(at, &each);
            removed += usize::from(dropped.is_some());
            if dropped.is_none() {
                at += 1;
            }
        }
    }

    /// Cancel the future and schedule callbacks.
    #[pymethod(name = "cancel")]
    fn py_cancel(zelf: &Py<Self>, args: CancelArguments, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.is_initialized(vm)?;
        Self::cancel(zelf, args.message(vm), vm)
    }

    /// Return True if the future was cancelled.
    #[pymethod]
    fn cancelled(zelf: &Py<Self>) -> bool {
        zelf.state() == State::Cancelled
    }

    /// Return True if the future is done.
    #[pymethod]
    fn done(zelf: &Py<Self>) -> bool {
        zelf.is_done()
    }

    /// Return the event loop the Future is bound to.
    #[pymethod]
    fn get_loop(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.owner(vm)
    }

    #[pymethod]
    fn _make_cancelled_error(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBaseExceptionRef> {
        zelf.cancelled_error(vm)
    }

    #[pymethod]
    fn __await__(zelf: PyRef<Self>) -> FutureIter {
        FutureIter::new(zelf)
    }

    #[pyclassmethod]
    fn __class_getitem__(
        class: PyTypeRef,
        object: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyGenericAlias> {
        PyGenericAlias::from_args(class, object, vm)
    }

    #[pygetset]
    fn _state(zelf: &Py<Self>) -> &'static str {
        zelf.state().name()
    }

    #[pygetset]
    fn _asyncio_future_blocking(zelf: &Py<Self>) -> bool {
        zelf.cell.lock().blocking
    }

    #[pygetset(setter)]
    fn set__asyncio_future_blocking(
        zelf: &Py<Self>,
        value: PySetterValue<bool>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        zelf.cell.lock().blocking = assigned(value, vm)?;
        Ok(())
    }

    #[pygetset]
    fn _loop(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().owner.clone()
    }

    #[pygetset]
    fn _callbacks(zelf: &Py<Self>, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let rows = zelf.callbacks(vm).into_iter();
        let rows: Vec<_> = rows
            .map(|(callback, context)| vm.ctx.new_tuple(vec![callback, context]).into())
            .collect();
        (!rows.is_empty()).then(|| vm.ctx.new_list(rows).into())
    }

    #[pygetset]
    fn _result(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().result.clone()
    }

    #[pygetset]
    fn _exception(zelf: &Py<Self>) -> Option<PyBaseExceptionRef> {
        zelf.cell.lock().exception.clone()
    }

    #[pygetset]
    fn _log_traceback(zelf: &Py<Self>) -> bool {
        zelf.cell.lock().log_traceback
    }

    #[pygetset(setter)]
    fn set__log_traceback(
        zelf: &Py<Self>,
        value: PySetterValue<bool>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if assigned(value, vm)? {
            return Err(vm.new_value_error("_log_traceback can only be set to False"));
        }
        zelf.cell.lock().log_traceback = false;
        Ok(())
    }

    #[pygetset]
    fn _source_traceback(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().rare.as_ref()?.source_traceback.clone()
    }

    #[pygetset]
    fn _cancel_message(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.cell.lock().cancel_message()
    }

    #[pygetset(setter)]
    fn set__cancel_message(zelf: &Py<Self>, value: PySetterValue, vm: &VirtualMachine) {
        let value = match value {
            PySetterValue::Assign(value) => Some(value).filter(|value| !vm.is_none(value)),
            PySetterValue::Delete => None,
        };
        let before = std::mem::replace(&mut zelf.cell.lock().rare().cancel_message, value);
        drop(before);
    }

    #[pygetset]
    fn _asyncio_awaited_by(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        awaited::awaited_by(zelf, vm)
    }
}

impl futures::Waiters {
    /// Takes out the callback at this place, if it is still there.
    fn remove_callback(&mut self, at: usize, callback: &PyObject) -> Option<Waiter> {
        match self.as_slice().get(at) {
            Some(Waiter::Callback(each, _)) if each.is(callback) => {}
            _ => return None,
        }
        let mut waiters = std::mem::take(self).into_vec();
        let removed = waiters.remove(at);
        if !waiters.is_empty() {
            *self = Self::Many(waiters);
        }
        Some(removed)
    }
}

/// The value of an assignment; deletion is an error.
pub(crate) fn assigned<T>(value: PySetterValue<T>, vm: &VirtualMachine) -> PyResult<T> {
    match value {
        PySetterValue::Assign(value) => Ok(value),
        PySetterValue::Delete => Err(vm.new_attribute_error("cannot delete attribute")),
    }
}

impl Destructor for Future {
    fn del(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        Self::end(zelf, 0, vm)
    }
}

impl Representable for Future {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        repr_with("asyncio.base_futures", "_future_repr_info", zelf.as_object(), vm)
    }
}

/// `<Class words>`, the words coming from a function of asyncio.
pub(crate) fn repr_with(
    module: &'static str,
    function: &'static str,
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<Wtf8Buf> {
    let mut text = Wtf8Buf::from(format!("<{}", object.class().name()));
    match ReprGuard::enter(vm, object) {
        Some(_guard) => {
            let module = names::module(module, vm)?;
            let words = vm.call_method(&module, function, (object.to_owned(),))?;
            for word in words.try_to_value::<Vec<PyObjectRef>>(vm)? {
                text.push_str(" ");
                text.push_wtf8(word.str(vm)?.as_wtf8());
            }
        }
        None => text.push_str(" ..."),
    }
    text.push_str(">");
    Ok(text)
}

impl Iterable for Future {
    fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        Ok(FutureIter::new(zelf).into_pyobject(vm))
    }
}

/// A [`Waker`] as a callable, for loops that are not ours.
#[pyclass(module = "_asyncio", name = "NativeCallback", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(crate) struct NativeCallback {
    waker: std::sync::Arc<dyn Waker>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: the waker visits what it owns, once.
unsafe impl rustpython_vm::object::Traverse for NativeCallback {
    fn traverse(&self, visit: &mut rustpython_vm::object::TraverseFn<'_>) {
        self.waker.traverse(visit);
    }
}

impl NativeCallback {
    pub(super) fn make(waker: std::sync::Arc<dyn Waker>, vm: &VirtualMachine) -> PyObjectRef {
        Self { waker }.into_pyobject(vm)
    }
}

impl Callable for NativeCallback {
    type Args = (PyRef<Future>,);

    fn call(zelf: &Py<Self>, (future,): Self::Args, vm: &VirtualMachine) -> PyResult {
        zelf.waker.wake(&future, vm).map(|()| vm.ctx.none())
    }
}

#[pyclass(with(Callable))]
impl NativeCallback {}
