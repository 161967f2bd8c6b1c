//! What `put()`, `acquire()` and their like return: a coroutine for all that Python code can see.

use crate::{futures, record};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyCoroutine, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::protocol::{PyIter, PyIterReturn};
use rustpython_vm::types::{Destructor, IterNext, Iterable, Representable, SelfIter};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicU8, Ordering};

/// What a step came to.
pub(crate) enum Step {
    Done(PyObjectRef),
    /// The next step waits for this awaitable.
    Await(PyObjectRef),
}

/// A method: its first step, and what follows when that which a step waited for has ended.
pub(crate) struct Routine {
    /// The qualified name.
    pub(crate) name: &'static str,
    pub(crate) begin: fn(&mut Call, &VirtualMachine) -> PyResult<Step>,
    pub(crate) resume: fn(&mut Call, PyResult, &VirtualMachine) -> PyResult<Step>,
}

/// One call of a method.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) target: PyObjectRef,
    pub(crate) argument: Option<PyObjectRef>,
    /// The future on which it waits its turn.
    pub(crate) future: Option<PyObjectRef>,
    /// How many bytes it has searched in vain.
    pub(crate) searched: usize,
    /// What it raises when it has tidied up.
    pub(crate) error: Option<PyBaseExceptionRef>,
    /// The iterator of what it awaits.
    inner: Option<PyObjectRef>,
}

impl Call {
    /// Waits for `future`, and remembers it.
    pub(crate) fn wait_for(&mut self, future: PyObjectRef) -> Step {
        self.future = Some(future.clone());
        Step::Await(future)
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited once, and none is cloned.
unsafe impl Traverse for Call {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.target.traverse(visit);
        self.argument.traverse(visit);
        self.future.traverse(visit);
        self.error.traverse(visit);
        self.inner.traverse(visit);
    }
}

const CREATED: u8 = 0;
const RUNNING: u8 = 1;
const SUSPENDED: u8 = 2;
const CLOSED: u8 = 3;

#[pyclass(module = false, name = "coroutine", traverse = "manual")]
#[derive(PyPayload)]
pub(crate) struct Coroutine {
    routine: &'static Routine,
    stage: AtomicU8,
    /// Taken out while a step runs.
    call: PyMutex<Option<Call>>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited once, and none is cloned.
unsafe impl Traverse for Coroutine {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.call.traverse(visit);
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        if let Some(call) = self.call.get_mut().take() {
            let Call { target, argument, future, searched: _, error, inner } = call;
            let parts = [Some(target), argument, future, error.map(Into::into), inner];
            out.extend(parts.into_iter().flatten());
        }
    }
}

impl std::fmt::Debug for Coroutine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coroutine").field("name", &self.routine.name).finish_non_exhaustive()
    }
}

/// What a coroutine is resumed with.
enum Resume {
    Send(PyObjectRef),
    Throw(PyBaseExceptionRef),
}

impl Coroutine {
    pub(crate) fn new(
        routine: &'static Routine,
        target: PyObjectRef,
        argument: Option<PyObjectRef>,
    ) -> Self {
        let call = Call { target, argument, future: None, searched: 0, error: None, inner: None };
        Self { routine, stage: AtomicU8::new(CREATED), call: PyMutex::new(Some(call)) }
    }

