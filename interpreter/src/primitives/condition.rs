//! `asyncio.Condition`.

use super::coroutine::{Call, Coroutine, Routine, Step};
use super::lock::Lock;
use super::waiting::{Awaited, Home, Homed, Waiting};
use super::{argument, describe, inherits, is_cancelled_error};
use rustpython_vm::builtins::PyType;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

/// A lock, and tasks that wait until another that holds it notifies them.
#[pyclass(module = "asyncio.locks", name = "Condition", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(super) struct Condition {
    /// `async with` need not ask a derived class for its `acquire()`.
    plain: bool,
    /// Any object with `locked`, `acquire` and `release`.
    lock: PyMutex<PyObjectRef>,
    waiting: Waiting,
}

traverse!(Condition: lock, waiting);

impl Homed for Condition {
    fn home(&self) -> &Home {
        &self.waiting.home
    }
}

impl Awaited for Condition {
    const LATE: bool = false;

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

static WAIT: Routine = Routine {
    name: "Condition.wait",
    begin: |call, vm| {
        let condition: PyRef<Condition> = call.target.clone().try_into_value(vm)?;
        condition.check_locked("cannot wait on un-acquired lock", vm)?;
        let step = condition.waiting.enter(condition.as_object(), call, vm)?;
        if let Err(error) = vm.call_method(condition.as_object(), "release", ()) {
            condition.waiting.leave(call, vm)?;
            return Err(error);
        }
        Ok(step)
    },
    resume: |call, outcome, vm| {
        let condition: PyRef<Condition> = call.target.clone().try_into_value(vm)?;
        let step = wait_woken(&condition, call, outcome, vm);
        if step.is_err() {
            // It may have been notified, and does not act on it: another shall.
            condition.wake(1, vm)?;
        }
        step
    },
};

/// Goes on after the notification, or after the lock came back.
fn wait_woken(
    condition: &Py<Condition>,
    call: &mut Call,
    outcome: PyResult,
    vm: &VirtualMachine,
) -> PyResult<Step> {
    match (condition.waiting.leave(call, vm)?, outcome) {
        (Some(_), outcome) => call.error = outcome.err(),
        (None, Ok(_)) => {
            return match call.error.take() {
                Some(error) => Err(error),
                None => Ok(Step::Done(vm.ctx.true_value.clone().into())),
            };
        }
        // The lock must come back even when the task is cancelled meanwhile.
        (None, Err(error)) if is_cancelled_error(error.as_object(), vm)? => {
            call.error = Some(error);
        }
        (None, Err(error)) => return Err(error),
    }
    vm.call_method(condition.as_object(), "acquire", ()).map(Step::Await)
}

static WAIT_FOR: Routine = Routine {
    name: "Condition.wait_for",
    begin: check_predicate,
    resume: |call, outcome, vm| {
        outcome?;
        check_predicate(call, vm)
    },
};

fn check_predicate(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let predicate = vm.unwrap_or_none(call.argument.clone());
    let result = predicate.call((), vm)?;
    if result.clone().try_to_bool(vm)? {
        return Ok(Step::Done(result));
    }
    vm.call_method(&call.target, "wait", ()).map(Step::Await)
}

impl Condition {
    fn lock(&self) -> PyObjectRef {
        self.lock.lock().clone()
    }

    fn check_locked(&self, complaint: &'static str, vm: &VirtualMachine) -> PyResult<()> {
        if vm.call_method(&self.lock(), "locked", ())?.try_to_bool(vm)? {
            return Ok(());
        }
        Err(vm.new_runtime_error(complaint))
    }

    fn wake(&self, count: usize, vm: &VirtualMachine) -> PyResult<()> {
        let mut left = count;
        for future in self.waiting.line.all(vm)? {
            if left == 0 {
                break;
            }
            left -= usize::from(super::wake(&future, vm.ctx.false_value.clone().into(), vm)?);
        }
        Ok(())
    }
}

impl Constructor for Condition {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self {
            plain: inherits(class, Self::class(&vm.ctx), &["acquire"], vm),
            lock: PyMutex::new(vm.ctx.none()),
            waiting: Waiting::default(),
        })
    }
}

impl Initializer for Condition {
    type Args = FuncArgs;

    fn init(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let lock = argument(args, "Condition", "lock", vm)?.filter(|lock| !vm.is_none(lock));
        let lock = match lock {
            Some(lock) => lock,
            None => super::asyncio("Lock", vm)?.call((), vm)?,
        };
        Self::set__lock(zelf, lock);
        Ok(())
    }
}

impl Representable for Condition {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let locked = vm.call_method(zelf.as_object(), "locked", ())?.try_to_bool(vm)?;
        let state = if locked { "locked" } else { "unlocked" };
        describe(zelf.as_object(), state, zelf.waiting.line.len(vm)?, vm)
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Representable, Homed, Awaited)
)]
impl Condition {
    /// Whether its lock is held.
    #[pymethod]
    fn locked(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        vm.call_method(&zelf.lock(), "locked", ())
    }

    /// Waits until its lock is free and takes it. Returns True.
    #[pymethod]
    fn acquire(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        vm.call_method(&zelf.lock(), "acquire", ())
    }

    /// Frees its lock.
    #[pymethod]
    fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        vm.call_method(&zelf.lock(), "release", ())
    }

    /// Frees the lock, waits until notified, and takes the lock again. Returns True. May return
    /// without a notification: look again at what was waited for.
    #[pymethod]
    fn wait(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&WAIT, zelf.into(), None)
    }

    /// Waits until `predicate()` is true; returns what it gave.
    #[pymethod]
    fn wait_for(zelf: PyRef<Self>, predicate: PyObjectRef) -> Coroutine {
        Coroutine::new(&WAIT_FOR, zelf.into(), Some(predicate))
    }

    /// Wakes `n` of those who wait.
    #[pymethod]
    fn notify(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        zelf.check_locked("cannot notify on un-acquired lock", vm)?;
        let mut args = args;
        let count: i64 = match args.take_positional_keyword("n") {
            Some(count) => count.try_into_value(vm)?,
            None => 1,
        };
        zelf.wake(usize::try_from(count).unwrap_or(0), vm)
    }

    /// Wakes all who wait.
    #[pymethod]
    fn notify_all(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let count = zelf.waiting.line.len(vm)?;
        vm.call_method(zelf.as_object(), "notify", (count,))
    }

    #[pymethod]
    fn _notify(zelf: &Py<Self>, n: usize, vm: &VirtualMachine) -> PyResult<()> {
        zelf.wake(n, vm)
    }

    #[pymethod]
    fn __aenter__(zelf: PyRef<Self>) -> Coroutine {
        if zelf.plain
            && let Ok(lock) = zelf.lock().downcast::<Lock>()
        {
            return Lock::__aenter__(lock);
        }
        Coroutine::new(&super::ENTER, zelf.into(), None)
    }

    #[pymethod]
    fn __aexit__(zelf: PyRef<Self>, _args: FuncArgs) -> Coroutine {
        Coroutine::new(&super::EXIT, zelf.into(), None)
    }

    #[pygetset]
    fn _lock(zelf: &Py<Self>) -> PyObjectRef {
        zelf.lock()
    }

    #[pygetset(setter)]
    fn set__lock(zelf: &Py<Self>, value: PyObjectRef) {
        let old = std::mem::replace(&mut *zelf.lock.lock(), value);
        drop(old);
    }
}
