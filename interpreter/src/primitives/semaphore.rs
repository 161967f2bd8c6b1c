//! `asyncio.Semaphore` and `asyncio.BoundedSemaphore`.

use super::coroutine::{Call, Coroutine, Routine, Step};
use super::lock::nothing_when_done;
use super::waiting::{Awaited, Home, Homed, Waiting};
use super::{argument, describe, inherits, is_cancelled, is_cancelled_error, is_done, wake};
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer, Representable};
use rustpython_vm::{AsObject, Py, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};
use std::sync::atomic::{AtomicI64, Ordering};

/// A counter that tasks count down, waiting while it is 0.
#[pyclass(module = "asyncio.locks", name = "Semaphore", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(super) struct Semaphore {
    /// `async with` need not ask a derived class for its `acquire()`.
    plain: bool,
    value: AtomicI64,
    /// `release()` may not count beyond this.
    bound: AtomicI64,
    waiting: Waiting,
}

traverse!(Semaphore: waiting);

impl Homed for Semaphore {
    fn home(&self) -> &Home {
        &self.waiting.home
    }
}

impl Awaited for Semaphore {
    const LATE: bool = true;

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

static ACQUIRE: Routine =
    Routine { name: "Semaphore.acquire", begin: acquire, resume: acquire_woken };

static ENTER: Routine = Routine {
    name: "Semaphore.__aenter__",
    begin: |call, vm| acquire(call, vm).map(|step| nothing_when_done(step, vm)),
    resume: |call, outcome, vm| {
        acquire_woken(call, outcome, vm).map(|step| nothing_when_done(step, vm))
    },
};

fn acquire(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let semaphore: PyRef<Semaphore> = call.target.clone().try_into_value(vm)?;
    // Who waits goes first, even when the counter is above 0.
    if semaphore.waiting.is_idle(vm)? && semaphore.count_down() {
        return Ok(Step::Done(vm.ctx.true_value.clone().into()));
    }
    semaphore.waiting.enter(semaphore.as_object(), call, vm)
}

fn acquire_woken(call: &mut Call, outcome: PyResult, vm: &VirtualMachine) -> PyResult<Step> {
    let semaphore: PyRef<Semaphore> = call.target.clone().try_into_value(vm)?;
    if let Some(future) = semaphore.waiting.leave(call, vm)?
        && let Err(error) = &outcome
        && is_cancelled_error(error.as_object(), vm)?
        && is_done(&future, vm)?
        && !is_cancelled(&future, vm)?
    {
        // It was counted down for this task, which does not take it.
        semaphore.value.fetch_add(1, Ordering::SeqCst);
    }
    // More may have been released while this one was in front.
    while semaphore.wake_next(vm)? {}
    outcome.map(|_| Step::Done(vm.ctx.true_value.clone().into()))
}

impl Semaphore {
    /// Takes 1 off; false when it is 0.
    fn count_down(&self) -> bool {
        let less = |value| (value > 0).then(|| value - 1);
        self.value.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    /// Counts down for the first who waits, and wakes it; whether there was something to count
    /// and somebody to wake.
    fn wake_next(&self, vm: &VirtualMachine) -> PyResult<bool> {
        if self.waiting.line.len(vm)? == 0 {
            return Ok(false);
        }
        for future in self.waiting.line.all(vm)? {
            if is_done(&future, vm)? {
                continue;
            }
            if !self.count_down() {
                return Ok(false);
            }
            return wake(&future, vm.ctx.true_value.clone().into(), vm);
        }
        Ok(false)
    }

    fn start(zelf: &Py<Self>, args: FuncArgs, class: &str, vm: &VirtualMachine) -> PyResult<i64> {
        let value = match argument(args, class, "value", vm)? {
            Some(value) => value.try_into_value(vm)?,
            None => 1,
        };
        if value < 0 {
            return Err(vm.new_value_error("Semaphore initial value must be >= 0"));
        }
        zelf.value.store(value, Ordering::SeqCst);
        Ok(value)
    }
}

impl Constructor for Semaphore {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self {
            plain: inherits(class, Self::class(&vm.ctx), &["acquire"], vm),
            value: AtomicI64::new(1),
            bound: AtomicI64::new(i64::MAX),
            waiting: Waiting::default(),
        })
    }
}

impl Initializer for Semaphore {
    type Args = FuncArgs;

    fn init(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Self::start(zelf, args, "Semaphore", vm).map(drop)
    }
}

impl Representable for Semaphore {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let state = if Self::locked(zelf, vm)? {
            "locked".to_owned()
        } else {
            format!("unlocked, value:{}", zelf.value.load(Ordering::SeqCst))
        };
        describe(zelf.as_object(), &state, zelf.waiting.line.len(vm)?, vm)
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Representable, Homed, Awaited)
)]
impl Semaphore {
    /// Whether who acquires it now would wait.
    #[pymethod]
    fn locked(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        Ok(zelf.value.load(Ordering::SeqCst) == 0 || !zelf.waiting.is_idle(vm)?)
    }

    /// Counts down, waiting while the counter is 0. Returns True.
    #[pymethod]
    fn acquire(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&ACQUIRE, zelf.into(), None)
    }

    /// Counts up, and wakes the task that has waited longest.
    #[pymethod]
    fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.value.load(Ordering::SeqCst) >= zelf.bound.load(Ordering::SeqCst) {
            return Err(vm.new_value_error("BoundedSemaphore released too many times"));
        }
        zelf.value.fetch_add(1, Ordering::SeqCst);
        zelf.wake_next(vm).map(drop)
    }

    #[pymethod]
    fn __aenter__(zelf: PyRef<Self>) -> Coroutine {
        let routine = if zelf.plain { &ENTER } else { &super::ENTER };
        Coroutine::new(routine, zelf.into(), None)
    }

    #[pymethod]
    fn __aexit__(zelf: PyRef<Self>, _args: FuncArgs) -> Coroutine {
        Coroutine::new(&super::EXIT, zelf.into(), None)
    }

    #[pygetset]
    fn _value(zelf: &Py<Self>) -> i64 {
        zelf.value.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__value(zelf: &Py<Self>, value: i64) {
        zelf.value.store(value, Ordering::SeqCst);
    }
}

/// A semaphore that may not be released more often than it was acquired.
#[pyclass(module = "asyncio.locks", name = "BoundedSemaphore", base = Semaphore)]
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct BoundedSemaphore(Semaphore);

impl Initializer for BoundedSemaphore {
    type Args = FuncArgs;

    fn slot_init(
        zelf: &rustpython_vm::PyObject,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let zelf: PyRef<Semaphore> = zelf.to_owned().try_into_value(vm)?;
        let value = Semaphore::start(&zelf, args, "BoundedSemaphore", vm)?;
        zelf.bound.store(value, Ordering::SeqCst);
        Ok(())
    }

    fn init(_zelf: &Py<Self>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<()> {
        Ok(())
    }
}

#[pyclass(flags(BASETYPE, HAS_DICT, HAS_WEAKREF), with(Initializer))]
impl BoundedSemaphore {
    #[pygetset]
    fn _bound_value(zelf: &Py<Self>) -> i64 {
        zelf.0.bound.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__bound_value(zelf: &Py<Self>, value: i64) {
        zelf.0.bound.store(value, Ordering::SeqCst);
    }
}