    /// Begins to run; with the call, and whether it has run before.
    fn claim(&self, vm: &VirtualMachine) -> PyResult<(Call, bool)> {
        for stage in [CREATED, SUSPENDED] {
            if self.change(stage, RUNNING)
                && let Some(call) = self.call.lock().take()
            {
                return Ok((call, stage == SUSPENDED));
            }
        }
        Err(match self.stage.load(Ordering::SeqCst) {
            CLOSED => vm.new_runtime_error("cannot reuse already awaited coroutine"),
            _ => vm.new_value_error("coroutine already executing"),
        })
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.stage.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn run(&self, resume: Resume, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let (mut call, begun) = self.claim(vm)?;
        let first = match resume {
            Resume::Send(value) if !begun && !vm.is_none(&value) => {
                *self.call.lock() = Some(call);
                self.stage.store(CREATED, Ordering::SeqCst);
                return Err(
                    vm.new_type_error("can't send non-None value to a just-started coroutine")
                );
            }
            Resume::Send(_) if !begun => (self.routine.begin)(&mut call, vm),
            Resume::Throw(error) if !begun => Err(error),
            resume => match call.inner.take() {
                Some(inner) => self.drive(&mut call, inner, resume, vm),
                None => Err(vm.new_runtime_error("nothing is awaited")),
            },
        };
        let mut next = first;
        loop {
            match next {
                Ok(Step::Await(awaitable)) if call.inner.is_none() => {
                    next = match iterator(awaitable, vm) {
                        Ok(inner) => self.drive(&mut call, inner, Resume::Send(vm.ctx.none()), vm),
                        Err(error) => (self.routine.resume)(&mut call, Err(error), vm),
                    };
                }
                Ok(Step::Await(yielded)) => {
                    *self.call.lock() = Some(call);
                    self.stage.store(SUSPENDED, Ordering::SeqCst);
                    return Ok(PyIterReturn::Return(yielded));
                }
                Ok(Step::Done(value)) => {
                    self.stage.store(CLOSED, Ordering::SeqCst);
                    return Ok(PyIterReturn::StopIteration(Some(value)));
                }
                Err(error) => {
                    self.stage.store(CLOSED, Ordering::SeqCst);
                    return Err(error);
                }
            }
        }
    }

    /// Resumes what is awaited. When that yields, so does this: `inner` is in its place again,
    /// and the step holds what was yielded.
    fn drive(
        &self,
        call: &mut Call,
        inner: PyObjectRef,
        resume: Resume,
        vm: &VirtualMachine,
    ) -> PyResult<Step> {
        let result = match resume {
            Resume::Send(value) => send(&inner, value, vm),
            Resume::Throw(error) => throw(&inner, error, vm),
        };
        let outcome = match result {
            Ok(PyIterReturn::Return(yielded)) => {
                call.inner = Some(inner);
                return Ok(Step::Await(yielded));
            }
            Ok(PyIterReturn::StopIteration(value)) => Ok(vm.unwrap_or_none(value)),
            Err(error) => Err(error),
        };
        (self.routine.resume)(call, outcome, vm)
    }
}

/// What `await awaitable` iterates; our own futures stand for themselves.
fn iterator(awaitable: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let iterates = awaitable.downcastable::<PyCoroutine>()
        || awaitable.downcastable::<Coroutine>()
        || futures::exact(&awaitable, vm).is_some();
    if iterates {
        return Ok(awaitable);
    }
    vm.call_method(&awaitable, "__await__", ())
}

fn send(inner: &PyObject, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    if let Some(future) = futures::exact(inner, vm) {
        futures::iterator::poll(future, vm)
    } else if let Some(coroutine) = inner.downcast_ref::<PyCoroutine>() {
        coroutine.as_coro().send(inner, value, vm)
    } else if vm.is_none(&value) {
        PyIter::new(inner).next(vm)
    } else {
        PyIterReturn::from_pyresult(vm.call_method(inner, "send", (value,)), vm)
    }
}

fn throw(
    inner: &PyObject,
    error: PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyResult<PyIterReturn> {
    if futures::exact(inner, vm).is_some() {
        return Err(error);
    }
    if error.fast_isinstance(vm.ctx.exceptions.generator_exit) {
        if let Some(close) = vm.get_attribute_opt(inner, "close")? {
            close.call((), vm)?;
        }
        return Err(error);
    }
    match vm.get_attribute_opt(inner, "throw")? {
        Some(throw) => PyIterReturn::from_pyresult(throw.call((error,), vm), vm),
        None => Err(error),
    }
}

#[pyclass(
    flags(DISALLOW_INSTANTIATION, HAS_WEAKREF),
    with(Iterable, IterNext, Representable, Destructor)
)]
impl Coroutine {
    #[pymethod]
    fn __await__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    /// Resumes it; yields the future it waits for, or raises StopIteration with its result.
    #[pymethod]
    fn send(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        zelf.run(Resume::Send(value), vm)
    }

