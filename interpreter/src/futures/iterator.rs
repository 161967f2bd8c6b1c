//! What `await future` iterates over.

use super::Future;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::{IterNext, Iterable, SelfIter};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine, pyclass, warn,
};

/// Yields the future once, then returns its result.
#[pyclass(module = "_asyncio", name = "FutureIter", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct FutureIter {
    future: PyMutex<Option<PyRef<Future>>>,
}

impl FutureIter {
    pub(super) fn new(future: PyRef<Future>) -> Self {
        Self { future: PyMutex::new(Some(future)) }
    }

    fn forget(&self) {
        let future = self.future.lock().take();
        drop(future);
    }
}

/// What awaiting the future comes to now: itself while it is pending, else its result.
pub(crate) fn poll(future: &Py<Future>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    {
        let mut cell = future.cell.lock();
        if cell.state == super::State::Pending {
            if std::mem::replace(&mut cell.blocking, true) {
                return Err(vm.new_runtime_error("await wasn't used with future"));
            }
            return Ok(PyIterReturn::Return(future.to_owned().into()));
        }
    }
    match super::exact(future.as_object(), vm) {
        Some(future) => future.result(vm),
        None => vm.call_method(future.as_object(), "result", ()),
    }
    .map(|result| PyIterReturn::StopIteration(Some(result)))
}

/// The exception that `throw(kind, value, traceback)` asks for.
pub(crate) fn thrown(
    kind: PyObjectRef,
    value: OptionalArg,
    traceback: OptionalArg,
    vm: &VirtualMachine,
) -> PyResult<PyBaseExceptionRef> {
    if value.is_present() || traceback.is_present() {
        let text = "the (type, val, tb) signature of throw() is deprecated, use throw(val) instead";
        let category = vm.ctx.exceptions.deprecation_warning.to_owned();
        warn::warn(vm.ctx.new_str(text).into(), Some(category), 1, None, vm)?;
    }
    let traceback = traceback.into_option().filter(|traceback| !vm.is_none(traceback));
    if traceback.as_ref().is_some_and(|tb| !tb.fast_isinstance(vm.ctx.types.traceback_type)) {
        return Err(vm.new_type_error("throw() third argument must be a traceback object"));
    }
    let value = value.into_option().filter(|value| !vm.is_none(value));
    let not_an_exception = |name: &str| {
        vm.new_type_error(format!(
            "exceptions must be classes or instances deriving from BaseException, not {name}"
        ))
    };
    let exception: PyBaseExceptionRef = match kind.downcast::<rustpython_vm::builtins::PyType>() {
        Ok(class) => {
            let class: PyTypeRef = class;
            if !class.fast_issubclass(vm.ctx.exceptions.base_exception_type) {
                return Err(not_an_exception("type"));
            }
            let made = match value {
                Some(value) if value.fast_isinstance(&class) => value,
                Some(value) => class.as_object().call((value,), vm)?,
                None => class.as_object().call((), vm)?,
            };
            made.downcast().map_err(|made| not_an_exception(&made.class().name()))?
        }
        Err(_) if value.is_some() => {
            return Err(vm.new_type_error("instance exception may not have a separate value"));
        }
        Err(instance) => {
            instance.downcast().map_err(|other| not_an_exception(&other.class().name()))?
        }
    };
    if let Some(traceback) = traceback {
        exception.as_object().set_attr("__traceback__", traceback, vm)?;
    }
    Ok(exception)
}

#[pyclass(with(IterNext, Iterable))]
impl FutureIter {
    #[pymethod]
    fn send(zelf: &Py<Self>, _value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let Some(future) = zelf.future.lock().clone() else {
            return Ok(PyIterReturn::StopIteration(None));
        };
        let next = poll(&future, vm);
        if !matches!(next, Ok(PyIterReturn::Return(_))) && future.is_done() {
            zelf.forget();
        }
        next
    }

    #[pymethod]
    fn throw(
        zelf: &Py<Self>,
        kind: PyObjectRef,
        value: OptionalArg,
        traceback: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        zelf.forget();
        Err(thrown(kind, value, traceback, vm)?)
    }

    #[pymethod]
    fn close(zelf: &Py<Self>) {
        zelf.forget();
    }
}

impl SelfIter for FutureIter {}

impl IterNext for FutureIter {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        Self::send(zelf, vm.ctx.none(), vm)
    }
}
