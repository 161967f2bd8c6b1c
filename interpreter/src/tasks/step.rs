//! One step of a task: resume its coroutine, and see to what it yields.

use super::{Sleep, Task, object, registry};
use crate::contexts::Context;
use crate::event_loop::{LoopCore, Ready};
use crate::futures::{self, Future, Outcome, Waiter, awaited, keyword, names};
use crate::record;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyCoroutine};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// Schedules a step; `error` is to be thrown into the coroutine.
pub(super) fn soon(
    task: &Py<Task>,
    error: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let owner = Task::future(task).owner(vm)?;
    match LoopCore::plain(&owner) {
        Some(core) => {
            LoopCore::note_stray(core, vm)?;
            core.push(Ready::Step(task.to_owned(), error));
            Ok(())
        }
        None => {
            let step = object::StepMethod::of(task, error, vm);
            futures::call_soon(&owner, step, None, task.context(), vm)
        }
    }
}

/// The future it waited for is done.
///
/// # Errors
/// As [`step`].
pub(crate) fn wakeup(
    task: &Py<Task>,
    future: &PyObject,
    enter: Enter,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let error = match futures::exact(future, vm) {
        Some(future) => match future.outcome("Result is not ready.", vm) {
            Ok(Outcome::Returned(_)) => None,
            Ok(Outcome::Raised(error, traceback)) => {
                error.set_traceback(traceback);
                Some(error)
            }
            Err(error) => Some(error),
        },
        None => {
            awaited::discard(future, task.as_object(), vm)?;
            vm.call_method(future, "result", ()).err()
        }
    };
    step(task, error, enter, vm)
}

/// Whether a step has to enter the task's context: the handles of other loops do it themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enter {
    Context,
    Nothing,
}

/// Runs the task until it yields or ends.
///
/// # Errors
/// `KeyboardInterrupt` and `SystemExit` of the coroutine, and what is wrong with the task itself.
pub(crate) fn step(
    task: &Py<Task>,
    error: Option<PyBaseExceptionRef>,
    enter: Enter,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let future = Task::future(task);
    let owner = future.owner(vm)?;
    if future.is_done() {
        return Err(already_done(task, error, vm));
    }
    let (coroutine, context, must_cancel, waited_for) = {
        let mut cell = task.cell.lock();
        let must_cancel = std::mem::take(&mut cell.must_cancel);
        let waited_for = cell.waits_for.take();
        (cell.coroutine.clone(), cell.context.clone(), must_cancel, waited_for)
    };
    drop(waited_for);
    let (Some(coroutine), Some(context)) = (coroutine, context) else { return Ok(()) };
    let error = if must_cancel { Some(cancellation(future, error, vm)?) } else { error };
    registry::enter(&owner, task.as_object(), vm)?;
    let _step = record::step(task.number());
    let result = match enter {
        Enter::Context => resume_in(&context, &coroutine, error, vm),
        Enter::Nothing => resume(&coroutine, error, vm),
    };
    let left = registry::leave(task.as_object(), vm);
    settle(task, result, vm)?;
    left
}

/// The first step of an eager task, in the middle of whatever runs.
pub(super) fn step_eagerly(task: &Py<Task>, vm: &VirtualMachine) -> PyResult<()> {
    let owner = Task::future(task).owner(vm)?;
    let (coroutine, context) = {
        let cell = task.cell.lock();
        (cell.coroutine.clone(), cell.context.clone())
    };
    let (Some(coroutine), Some(context)) = (coroutine, context) else { return Ok(()) };
    task.entry.register(task);
    let _step = record::step(task.number());
    let before = registry::swap(&owner, Some(task.to_owned().into()));
    let result = resume_in(&context, &coroutine, None, vm);
    registry::swap(&owner, before);
    let settled = settle(task, result, vm);
    if Task::future(task).is_done() {
        let done = task.cell.lock().coroutine.take();
        drop(done);
    }
    settled
}

fn already_done(
    task: &Py<Task>,
    error: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let text = || -> PyResult<PyBaseExceptionRef> {
        let error = error.map_or_else(|| vm.ctx.none(), Into::into);
        let (task, error) = (task.as_object().repr(vm)?, error.repr(vm)?);
        let text = format!("__step(): already done: {} {}", task.as_wtf8(), error.as_wtf8());
        Ok(names(vm)?.invalid_state(&text, vm))
    };
    text().unwrap_or_else(|error| error)
}