    /// Raises an exception in it.
    #[pymethod]
    fn throw(
        zelf: &Py<Self>,
        error: PyObjectRef,
        value: OptionalArg,
        traceback: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult<PyIterReturn> {
        let error =
            vm.normalize_exception(error, value.unwrap_or_none(vm), traceback.unwrap_or_none(vm))?;
        zelf.run(Resume::Throw(error), vm)
    }

    /// Raises GeneratorExit in it, if it waits.
    #[pymethod]
    fn close(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.change(CREATED, CLOSED) {
            let call = zelf.call.lock().take();
            drop(call);
            return Ok(());
        }
        if zelf.stage.load(Ordering::SeqCst) == CLOSED {
            return Ok(());
        }
        let exit = vm.new_exception_empty(vm.ctx.exceptions.generator_exit.to_owned());
        match zelf.run(Resume::Throw(exit), vm) {
            Ok(PyIterReturn::Return(_)) => {
                Err(vm.new_runtime_error("coroutine ignored GeneratorExit"))
            }
            Ok(PyIterReturn::StopIteration(_)) => Ok(()),
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.generator_exit) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// `inspect.iscoroutine` asks for the class.
    #[pygetset]
    fn __class__(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyTypeRef {
        vm.ctx.types.coroutine_type.to_owned()
    }

    #[pygetset]
    fn __name__(zelf: &Py<Self>) -> &'static str {
        zelf.routine.name.rsplit('.').next().unwrap_or_default()
    }

    #[pygetset]
    fn __qualname__(zelf: &Py<Self>) -> &'static str {
        zelf.routine.name
    }

    #[pygetset]
    fn cr_running(zelf: &Py<Self>) -> bool {
        zelf.stage.load(Ordering::SeqCst) == RUNNING
    }

    #[pygetset]
    fn cr_suspended(zelf: &Py<Self>) -> bool {
        zelf.stage.load(Ordering::SeqCst) == SUSPENDED
    }

    /// What it waits for.
    #[pygetset]
    fn cr_await(zelf: &Py<Self>) -> Option<PyObjectRef> {
        let call = zelf.call.lock();
        call.as_ref().and_then(|call| call.inner.clone())
    }

    #[pygetset]
    fn cr_frame(_zelf: &Py<Self>) -> Option<PyObjectRef> {
        None
    }

    #[pygetset]
    fn cr_code(_zelf: &Py<Self>) -> Option<PyObjectRef> {
        None
    }

    #[pygetset]
    fn cr_origin(_zelf: &Py<Self>) -> Option<PyObjectRef> {
        None
    }
}

impl SelfIter for Coroutine {}

impl IterNext for Coroutine {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        zelf.run(Resume::Send(vm.ctx.none()), vm)
    }
}

impl Representable for Coroutine {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<coroutine object {} at {:#x}>", zelf.routine.name, zelf.get_id()))
    }
}

impl Destructor for Coroutine {
    fn del(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        match zelf.stage.load(Ordering::SeqCst) {
            CREATED => {
                record::never_awaited();
                let name = vm.ctx.new_str(zelf.routine.name);
                rustpython_vm::warn::warn_unawaited_coroutine(zelf.as_object(), &name, vm);
                Self::close(zelf, vm)
            }
            SUSPENDED => {
                if let Err(error) = Self::close(zelf, vm) {
                    vm.run_unraisable(error, None, zelf.to_owned().into());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
