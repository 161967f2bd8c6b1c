//! What the coroutines of `asyncio.StreamReader` do, step by step.
//!
//! Whether the connection has failed is asked when they begin. After that they end as the bytes
//! that came let them: what asks again may not be called after a wait.

use super::reader::ReaderCore;
use crate::futures;
use crate::primitives::coroutine::{Call, Routine, Step};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyBytes, PyInt};
use rustpython_vm::function::IntoFuncArgs;
use rustpython_vm::{PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::sync::atomic::Ordering;

pub(super) static READLINE: Routine = Routine {
    name: "StreamReader.readline",
    begin: |call, vm| checked(call, line, vm),
    resume: on_line,
};
pub(super) static READUNTIL: Routine = Routine {
    name: "StreamReader.readuntil",
    begin: |call, vm| checked(call, until, vm),
    resume: |call, outcome, vm| resume(call, outcome, until, vm),
};
pub(super) static READ: Routine = Routine {
    name: "StreamReader.read",
    begin: |call, vm| checked(call, |call, vm| take_some(call, true, vm), vm),
    // After one wait it takes what there is, which may be nothing.
    resume: |call, outcome, vm| resume(call, outcome, |call, vm| take_some(call, false, vm), vm),
};
pub(super) static READEXACTLY: Routine = Routine {
    name: "StreamReader.readexactly",
    begin: |call, vm| match number(call) {
        Some(_) => checked(call, exactly, vm),
        None => leave(call, "_readexactly", vm),
    },
    resume: |call, outcome, vm| resume(call, outcome, exactly, vm),
};
pub(super) static NEXT: Routine = Routine {
    name: "StreamReader.__anext__",
    begin: |call, vm| checked(call, line, vm).and_then(|step| stop_at_end(step, vm)),
    resume: |call, outcome, vm| on_line(call, outcome, vm).and_then(|step| stop_at_end(step, vm)),
};

fn stop_at_end(step: Step, vm: &VirtualMachine) -> PyResult<Step> {
    match &step {
        Step::Done(line) if line.downcast_ref::<PyBytes>().is_some_and(|line| line.is_empty()) => {
            Err(vm.new_exception_empty(vm.ctx.exceptions.stop_async_iteration.to_owned()))
        }
        _ => Ok(step),
    }
}

fn target(call: &Call, vm: &VirtualMachine) -> PyResult<PyRef<ReaderCore>> {
    call.target.clone().try_into_value(vm)
}

/// Begins with `step` unless the connection has failed: that is asked only once.
fn checked(
    call: &mut Call,
    step: fn(&mut Call, &VirtualMachine) -> PyResult<Step>,
    vm: &VirtualMachine,
) -> PyResult<Step> {
    target(call, vm)?.check(vm)?;
    step(call, vm)
}

/// Goes on with `again` when data has come, or ends as what did the rest has.
fn resume(
    call: &mut Call,
    outcome: PyResult,
    again: fn(&mut Call, &VirtualMachine) -> PyResult<Step>,
    vm: &VirtualMachine,
) -> PyResult<Step> {
    if call.future.take().is_none() {
        return outcome.map(Step::Done);
    }
    target(call, vm)?.waiter.set(None);
    outcome?;
    again(call, vm)
}

/// Leaves the rest to asyncio's own method, which `name` is an alias of.
fn leave(call: &Call, name: &'static str, vm: &VirtualMachine) -> PyResult<Step> {
    let arguments: Vec<_> = call.argument.iter().cloned().collect();
    vm.call_method(&call.target, name, arguments).map(Step::Await)
}

fn line(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    search(call, b"\n", Goal::Line, vm)
}

fn on_line(call: &mut Call, outcome: PyResult, vm: &VirtualMachine) -> PyResult<Step> {
    resume(call, outcome, line, vm)
}

fn until(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    match call.argument.clone().map(|separator| separator.downcast::<PyBytes>()) {
        Some(Ok(separator)) if !separator.is_empty() => {
            search(call, separator.as_bytes(), Goal::Piece, vm)
        }
        _ => leave(call, "_readuntil", vm),
    }
}

/// For whom a separator is searched.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    /// `readline()`: the last line may have no end, and one that is too long is dropped.
    Line,
    /// `readuntil()`
    Piece,
}

