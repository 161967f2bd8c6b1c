//! `asyncio.Lock` and `asyncio.Event`.

use super::coroutine::{Call, Coroutine, Routine, Step};
use super::waiting::{Awaited, Home, Homed, Waiting};
use super::{argument, describe, inherits, is_cancelled_error, wake};
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A lock whose holder is no particular task.
#[pyclass(module = "asyncio.locks", name = "Lock", traverse = "manual")]
#[derive(Debug, Default, PyPayload)]
pub(super) struct Lock {
    /// `async with` need not ask a derived class for its `acquire()` and `release()`.
    pub(super) plain: bool,
    locked: AtomicBool,
    waiting: Waiting,
}

traverse!(Lock: waiting);

impl Homed for Lock {
    fn home(&self) -> &Home {
        &self.waiting.home
    }
}

impl Awaited for Lock {
    const LATE: bool = true;

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

static ACQUIRE: Routine = Routine { name: "Lock.acquire", begin: acquire, resume: acquire_woken };

static ENTER: Routine = Routine {
    name: "Lock.__aenter__",
    begin: |call, vm| acquire(call, vm).map(|step| nothing_when_done(step, vm)),
    resume: |call, outcome, vm| {
        acquire_woken(call, outcome, vm).map(|step| nothing_when_done(step, vm))
    },
};

/// `async with` has no use for what `acquire()` returns.
pub(super) fn nothing_when_done(step: Step, vm: &VirtualMachine) -> Step {
    match step {
        Step::Done(_) => Step::Done(vm.ctx.none()),
        Step::Await(awaitable) => Step::Await(awaitable),
    }
}

fn acquire(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let lock: PyRef<Lock> = call.target.clone().try_into_value(vm)?;
    // Who waits goes first.
    if lock.waiting.is_idle(vm)? && !lock.locked.swap(true, Ordering::SeqCst) {
        return Ok(Step::Done(vm.ctx.true_value.clone().into()));
    }
    lock.waiting.enter(lock.as_object(), call, vm)
}

fn acquire_woken(call: &mut Call, outcome: PyResult, vm: &VirtualMachine) -> PyResult<Step> {
    let lock: PyRef<Lock> = call.target.clone().try_into_value(vm)?;
    lock.waiting.leave(call, vm)?;
    match outcome {
        Ok(_) if lock.locked.swap(true, Ordering::SeqCst) => {
            // Only another thread can have been faster.
            acquire(call, vm)
        }
        Ok(_) => Ok(Step::Done(vm.ctx.true_value.clone().into())),
        Err(error) => {
            if is_cancelled_error(error.as_object(), vm)? && !lock.locked.load(Ordering::SeqCst) {
                lock.wake_first(vm)?;
            }
            Err(error)
        }
    }
}

impl Constructor for Lock {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let plain = inherits(class, Self::class(&vm.ctx), &["acquire", "release"], vm);
        Ok(Self { plain, ..Self::default() })
    }
}

impl Initializer for Lock {
    type Args = FuncArgs;

    fn init(_zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        argument(args, "Lock", "", vm).map(drop)
    }
}

impl Representable for Lock {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let state = if Self::locked(zelf) { "locked" } else { "unlocked" };
        describe(zelf.as_object(), state, zelf.waiting.line.len(vm)?, vm)
    }
}

impl Lock {
    fn wake_first(&self, vm: &VirtualMachine) -> PyResult<()> {
        match self.waiting.line.all(vm)?.first() {
            Some(first) => wake(first, vm.ctx.true_value.clone().into(), vm).map(drop),
            None => Ok(()),
        }
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Representable, Homed, Awaited)
)]
impl Lock {
    /// Whether it is held.
    #[pymethod]
    pub(super) fn locked(zelf: &Py<Self>) -> bool {
        zelf.locked.load(Ordering::SeqCst)
    }

    /// Waits until it is free and takes it. Returns True.
    #[pymethod]
    pub(super) fn acquire(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&ACQUIRE, zelf.into(), None)
    }

    /// Frees it; the task that has waited longest gets it.
    #[pymethod]
    pub(super) fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if !zelf.locked.swap(false, Ordering::SeqCst) {
            return Err(vm.new_runtime_error("Lock is not acquired."));
        }
        zelf.wake_first(vm)
    }

    #[pymethod]
    pub(super) fn __aenter__(zelf: PyRef<Self>) -> Coroutine {
        let routine = if zelf.plain { &ENTER } else { &super::ENTER };
        Coroutine::new(routine, zelf.into(), None)
    }

    #[pymethod]
    fn __aexit__(zelf: PyRef<Self>, _args: FuncArgs) -> Coroutine {
        Coroutine::new(&super::EXIT, zelf.into(), None)
    }

    #[pygetset]
    fn _locked(zelf: &Py<Self>) -> bool {
        zelf.locked.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__locked(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.locked.store(value.try_to_bool(vm)?, Ordering::SeqCst);
        Ok(())
    }
}

/// A flag for which tasks wait.
#[pyclass(module = "asyncio.locks", name = "Event", traverse = "manual")]
#[derive(Debug, Default, PyPayload)]
pub(super) struct Event {
    value: AtomicBool,
    waiting: Waiting,
}

traverse!(Event: waiting);

impl Homed for Event {
    fn home(&self) -> &Home {
        &self.waiting.home
    }
}

impl Awaited for Event {
    const LATE: bool = false;

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

static WAIT: Routine = Routine {
    name: "Event.wait",
    begin: |call, vm| {
        let event: PyRef<Event> = call.target.clone().try_into_value(vm)?;
        if event.value.load(Ordering::SeqCst) {
            return Ok(Step::Done(vm.ctx.true_value.clone().into()));
        }
        event.waiting.enter(event.as_object(), call, vm)
    },
    resume: |call, outcome, vm| {
        let event: PyRef<Event> = call.target.clone().try_into_value(vm)?;
        event.waiting.leave(call, vm)?;
        outcome.map(|_| Step::Done(vm.ctx.true_value.clone().into()))
    },
};

impl Constructor for Event {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self::default())
    }
}

impl Initializer for Event {
    type Args = FuncArgs;

    fn init(_zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        argument(args, "Event", "", vm).map(drop)
    }
}

impl Representable for Event {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let state = if Self::is_set(zelf) { "set" } else { "unset" };
        describe(zelf.as_object(), state, zelf.waiting.line.len(vm)?, vm)
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Representable, Homed, Awaited)
)]
impl Event {
    /// Whether the flag is up.
    #[pymethod]
    fn is_set(zelf: &Py<Self>) -> bool {
        zelf.value.load(Ordering::SeqCst)
    }

    /// Raises the flag and wakes all who wait for it.
    #[pymethod]
    pub(super) fn set(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.value.swap(true, Ordering::SeqCst) || zelf.waiting.line.len(vm)? == 0 {
            return Ok(());
        }
        for future in zelf.waiting.line.all(vm)? {
            wake(&future, vm.ctx.true_value.clone().into(), vm)?;
        }
        Ok(())
    }

    /// Lowers the flag.
    #[pymethod]
    pub(super) fn clear(zelf: &Py<Self>) {
        zelf.value.store(false, Ordering::SeqCst);
    }

    /// Waits until the flag is up. Returns True.
    #[pymethod]
    fn wait(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&WAIT, zelf.into(), None)
    }

    #[pygetset]
    fn _value(zelf: &Py<Self>) -> bool {
        zelf.value.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__value(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.value.store(value.try_to_bool(vm)?, Ordering::SeqCst);
        Ok(())
    }
}
