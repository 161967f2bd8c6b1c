//! `asyncio.sleep` without a Python frame: an awaitable that looks like the coroutine it replaces.

use crate::clock;
use crate::event_loop::LoopCore;
use crate::futures::{self, Future, State, iterator, names};
use crate::record;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyFloat, PyInt, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::{
    Callable, Destructor, IterNext, Iterable, PyComparisonOp, Representable, SelfIter,
};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine,
    pyclass, warn,
};

/// What `asyncio.sleep(…)` returns.
#[pyclass(module = "_asyncio", name = "sleep", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct Sleep {
    delay: PyObjectRef,
    result: Option<PyObjectRef>,
    stage: PyMutex<Stage>,
}

#[derive(Debug)]
enum Stage {
    New,
    /// Has let others have their turn.
    Yielded,
    /// Our own loop will resolve the future.
    Waiting(PyRef<Future>),
    /// Another loop will: what awaiting its future iterates over, and the timer's handle.
    Foreign(PyObjectRef, PyObjectRef),
    Done,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Stage {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        match self {
            Self::New | Self::Yielded | Self::Done => {}
            Self::Waiting(future) => visit(future.as_object()),
            Self::Foreign(iterator, handle) => {
                visit(iterator);
                visit(handle);
            }
        }
    }
}

impl Sleep {
    fn new(delay: PyObjectRef, result: Option<PyObjectRef>) -> Self {
        Self { delay, result, stage: PyMutex::new(Stage::New) }
    }

    fn replace(&self, stage: Stage) -> Stage {
        std::mem::replace(&mut *self.stage.lock(), stage)
    }

    fn result(&self) -> PyIterReturn {
        PyIterReturn::StopIteration(self.result.clone())
    }

    /// Runs it until it yields or ends.
    ///
    /// # Errors
    /// What awaiting it raises.
    pub(super) fn resume(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        // Whoever comes meanwhile, from another thread, finds it done.
        match zelf.replace(Stage::Done) {
            Stage::New => zelf.begin(vm),
            Stage::Yielded => Ok(zelf.result()),
            Stage::Waiting(future) => {
                let next = iterator::poll(&future, vm);
                if matches!(next, Ok(PyIterReturn::Return(_))) || !future.is_done() {
                    drop(zelf.replace(Stage::Waiting(future)));
                }
                next
            }
            Stage::Foreign(iterator, handle) => {
                let answer = vm.call_method(&iterator, "send", (vm.ctx.none(),));
                zelf.after_foreign(answer, iterator, handle, vm)
            }
            Stage::Done => Err(reused(vm)),
        }
    }

    fn begin(&self, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let Some(nanos) = self.nanos(vm)? else {
            drop(self.replace(Stage::Yielded));
            return Ok(PyIterReturn::Return(vm.ctx.none()));
        };
        let running = vm.asyncio_running_loop.borrow().clone();
        let owner = match running {
            Some(running) => running,
            None => vm.call_method(&names(vm)?.events, "get_running_loop", ())?,
        };
        let Some(core) = LoopCore::plain(&owner) else { return self.begin_foreign(&owner, vm) };
        let future = Future::pending(owner.clone(), vm);
        let result = self.result.clone().unwrap_or_else(|| vm.ctx.none());
        core.resolve_after(nanos, future.clone(), result);
        future.cell.lock().blocking = true;
        drop(self.replace(Stage::Waiting(future.clone())));
        Ok(PyIterReturn::Return(future.into()))
    }

    /// How long to wait; none when only others are to have their turn.
    fn nanos(&self, vm: &VirtualMachine) -> PyResult<Option<u64>> {
        if let Some(float) = self.delay.downcast_ref_if_exact::<PyFloat>(vm) {
            let seconds = float.to_f64();
            if seconds.is_nan() {
                return Err(vm.new_value_error("Invalid delay: NaN (not a number)"));
            }
            return Ok((seconds > 0.0).then(|| clock::nanos(seconds)));
        }
        let due = match self.delay.downcast_ref_if_exact::<PyInt>(vm) {
            Some(int) => *int.as_bigint() <= 0.into(),
            None => {
                let zero = vm.ctx.new_int(0);
                self.delay.rich_compare_bool(zero.as_object(), PyComparisonOp::Le, vm)?
            }
        };
        if due {
            return Ok(None);
        }
        let seconds = self.delay.try_float(vm)?.to_f64();
        if seconds.is_nan() {
            return Err(vm.new_value_error("Invalid delay: NaN (not a number)"));
        }
        Ok(Some(clock::nanos(seconds)))
    }