/// Takes everything up to `separator`, waiting for it.
fn search(call: &mut Call, separator: &[u8], goal: Goal, vm: &VirtualMachine) -> PyResult<Step> {
    let reader = target(call, vm)?;
    let limit = reader.limit.load(Ordering::Relaxed);
    let buffer = reader.buffer();
    let mut found = None;
    {
        let bytes = buffer.borrow_buf();
        // Another reader may have taken some of what was searched already.
        if let Some(fresh) = bytes.get(call.searched..)
            && fresh.len() >= separator.len()
        {
            found = find(fresh, separator).map(|at| call.searched + at);
            call.searched = bytes.len() + 1 - separator.len();
        }
    }
    match found {
        Some(at) if at <= limit => reader.take(at + separator.len(), vm).map(Step::Done),
        Some(at) => {
            if goal == Goal::Line {
                reader.take(at + separator.len(), vm)?;
            }
            let text = "Separator is found, but chunk is longer than limit";
            Err(too_long(text, at, goal, vm))
        }
        None if call.searched > limit => {
            if goal == Goal::Line {
                reader.take(usize::MAX, vm)?;
            }
            let text = "Separator is not found, and chunk exceed the limit";
            Err(too_long(text, call.searched, goal, vm))
        }
        None if reader.is_at_end() => {
            let partial = reader.take_last(vm);
            match goal {
                Goal::Line => Ok(Step::Done(partial)),
                Goal::Piece => Err(incomplete(partial, vm.ctx.none(), vm)),
            }
        }
        None => reader.wait(call, "readuntil", vm),
    }
}

fn too_long(
    text: &'static str,
    consumed: usize,
    goal: Goal,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    match goal {
        Goal::Line => vm.new_value_error(text),
        Goal::Piece => error("LimitOverrunError", (text.to_owned(), consumed), vm),
    }
}

/// The end came before all that was asked for.
fn incomplete(
    partial: PyObjectRef,
    expected: PyObjectRef,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    error("IncompleteReadError", (partial, expected), vm)
}

/// One of asyncio's own exceptions, or what prevents it.
fn error(name: &'static str, args: impl IntoFuncArgs, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let made = futures::module("asyncio.exceptions", vm)
        .and_then(|module| vm.call_method(&module, name, args))
        .and_then(|made| made.try_into_value(vm));
    match made {
        Ok(error) | Err(error) => error,
    }
}

fn find(bytes: &[u8], separator: &[u8]) -> Option<usize> {
    match separator {
        [byte] => bytes.iter().position(|other| other == byte),
        _ => bytes.windows(separator.len()).position(|window| window == separator),
    }
}

/// The number of bytes asked for, if it is above 0.
fn number(call: &Call) -> Option<usize> {
    let number = call.argument.as_ref()?.downcast_ref::<PyInt>()?;
    usize::try_from(number.as_bigint()).ok().filter(|number| *number > 0)
}

fn take_some(call: &mut Call, waits: bool, vm: &VirtualMachine) -> PyResult<Step> {
    let Some(number) = number(call) else { return leave(call, "_read", vm) };
    let reader = target(call, vm)?;
    let length = reader.length();
    if waits && length == 0 && !reader.is_at_end() {
        return reader.wait(call, "read", vm);
    }
    reader.take(number.min(length), vm).map(Step::Done)
}

fn exactly(call: &mut Call, vm: &VirtualMachine) -> PyResult<Step> {
    let Some(number) = number(call) else { return leave(call, "_readexactly", vm) };
    let reader = target(call, vm)?;
    if reader.length() >= number {
        return reader.take(number, vm).map(Step::Done);
    }
    if reader.is_at_end() {
        return Err(incomplete(reader.take_last(vm), vm.ctx.new_int(number).into(), vm));
    }
    reader.wait(call, "readexactly", vm)
}
