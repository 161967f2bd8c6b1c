//! `put()`, `get()` and `join()`.

use super::super::coroutine::{Call, Routine, Step};
use super::super::is_cancelled;
use super::super::line::Line;
use super::{Queue, queue_error};
use crate::futures;
use rustpython_vm::{AsObject, Py, PyRef, PyResult, VirtualMachine};
use std::sync::atomic::Ordering;

pub(super) static PUT: Routine = Routine {
    name: "Queue.put",
    begin: put,
    resume: |call, outcome, vm| {
        let queue: PyRef<Queue> = call.target.clone().try_into_value(vm)?;
        woken(&queue, call, outcome, &queue.putters, Queue::seems_full, vm)?;
        put(call, vm)
    },
};

fn put(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let Some(queue) = call.target.downcast_ref::<Queue>() else {
        return Err(vm.new_type_error("not a queue"));
    };
    let item = call.argument.take().unwrap_or_else(|| vm.ctx.none());
    if queue.plain {
        if !queue.is_shut() {
            match queue.add(item, vm)? {
                None => return Ok(Step::Done(vm.ctx.none())),
                Some(item) => call.argument = Some(item),
            }
        }
    } else if !Queue::seems_full(queue, vm)? {
        return vm.call_method(queue.as_object(), "put_nowait", (item,)).map(Step::Done);
    } else {
        call.argument = Some(item);
    }
    if queue.is_shut() {
        return Err(queue_error("QueueShutDown", vm));
    }
    let future = queue.home.future(queue.as_object(), vm)?;
    queue.putters.push(future.clone(), vm)?;
    Ok(call.wait_for(future))
}

pub(super) static GET: Routine = Routine {
    name: "Queue.get",
    begin: get,
    resume: |call, outcome, vm| {
        let queue: PyRef<Queue> = call.target.clone().try_into_value(vm)?;
        woken(&queue, call, outcome, &queue.getters, Queue::seems_empty, vm)?;
        get(call, vm)
    },
};

fn get(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let Some(queue) = call.target.downcast_ref::<Queue>() else {
        return Err(vm.new_type_error("not a queue"));
    };
    if queue.plain {
        if let Some(item) = queue.take(vm)? {
            queue.putters.wake_next(vm)?;
            return Ok(Step::Done(item));
        }
    } else if !Queue::seems_empty(queue, vm)? {
        return vm.call_method(queue.as_object(), "get_nowait", ()).map(Step::Done);
    }
    if queue.is_shut() {
        return Err(queue_error("QueueShutDown", vm));
    }
    let future = queue.home.future(queue.as_object(), vm)?;
    queue.getters.push(future.clone(), vm)?;
    Ok(call.wait_for(future))
}

/// The wait has ended: who is cancelled hands its turn on, if it had one.
fn woken(
    queue: &Py<Queue>,
    call: &mut Call,
    outcome: PyResult,
    waiters: &Line,
    must_wait: fn(&Py<Queue>, &VirtualMachine) -> PyResult<bool>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let future = call.future.take();
    let (Err(error), Some(future)) = (outcome, future) else { return Ok(()) };
    futures::cancel(&future, None, vm)?;
    waiters.remove(&future, vm)?;
    if !must_wait(queue, vm)? && !is_cancelled(&future, vm)? {
        waiters.wake_next(vm)?;
    }
    Err(error)
}

pub(super) static JOIN: Routine = Routine {
    name: "Queue.join",
    begin: |call, vm| {
        let queue: PyRef<Queue> = call.target.clone().try_into_value(vm)?;
        if queue.unfinished.load(Ordering::SeqCst) <= 0 {
            return Ok(Step::Done(vm.ctx.none()));
        }
        vm.call_method(queue.finished().as_object(), "wait", ()).map(Step::Await)
    },
    resume: |_, outcome, vm| outcome.map(|_| Step::Done(vm.ctx.none())),
};
