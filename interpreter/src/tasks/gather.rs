//! `asyncio.gather`: one future for many.

use super::functions::current_task;
use super::{Options, Task, is_native_coroutine};
use crate::event_loop::LoopCore;
use crate::futures::{self, CancelArguments, Future, Outcome, State, Waiter, awaited, names};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict, PyType};
use rustpython_vm::class::PySubclass;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::{Callable, Constructor};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine,
    pyclass,
};

/// The future that `gather` returns.
#[pyclass(module = "asyncio.tasks", name = "_GatheringFuture", base = Future, traverse = "manual")]
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Gathering {
    base: Future,
    cell: PyMutex<Cell>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: as for the two cells.
unsafe impl Traverse for Gathering {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.base.traverse(visit);
        self.cell.traverse(visit);
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        self.base.clear(out);
        out.append(&mut self.cell.get_mut().children);
    }
}

impl PySubclass for Gathering {
    type Base = Future;

    fn as_base(&self) -> &Future {
        &self.base
    }
}

#[derive(Debug, Default)]
struct Cell {
    /// In the order of the arguments; one that was given twice is here twice.
    children: Vec<PyObjectRef>,
    /// How many of the distinct ones are not done.
    pending: usize,
    return_exceptions: bool,
    /// It was cancelled, and so were children.
    is_cancelled: bool,
    /// The task that called `gather`.
    caller: Option<PyObjectRef>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Cell {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.children.traverse(visit);
        self.caller.traverse(visit);
    }
}

impl Constructor for Gathering {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("`gather` makes these itself"))
    }
}

#[pyclass(flags(BASETYPE, HAS_DICT, HAS_WEAKREF), with(Constructor))]
impl Gathering {
    /// Cancels all children that are not done.
    #[pymethod]
    fn cancel(zelf: &Py<Self>, args: CancelArguments, vm: &VirtualMachine) -> PyResult<bool> {
        if zelf.base.is_done() {
            return Ok(false);
        }
        let message = args.message(vm);
        let children = zelf.cell.lock().children.clone();
        let mut any = false;
        for child in children {
            any |= futures::cancel(&child, message.clone(), vm)?;
        }
        if any {
            zelf.cell.lock().is_cancelled = true;
        }
        Ok(any)
    }

    #[pygetset]
    fn _children(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.new_list(zelf.cell.lock().children.clone()).into()
    }

    #[pygetset]
    fn _cancel_requested(zelf: &Py<Self>) -> bool {
        zelf.cell.lock().is_cancelled
    }
}

/// How a child ended.
enum End {
    Cancelled,
    Raised(PyBaseExceptionRef),
    Returned(PyObjectRef),
}

/// Looks at a child that is done, which marks its exception as retrieved.
fn end_of(child: &PyObject, vm: &VirtualMachine) -> PyResult<End> {
    if let Some(future) = futures::exact(child, vm) {
        if future.state() == State::Cancelled {
            return Ok(End::Cancelled);
        }
        return Ok(match future.outcome("Exception is not set.", vm)? {
            Outcome::Returned(result) => End::Returned(result),
            Outcome::Raised(error, _) => End::Raised(error),
        });
    }
    if vm.call_method(child, "cancelled", ())?.try_to_bool(vm)? {
        return Ok(End::Cancelled);
    }
    match vm.call_method(child, "exception", ())?.downcast() {
        Ok(error) => Ok(End::Raised(error)),
        Err(_) => Ok(End::Returned(vm.call_method(child, "result", ())?)),
    }
}

fn cancelled_error(child: &PyObject, vm: &VirtualMachine) -> PyResult<PyBaseExceptionRef> {
    match futures::exact(child, vm) {
        Some(future) => future.cancelled_error(vm),
        None => {
            let error = vm.call_method(child, "_make_cancelled_error", ())?;
            error.downcast().map_err(|_| vm.new_type_error("no exception for a cancelled future"))
        }
    }
}