/// The `CancelledError` to throw: the one that is on its way, or a new one.
fn cancellation(
    future: &Py<Future>,
    error: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyResult<PyBaseExceptionRef> {
    match error {
        Some(error) if error.fast_isinstance(&names(vm)?.cancelled_error) => Ok(error),
        _ => future.cancelled_error(vm),
    }
}

fn resume_in(
    context: &PyObject,
    coroutine: &PyObject,
    error: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyResult<PyIterReturn> {
    if let Some(context) = context.downcast_ref::<Context>() {
        Context::enter(context, vm)?;
        let result = resume(coroutine, error, vm);
        Context::exit(context, vm)?;
        return result;
    }
    let answer = match error {
        None => {
            let send = coroutine.get_attr("send", vm)?;
            vm.call_method(context, "run", (send, vm.ctx.none()))
        }
        Some(error) => {
            let throw = coroutine.get_attr("throw", vm)?;
            vm.call_method(context, "run", (throw, error))
        }
    };
    PyIterReturn::from_pyresult(answer, vm)
}

fn resume(
    coroutine: &PyObject,
    error: Option<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyResult<PyIterReturn> {
    let none = || vm.ctx.none();
    if let Some(exact) = coroutine.downcast_ref_if_exact::<PyCoroutine>(vm) {
        return match error {
            None => exact.as_coro().send(coroutine, none(), vm),
            Some(error) => exact.as_coro().throw(coroutine, error.into(), none(), none(), vm),
        };
    }
    if let Some(sleep) = coroutine.downcast_ref_if_exact::<Sleep>(vm) {
        return match error {
            None => Sleep::resume(sleep, vm),
            Some(error) => Sleep::raise(sleep, error, vm),
        };
    }
    let answer = match error {
        None => vm.call_method(coroutine, "send", (none(),)),
        Some(error) => vm.call_method(coroutine, "throw", (error,)),
    };
    PyIterReturn::from_pyresult(answer, vm)
}

fn settle(task: &Py<Task>, result: PyResult<PyIterReturn>, vm: &VirtualMachine) -> PyResult<()> {
    match result {
        Ok(PyIterReturn::Return(yielded)) => go_on(task, yielded, vm),
        Ok(PyIterReturn::StopIteration(result)) => {
            let result = result.unwrap_or_else(|| vm.ctx.none());
            done(task, End::Returned(result), vm)
        }
        Err(error) => done(task, End::Raised(error), vm),
    }
}

enum End {
    Returned(PyObjectRef),
    Raised(PyBaseExceptionRef),
}

/// The coroutine came to its end.
fn done(task: &Py<Task>, end: End, vm: &VirtualMachine) -> PyResult<()> {
    task.entry.unregister();
    note_end(task, &end, vm)?;
    let future = Task::future(task);
    match end {
        End::Returned(result) => {
            // Cancelled right before it ended?
            if std::mem::take(&mut task.cell.lock().must_cancel) {
                let message = future.cell.lock().cancel_message();
                return Future::cancel(future, message, vm).map(drop);
            }
            Future::resolve(future, result, vm)
        }
        End::Raised(error) if error.fast_isinstance(&names(vm)?.cancelled_error) => {
            future.cell.lock().rare().cancelled_error = Some(error);
            Future::cancel(future, None, vm).map(drop)
        }
        End::Raised(error) => {
            Future::fail(future, error.clone(), vm)?;
            let exceptions = &vm.ctx.exceptions;
            if error.fast_isinstance(exceptions.keyboard_interrupt)
                || error.fast_isinstance(exceptions.system_exit)
            {
                return Err(error);
            }
            Ok(())
        }
    }
}

fn note_end(task: &Py<Task>, end: &End, vm: &VirtualMachine) -> PyResult<()> {
    let (ending, error) = match end {
        End::Returned(_) if task.cell.lock().must_cancel => (record::Ending::Cancelled, None),
        End::Returned(_) => (record::Ending::Returned, None),
        End::Raised(error) if error.fast_isinstance(&names(vm)?.cancelled_error) => {
            (record::Ending::Cancelled, None)
        }
        End::Raised(error) => (record::Ending::Raised, Some(error)),
    };
    record::done(task.number(), ending, error.map(|error| &**error));
    if record::is_watched() {
        record::tell(task, error.map(|error| &**error), vm);
    }
    Ok(())
}

/// The coroutine yielded.
fn go_on(task: &Py<Task>, yielded: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    if vm.is_none(&yielded) {
        return soon(task, None, vm);
    }
    let mistake = match wait_for(task, &yielded, vm)? {
        Fit::Waiting => return Ok(()),
        Fit::Itself => format!("Task cannot await on itself: {}", text(task.as_object(), vm)?),
        Fit::OtherLoop => format!(
            "Task {} got Future {} attached to a different loop",
            text(task.as_object(), vm)?,
            text(&yielded, vm)?
        ),
        Fit::NotAwaited => format!(
            "yield was used instead of yield from in task {} with {}",
            text(task.as_object(), vm)?,
            text(&yielded, vm)?
        ),
        Fit::NoFuture if yielded.class().is(vm.ctx.types.generator_type) => format!(
            "yield was used instead of yield from for generator in task {} with {}",
            text(task.as_object(), vm)?,
            text(&yielded, vm)?
        ),
        Fit::NoFuture => format!("Task got bad yield: {}", text(&yielded, vm)?),
    };
    soon(task, Some(vm.new_runtime_error(mistake)), vm)
}

fn text(object: &PyObject, vm: &VirtualMachine) -> PyResult<String> {
    Ok(object.repr(vm)?.as_wtf8().to_string())
}

/// Whether a task can wait for what its coroutine yielded.
enum Fit {
    Waiting,
    Itself,
    OtherLoop,
    /// A future that was yielded, but not by `await`.
    NotAwaited,
    NoFuture,
}

fn wait_for(task: &Py<Task>, yielded: &PyObject, vm: &VirtualMachine) -> PyResult<Fit> {
    if yielded.is(task) {
        return Ok(Fit::Itself);
    }
    let owner = Task::future(task).owner(vm)?;
    let Some(future) = futures::exact(yielded, vm) else {
        return wait_for_foreign(task, yielded, &owner, vm);
    };
    {
        let mut cell = future.cell.lock();
        if !cell.owner.as_ref().is_some_and(|other| other.is(&owner)) {
            return Ok(Fit::OtherLoop);
        }
        if !std::mem::take(&mut cell.blocking) {
            return Ok(Fit::NotAwaited);
        }
    }
    record_wait(task, yielded, vm);
    task.cell.lock().waits_for = Some(yielded.to_owned());
    Future::wait(future, Waiter::Task(task.to_owned()), vm)?;
    cancel_what_it_waits_for(task, yielded, vm)?;
    Ok(Fit::Waiting)
}

fn record_wait(task: &Py<Task>, future: &PyObject, vm: &VirtualMachine) {
    let target = future.downcast_ref::<Task>().map_or(0, |task| task.number());
    let coroutine = task.cell.lock().coroutine.clone();
    record::wait(task.number(), target, coroutine.as_deref(), future, vm);
}

/// The same for whatever acts as a future.
fn wait_for_foreign(
    task: &Py<Task>,
    yielded: &PyObject,
    owner: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<Fit> {
    let blocking = vm.get_attribute_opt(yielded, "_asyncio_future_blocking")?;
    let Some(blocking) = blocking.filter(|blocking| !vm.is_none(blocking)) else {
        return Ok(Fit::NoFuture);
    };
    let other = match yielded.get_attr("get_loop", vm) {
        Ok(get_loop) => get_loop.call((), vm)?,
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.attribute_error) => {
            yielded.get_attr("_loop", vm)?
        }
        Err(error) => return Err(error),
    };
    if !other.is(owner) {
        return Ok(Fit::OtherLoop);
    }
    if !blocking.try_to_bool(vm)? {
        return Ok(Fit::NotAwaited);
    }
    awaited::add(yielded, task.as_object(), vm)?;
    yielded.set_attr("_asyncio_future_blocking", vm.ctx.new_bool(false), vm)?;
    let context = keyword("context", task.context());
    record_wait(task, yielded, vm);
    let arguments = FuncArgs::new(vec![Task::wakeup_method(task, vm)], context);
    task.cell.lock().waits_for = Some(yielded.to_owned());
    vm.call_method(yielded, "add_done_callback", arguments)?;
    cancel_what_it_waits_for(task, yielded, vm)?;
    Ok(Fit::Waiting)
}

/// A task that was cancelled while it ran passes that on to what it now waits for.
fn cancel_what_it_waits_for(
    task: &Py<Task>,
    future: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if !task.cell.lock().must_cancel {
        return Ok(());
    }
    let message = Task::future(task).cell.lock().cancel_message();
    if futures::cancel(future, message, vm)? {
        task.cell.lock().must_cancel = false;
    }
    Ok(())
}