    fn begin_foreign(&self, owner: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let future = vm.call_method(owner, "create_future", ())?;
        let set = futures::module("asyncio.futures", vm)?;
        let set = set.get_attr("_set_result_unless_cancelled", vm)?;
        let result = self.result.clone().unwrap_or_else(|| vm.ctx.none());
        let call = (self.delay.clone(), set, future.clone(), result);
        let handle = vm.call_method(owner, "call_later", call)?;
        let iterator = vm.call_method(&future, "__await__", ())?;
        let answer = vm.call_method(&iterator, "__next__", ());
        self.after_foreign(answer, iterator, handle, vm)
    }

    fn after_foreign(
        &self,
        answer: PyResult,
        iterator: PyObjectRef,
        handle: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyIterReturn> {
        match PyIterReturn::from_pyresult(answer, vm) {
            Ok(PyIterReturn::Return(yielded)) => {
                drop(self.replace(Stage::Foreign(iterator, handle)));
                Ok(PyIterReturn::Return(yielded))
            }
            ended => {
                vm.call_method(&handle, "cancel", ())?;
                ended
            }
        }
    }

    /// An exception is thrown into it.
    ///
    /// # Errors
    /// That exception, always.
    pub(super) fn raise(
        zelf: &Py<Self>,
        error: PyBaseExceptionRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyIterReturn> {
        if matches!(&*zelf.stage.lock(), Stage::Done) {
            return Err(reused(vm));
        }
        zelf.give_up(vm)?;
        Err(error)
    }

    fn give_up(&self, vm: &VirtualMachine) -> PyResult<()> {
        match self.replace(Stage::Done) {
            Stage::Waiting(future) => {
                let resolved = {
                    let mut cell = future.cell.lock();
                    cell.is_forsaken = true;
                    cell.state == State::Finished
                };
                let owner = future.owner(vm)?;
                if let Some(core) = owner.downcast_ref::<LoopCore>().filter(|_| !resolved) {
                    core.timer_cancelled();
                }
                Ok(())
            }
            Stage::Foreign(_, handle) => vm.call_method(&handle, "cancel", ()).map(drop),
            Stage::New | Stage::Yielded | Stage::Done => Ok(()),
        }
    }

    pub(super) fn was_never_awaited(object: &PyObject) -> bool {
        let sleep = object.downcast_ref::<Self>();
        sleep.is_some_and(|sleep| !matches!(&*sleep.stage.lock(), Stage::Yielded | Stage::Done))
    }
}

fn reused(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_runtime_error("cannot reuse already awaited coroutine")
}

#[pyclass(flags(HAS_WEAKREF), with(IterNext, Iterable, Representable, Destructor))]
impl Sleep {
    #[pymethod]
    fn send(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        if !vm.is_none(&value) && matches!(&*zelf.stage.lock(), Stage::New) {
            let text = "can't send non-None value to a just-started coroutine";
            return Err(vm.new_type_error(text));
        }
        Self::resume(zelf, vm)
    }

    #[pymethod]
    fn throw(
        zelf: &Py<Self>,
        kind: PyObjectRef,
        value: OptionalArg,
        traceback: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult<PyIterReturn> {
        let error = iterator::thrown(kind, value, traceback, vm)?;
        Self::raise(zelf, error, vm)
    }

    #[pymethod]
    fn close(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.give_up(vm)
    }

    #[pymethod]
    fn __await__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    /// To `isinstance`, it is a coroutine.
    #[pygetset]
    fn __class__(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyTypeRef {
        vm.ctx.types.coroutine_type.to_owned()
    }

    #[pygetset]
    fn __name__(_zelf: &Py<Self>) -> &'static str {
        "sleep"
    }

    #[pygetset]
    fn __qualname__(_zelf: &Py<Self>) -> &'static str {
        "sleep"
    }

    /// What it waits for.
    #[pygetset]
    fn cr_await(zelf: &Py<Self>) -> Option<PyObjectRef> {
        match &*zelf.stage.lock() {
            Stage::Waiting(future) => Some(future.clone().into()),
            Stage::Foreign(iterator, _) => Some(iterator.clone()),
            Stage::New | Stage::Yielded | Stage::Done => None,
        }
    }

    /// A description of the frame that the coroutine in Python would have.
    #[pygetset]
    fn cr_frame(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        if matches!(&*zelf.stage.lock(), Stage::Done) {
            return Ok(vm.ctx.none());
        }
        let module = futures::module("cellist.natives", vm)?;
        let (delay, result) = (zelf.delay.clone(), zelf.result.clone());
        vm.call_method(&module, "SleepFrame", (zelf, delay, result))
    }

    #[pygetset]
    fn cr_code(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let module = futures::module("cellist.natives", vm)?;
        vm.call_method(&module, "sleep_code", ())
    }

    #[pygetset]
    fn cr_running(_zelf: &Py<Self>) -> bool {
        false
    }

    #[pygetset]
    fn cr_suspended(zelf: &Py<Self>) -> bool {
        !matches!(&*zelf.stage.lock(), Stage::New | Stage::Done)
    }

    #[pygetset]
    fn cr_origin(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }
}

impl SelfIter for Sleep {}

impl IterNext for Sleep {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        Self::resume(zelf, vm)
    }
}

impl Representable for Sleep {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<coroutine object sleep at {:#x}>", zelf.get_id()))
    }
}

impl Destructor for Sleep {
    fn del(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if matches!(&*zelf.stage.lock(), Stage::New) {
            record::never_awaited();
            let name = vm.ctx.new_str("sleep");
            warn::warn_unawaited_coroutine(zelf.as_object(), &name, vm);
        }
        zelf.give_up(vm)
    }
}

/// `asyncio.sleep(delay, result=None)`.
pub(super) fn call(args: &FuncArgs, vm: &VirtualMachine) -> Option<PyResult> {
    let (mut delay, mut result) = match args.args.as_slice() {
        [] => (None, None),
        [delay] => (Some(delay.clone()), None),
        [delay, result] => (Some(delay.clone()), Some(result.clone())),
        _ => return None,
    };
    for (name, value) in args.kwargs.iter() {
        let slot = match name.as_bytes() {
            b"delay" => &mut delay,
            b"result" => &mut result,
            _ => return None,
        };
        if slot.replace(value.clone()).is_some() {
            return None;
        }
    }
    let result = result.filter(|result| !vm.is_none(result));
    Some(Ok(Sleep::new(delay?, result).into_pyobject(vm)))
}

/// A function of asyncio in Rust. It has the attributes of the one in Python that it replaces,
/// which also answers calls whose arguments are wrong.
#[pyclass(module = "_asyncio", name = "native_function", traverse)]
#[derive(PyPayload)]
pub(crate) struct Function {
    stock: PyObjectRef,
    #[pytraverse(skip)]
    body: Body,
}

/// None when the arguments are wrong.
pub(super) type Body = fn(&FuncArgs, &VirtualMachine) -> Option<PyResult>;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}

impl Function {
    pub(super) fn new(stock: PyObjectRef, body: Body) -> Self {
        Self { stock, body }
    }
}

impl Callable for Function {
    type Args = FuncArgs;

    fn slot_call(zelf: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        match zelf.downcast_ref::<Self>() {
            Some(function) => Self::call(function, args, vm),
            None => Err(vm.new_type_error("not a native function of asyncio")),
        }
    }

    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        match (zelf.body)(&args, vm) {
            Some(answer) => answer,
            None => zelf.stock.call(args, vm),
        }
    }
}

#[pyclass(flags(HAS_DICT, HAS_WEAKREF), with(Callable, Representable))]
impl Function {
    /// Pickled by name, as functions are.
    #[pymethod]
    fn __reduce__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.stock.get_attr("__qualname__", vm)
    }
}

impl Representable for Function {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        let mut text = Wtf8Buf::from("<function ");
        text.push_wtf8(zelf.stock.get_attr("__qualname__", vm)?.str(vm)?.as_wtf8());
        text.push_str(&format!(" at {:#x}>", zelf.get_id()));
        Ok(text)
    }
}