impl Gathering {
    /// The future that it is.
    fn future(zelf: &Py<Self>) -> &Py<Future> {
        zelf.to_base()
    }

    /// The task that called `gather`, which therefore awaits the children.
    pub(crate) fn waiting_task(&self) -> Option<PyObjectRef> {
        self.cell.lock().caller.clone()
    }

    pub(crate) fn child_done_method(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        ChildDone { gathering: zelf.to_owned() }.into_pyobject(vm)
    }

    /// A child is done.
    ///
    /// # Errors
    /// What the methods of a foreign child raise.
    pub(crate) fn child_done(
        zelf: &Py<Self>,
        child: &PyObject,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let (pending, return_exceptions, caller) = {
            let mut cell = zelf.cell.lock();
            cell.pending = cell.pending.saturating_sub(1);
            (cell.pending, cell.return_exceptions, cell.caller.clone())
        };
        if let Some(caller) = caller
            && futures::exact(child, vm).is_none()
        {
            awaited::discard(child, &caller, vm)?;
        }
        let future = Self::future(zelf);
        let end = end_of(child, vm)?;
        if future.is_done() {
            return Ok(());
        }
        if !return_exceptions {
            match end {
                End::Cancelled => return Future::fail(future, cancelled_error(child, vm)?, vm),
                End::Raised(error) => return Future::fail(future, error, vm),
                End::Returned(_) => {}
            }
        }
        if pending > 0 {
            return Ok(());
        }
        let (children, is_cancelled) = {
            let cell = zelf.cell.lock();
            (cell.children.clone(), cell.is_cancelled)
        };
        let results = children.iter().map(|child| result_of(child, vm));
        let results = results.collect::<PyResult<Vec<_>>>()?;
        match children.last().filter(|_| is_cancelled) {
            // Whatever `return_exceptions` says.
            Some(last) => Future::fail(future, cancelled_error(last, vm)?, vm),
            None => Future::resolve(future, vm.ctx.new_list(results).into(), vm),
        }
    }
}

/// A child's place in the list of results.
fn result_of(child: &PyObject, vm: &VirtualMachine) -> PyResult {
    Ok(match end_of(child, vm)? {
        End::Returned(result) => result,
        End::Raised(error) => error.into(),
        End::Cancelled => {
            let message = child.get_attr("_cancel_message", vm)?;
            let message = if vm.is_none(&message) { vm.ctx.new_str("").into() } else { message };
            vm.new_exception(names(vm)?.cancelled_error.clone(), vec![message]).into()
        }
    })
}

/// What `gather` adds to children that are not ours.
#[pyclass(module = "_asyncio", name = "GatherCallback", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct ChildDone {
    gathering: PyRef<Gathering>,
}

impl Callable for ChildDone {
    type Args = (PyObjectRef,);

    fn call(zelf: &Py<Self>, (child,): Self::Args, vm: &VirtualMachine) -> PyResult {
        Gathering::child_done(&zelf.gathering, &child, vm).map(|()| vm.ctx.none())
    }
}

#[pyclass(with(Callable))]
impl ChildDone {
    #[pygetset]
    fn __qualname__(_zelf: &Py<Self>) -> &'static str {
        "gather.<locals>._done_callback"
    }
}

/// `asyncio.gather(*awaitables, return_exceptions=False)`.
pub(super) fn call(args: &FuncArgs, vm: &VirtualMachine) -> Option<PyResult> {
    let return_exceptions = match args.kwargs.len() {
        0 => None,
        1 => Some(args.kwargs.get("return_exceptions")?.clone()),
        _ => return None,
    };
    match names(vm).and_then(|names| names.tasks_are_ours(vm)) {
        Ok(true) => Some(gather(&args.args, return_exceptions, vm)),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    }
}

