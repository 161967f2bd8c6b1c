//! `asyncio.Future` in Rust. A future that is done puts who waits for it straight into the ready
//! queue of our own loop; any other loop gets `call_soon`.
//!
//! For the rest of the crate: [`Future::pending`] or [`create`] make one, [`Future::resolve`],
//! [`Future::fail`] and [`Future::cancel`] end it, [`Future::wait`] adds a [`Waiter`], of which
//! [`Waiter::Native`] is Rust code.

pub(crate) mod awaited;
pub(crate) mod iterator;
mod names;
mod object;
mod outcome;

use crate::contexts;
use crate::event_loop::{LoopCore, Ready};
use crate::record;
use crate::tasks::{Gathering, Task};
pub(crate) use iterator::FutureIter;
pub(crate) use names::{module, names};
use object::message_or_none;
pub(crate) use object::{CancelArguments, NativeCallback, assigned, repr_with};
pub(crate) use outcome::Outcome;
use rustpython_vm::builtins::{PyBaseExceptionRef, PySet, PyTraceback};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::Arc;

/// `asyncio.Future`.
#[pyclass(module = "_asyncio", name = "Future", traverse = "manual")]
#[derive(Debug, Default, PyPayload)]
pub(crate) struct Future {
    pub(crate) cell: PyMutex<Cell>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: as for `Cell`.
unsafe impl Traverse for Future {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.cell.traverse(visit);
    }

    /// Without this a task and the future that it waits for would keep each other for ever.
    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        for waiter in std::mem::take(&mut self.cell.get_mut().waiters).into_vec() {
            match waiter {
                Waiter::Task(task) => out.push(task.into()),
                Waiter::Gather(gathering) => out.push(gathering.into()),
                Waiter::Callback(callback, context) => out.extend([callback, context]),
                Waiter::Native(_) => {}
            }
        }
    }
}

/// Where a future stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Pending,
    Cancelled,
    Finished,
}

/// What is in a future.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// The event loop; none before `__init__`.
    pub(crate) owner: Option<PyObjectRef>,
    pub(crate) state: State,
    /// Somebody awaits it (and did not just yield it).
    pub(crate) blocking: bool,
    /// Its exception has not been looked at: its end will log it.
    pub(crate) log_traceback: bool,
    /// The sleep that made it has ended otherwise: its timer is void.
    pub(crate) is_forsaken: bool,
    pub(crate) waiters: Waiters,
    pub(crate) result: Option<PyObjectRef>,
    pub(crate) exception: Option<PyBaseExceptionRef>,
    /// The traceback that the exception had, to be restored each time it is raised.
    pub(crate) traceback: Option<PyRef<PyTraceback>>,
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few futures have.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) source_traceback: Option<PyObjectRef>,
    pub(crate) cancel_message: Option<PyObjectRef>,
    /// The `CancelledError` that ended a task, raised once.
    pub(crate) cancelled_error: Option<PyBaseExceptionRef>,
    /// Those who await it and are no waiters, as `shield` says.
    pub(crate) awaited_by: Option<PyRef<PySet>>,
}

/// Rust code that waits for one future: a waker in the lists of two would be traversed twice.
pub(crate) trait Waker: std::fmt::Debug + Send + Sync {
    /// Called by the loop, in the turn after the future was done, outside of any task.
    fn wake(&self, future: &Py<Future>, vm: &VirtualMachine) -> PyResult<()>;

    /// Shows the collector each Python object it owns, once.
    fn traverse(&self, visit: &mut TraverseFn<'_>);
}

/// Who waits for a future.
#[derive(Debug)]
pub(crate) enum Waiter {
    Task(PyRef<Task>),
    Gather(PyRef<Gathering>),
    /// A callback, and the context to call it in.
    Callback(PyObjectRef, PyObjectRef),
    #[expect(dead_code, reason = "for the primitives, which wait natively")]
    Native(Arc<dyn Waker>),
}

/// Who waits for a future, in order. Most have one.
#[derive(Debug, Default)]
pub(crate) enum Waiters {
    #[default]
    None,
    One(Waiter),
    Many(Vec<Waiter>),
}

impl Waiters {
    pub(crate) fn as_slice(&self) -> &[Waiter] {
        match self {
            Self::None => &[],
            Self::One(waiter) => std::slice::from_ref(waiter),
            Self::Many(waiters) => waiters,
        }
    }

    fn push(&mut self, waiter: Waiter) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(waiter),
            Self::One(first) => Self::Many(vec![first, waiter]),
            Self::Many(mut waiters) => {
                waiters.push(waiter);
                Self::Many(waiters)
            }
        };
    }

    fn into_vec(self) -> Vec<Waiter> {
        match self {
            Self::None => Vec::new(),
            Self::One(waiter) => vec![waiter],
            Self::Many(waiters) => waiters,
        }
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Waiter {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        match self {
            Self::Task(task) => visit(task.as_object()),
            Self::Gather(gathering) => visit(gathering.as_object()),
            Self::Callback(callback, context) => {
                visit(callback);
                visit(context);
            }
            Self::Native(waker) => waker.traverse(visit),
        }
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Cell {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.owner.traverse(visit);
        self.waiters.as_slice().traverse(visit);
        self.result.traverse(visit);
        self.exception.traverse(visit);
        self.traceback.traverse(visit);
        if let Some(rare) = &self.rare {
            rare.source_traceback.traverse(visit);
            rare.cancel_message.traverse(visit);
            rare.cancelled_error.traverse(visit);
            rare.awaited_by.traverse(visit);
        }
    }
}

impl Cell {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn cancel_message(&self) -> Option<PyObjectRef> {
        self.rare.as_ref()?.cancel_message.clone()
    }

    /// Ends it; the waiters are the caller's to schedule. None when it was done already.
    pub(crate) fn finish(&mut self, state: State) -> Option<Ended> {
        if self.state != State::Pending {
            return None;
        }
        self.state = state;
        let waiters = std::mem::take(&mut self.waiters);
        Some(Ended { owner: self.owner.clone(), waiters })
    }
}

/// A future that has just been done, and whom to tell.
#[must_use]
pub(crate) struct Ended {
    owner: Option<PyObjectRef>,
    waiters: Waiters,
}

impl Ended {
    /// Tells everybody who waits.
    pub(crate) fn schedule(self, future: &Py<Future>, vm: &VirtualMachine) -> PyResult<()> {
        let Some(owner) = self.owner else { return Ok(()) };
        let core = LoopCore::plain(&owner);
        let tell = |waiter| schedule(waiter, &owner, core, future, vm);
        match self.waiters {
            Waiters::None => return Ok(()),
            Waiters::One(waiter) => tell(waiter)?,
            Waiters::Many(waiters) => waiters.into_iter().try_for_each(tell)?,
        }
        // Afterwards: a warning may be an error, and who waits has to know all the same.
        core.map_or(Ok(()), |core| LoopCore::note_stray(core, vm))
    }
}

fn schedule(
    waiter: Waiter,
    owner: &PyObject,
    core: Option<&Py<LoopCore>>,
    future: &Py<Future>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if let Waiter::Task(task) = &waiter {
        record::wake(task.number());
    }
    if let Some(core) = core {
        core.push(match waiter {
            Waiter::Task(task) => Ready::Wakeup(task, future.to_owned()),
            Waiter::Gather(gathering) => Ready::Gathered(gathering, future.to_owned()),
            Waiter::Callback(callback, context) => {
                Ready::Done(callback, future.to_owned(), context)
            }
            Waiter::Native(waker) => Ready::Native(waker, future.to_owned()),
        });
        return Ok(());
    }
    let (callback, context) = waiter.into_callback(vm)?;
    call_soon(owner, callback, Some(future.as_object()), context, vm)
}

/// `owner.call_soon(callback, argument, context=context)`.
pub(crate) fn call_soon(
    owner: &PyObject,
    callback: PyObjectRef,
    argument: Option<&PyObject>,
    context: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let mut arguments = vec![callback];
    arguments.extend(argument.map(ToOwned::to_owned));
    let arguments = FuncArgs::new(arguments, keyword("context", context));
    vm.call_method(owner, "call_soon", arguments).map(drop)
}

/// One keyword argument.
pub(crate) fn keyword(name: &str, value: PyObjectRef) -> KwArgs {
    KwArgs::new(std::iter::once((Wtf8Buf::from(name), value)).collect())
}

impl Waiter {
    /// As a callable, with its context.
    fn into_callback(self, vm: &VirtualMachine) -> PyResult<(PyObjectRef, PyObjectRef)> {
        Ok(match self {
            Self::Task(task) => (Task::wakeup_method(&task, vm), task.context()),
            Self::Gather(gathering) => {
                (Gathering::child_done_method(&gathering, vm), contexts::copy_current(vm)?)
            }
            Self::Callback(callback, context) => (callback, context),
            Self::Native(waker) => {
                (object::NativeCallback::make(waker, vm), contexts::copy_current(vm)?)
            }
        })
    }
}

/// A future of the event loop `owner`: ours when the loop is, else what its `create_future` gives.
pub(crate) fn create(owner: &PyObject, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    match LoopCore::plain(owner) {
        Some(_) => Ok(Future::pending(owner.to_owned(), vm).into()),
        None => vm.call_method(owner, "create_future", ()),
    }
}

impl Future {
    /// A future of the event loop `owner`, without asking the loop.
    pub(crate) fn pending(owner: PyObjectRef, vm: &VirtualMachine) -> PyRef<Self> {
        PyRef::new_ref(Self::owned(owner), Self::class(&vm.ctx).to_owned(), None)
    }

    pub(crate) fn owned(owner: PyObjectRef) -> Self {
        Self { cell: PyMutex::new(Cell { owner: Some(owner), ..Cell::default() }) }
    }

    pub(crate) fn state(&self) -> State {
        self.cell.lock().state
    }

    /// Whether a timer that is to end it need not.
    pub(crate) fn needs_no_timer(&self) -> bool {
        let cell = self.cell.lock();
        cell.is_forsaken || cell.state != State::Pending
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state() != State::Pending
    }

    /// The event loop.
    pub(crate) fn owner(&self, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        self.cell.lock().owner.clone().ok_or_else(|| uninitialized(vm))
    }

    /// Ends it with a result.
    ///
    /// # Errors
    /// `InvalidStateError` when it is done already; and what `call_soon` of a foreign loop raises.
    pub(crate) fn resolve(
        zelf: &Py<Self>,
        result: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        Self::finish(zelf, |cell| cell.result = Some(result), vm)
    }

    /// Ends it with an exception.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub(crate) fn fail(
        zelf: &Py<Self>,
        exception: PyBaseExceptionRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let keep = |cell: &mut Cell| {
            cell.traceback = exception.traceback();
            cell.exception = Some(exception);
            cell.log_traceback = true;
        };
        Self::finish(zelf, keep, vm)
    }

    /// Ends it, unless it is done; `keep` puts in how.
    fn finish(zelf: &Py<Self>, keep: impl FnOnce(&mut Cell), vm: &VirtualMachine) -> PyResult<()> {
        let ended = {
            let mut cell = zelf.cell.lock();
            let ended = cell.finish(State::Finished);
            if ended.is_some() {
                keep(&mut cell);
            }
            ended
        };
        match ended {
            Some(ended) => ended.schedule(zelf, vm),
            None => Err(names(vm)?.invalid_state("invalid state", vm)),
        }
    }

    /// Ends it by cancellation; false when it was done already. For what may be a task or a
    /// gathering, [`cancel`] is the right one.
    ///
    /// # Errors
    /// What `call_soon` of a foreign loop raises.
    pub(crate) fn cancel(
        zelf: &Py<Self>,
        message: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let ended = {
            let mut cell = zelf.cell.lock();
            cell.log_traceback = false;
            let ended = cell.finish(State::Cancelled);
            if ended.is_some() && (message.is_some() || cell.rare.is_some()) {
                cell.rare().cancel_message = message;
            }
            ended
        };
        match ended {
            Some(ended) => ended.schedule(zelf, vm).map(|()| true),
            None => Ok(false),
        }
    }

    /// Tells `waiter` when it is done: in the turn after that, also when it is done already.
    ///
    /// # Errors
    /// What `call_soon` of a foreign loop raises.
    pub(crate) fn wait(zelf: &Py<Self>, waiter: Waiter, vm: &VirtualMachine) -> PyResult<()> {
        let owner = {
            let mut cell = zelf.cell.lock();
            let Some(owner) = &cell.owner else { return Err(uninitialized(vm)) };
            if cell.state == State::Pending {
                cell.waiters.push(waiter);
                return Ok(());
            }
            owner.clone()
        };
        schedule(waiter, &owner, LoopCore::plain(&owner), zelf, vm)
    }
}

/// Cancels any future: ours natively when exactly ours, else by its method.
pub(crate) fn cancel(
    future: &PyObject,
    message: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    if let Some(task) = future.downcast_ref_if_exact::<Task>(vm) {
        return Task::request_cancel(task, message, vm);
    }
    if let Some(future) = future.downcast_ref_if_exact::<Future>(vm) {
        return Future::cancel(future, message, vm);
    }
    let message = keyword("msg", message_or_none(message, vm));
    let answer = vm.call_method(future, "cancel", FuncArgs::new(vec![], message))?;
    answer.try_to_bool(vm)
}

/// `future` as ours, when it is exactly one of our classes: nobody can have overridden a method.
pub(crate) fn exact<'a>(future: &'a PyObject, vm: &VirtualMachine) -> Option<&'a Py<Future>> {
    let class = future.class();
    let ours = class.is(Future::class(&vm.ctx))
        || class.is(Task::class(&vm.ctx))
        || class.is(Gathering::class(&vm.ctx));
    ours.then(|| future.downcast_ref::<Future>()).flatten()
}

pub(crate) fn uninitialized(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_runtime_error("Future object is not initialized.")
}