fn gather(
    awaitables: &[PyObjectRef],
    return_exceptions: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    let events = &names(vm)?.events;
    if awaitables.is_empty() {
        let owner = vm.call_method(events, "get_event_loop", ())?;
        let outer = futures::create(&owner, vm)?;
        vm.call_method(&outer, "set_result", (vm.ctx.new_list(Vec::new()),))?;
        return Ok(outer);
    }
    let running = vm.call_method(events, "_get_running_loop", ())?;
    let mut owner = Some(running).filter(|running| !vm.is_none(running));
    let caller = owner.as_ref().and_then(|owner| current_task(owner, vm));
    let known = PyDict::default().into_ref(&vm.ctx);
    let mut children = Vec::with_capacity(awaitables.len());
    let (mut done, mut pending) = (Vec::new(), Vec::new());
    for awaitable in awaitables {
        if let Some(child) = known.get_item_opt(&**awaitable, vm)? {
            children.push(child);
            continue;
        }
        let child = ensure_future(awaitable, owner.as_ref(), vm)?;
        if owner.is_none() {
            owner = Some(match futures::exact(&child, vm) {
                Some(future) => future.owner(vm)?,
                None => {
                    let module = futures::module("asyncio.futures", vm)?;
                    vm.call_method(&module, "_get_loop", (child.clone(),))?
                }
            });
        }
        if !child.is(awaitable) && futures::exact(&child, vm).is_none() {
            child.set_attr("_log_destroy_pending", vm.ctx.new_bool(false), vm)?;
        }
        known.set_item(&**awaitable, child.clone(), vm)?;
        let is_done = match futures::exact(&child, vm) {
            Some(future) => future.is_done(),
            None => vm.call_method(&child, "done", ())?.try_to_bool(vm)?,
        };
        if is_done { &mut done } else { &mut pending }.push(child.clone());
        children.push(child);
    }
    let owner = owner.unwrap_or_else(|| vm.ctx.none());
    let cell = Cell {
        children,
        pending: done.len() + pending.len(),
        return_exceptions: match return_exceptions {
            Some(flag) => flag.try_to_bool(vm)?,
            None => false,
        },
        is_cancelled: false,
        caller: caller.clone(),
    };
    let outer = Gathering { base: Future::default(), cell: PyMutex::new(cell) };
    let outer = PyRef::new_ref(outer, Gathering::class(&vm.ctx).to_owned(), None);
    Future::begin(Gathering::future(&outer), owner, vm)?;
    for child in pending {
        if let Some(future) = futures::exact(&child, vm) {
            Future::wait(future, Waiter::Gather(outer.clone()), vm)?;
            continue;
        }
        if let Some(caller) = &caller {
            awaited::add(&child, caller, vm)?;
        }
        let callback = Gathering::child_done_method(&outer, vm);
        vm.call_method(&child, "add_done_callback", (callback,))?;
    }
    for child in done {
        Gathering::child_done(&outer, &child, vm)?;
    }
    Ok(outer.into())
}

/// As `asyncio.ensure_future`.
fn ensure_future(
    awaitable: &PyObject,
    owner: Option<&PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    if let Some(future) = futures::exact(awaitable, vm) {
        if let Some(owner) = owner
            && !future.owner(vm)?.is(owner)
        {
            return Err(vm.new_value_error(
                "The future belongs to a different loop than the one specified as the loop argument",
            ));
        }
        return Ok(awaitable.to_owned());
    }
    if let Some(core) = owner.and_then(|owner| LoopCore::plain(owner))
        && is_native_coroutine(awaitable, vm)
        && core.makes_plain_tasks(vm)?
    {
        let options = Options { is_expendable: true, ..Options::default() };
        return Ok(Task::spawn(core, awaitable.to_owned(), options, vm)?.into());
    }
    let module = futures::module("asyncio.tasks", vm)?;
    let function = module.get_attr("ensure_future", vm)?;
    let owner = owner.cloned().unwrap_or_else(|| vm.ctx.none());
    let task = function
        .call(FuncArgs::new(vec![awaitable.to_owned()], futures::keyword("loop", owner)), vm)?;
    if let Some(task) = task.downcast_ref::<Task>().filter(|task| !task.as_object().is(awaitable)) {
        task.make_expendable();
    }
    Ok(task)
}
