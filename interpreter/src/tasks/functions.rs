//! The module: its functions, and what it does at import and fork.

use crate::futures::{self, names};
use rustpython_vm::{PyResult, VirtualMachine};

/// The running loop, else the one of the thread's policy.
pub(crate) fn get_event_loop(vm: &VirtualMachine) -> PyResult {
    if let Some(running) = vm.asyncio_running_loop.borrow().clone() {
        return Ok(running);
    }
    let policy = vm.call_method(&names(vm)?.events, "_get_event_loop_policy", ())?;
    vm.call_method(&policy, "get_event_loop", ())
}

#[rustpython_vm::pymodule(name = "_asyncio")]
pub(crate) mod _asyncio {
    use super::futures::{self, Future, FutureIter, awaited};
    use crate::tasks::gather::{self, ChildDone, Gathering};
    use crate::tasks::object::{StepMethod, WakeupMethod};
    use crate::tasks::sleep::{self, Sleep};
    use crate::tasks::{Task, registry};
    use rustpython_vm::builtins::{PyModule, PySet};
    use rustpython_vm::class::{PyClassImpl, StaticType};
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    };

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        let future = Future::make_static_type();
        let task = Task::make_static_type();
        for class in [FutureIter::make_static_type(), StepMethod::make_static_type()] {
            drop(class);
        }
        for class in [WakeupMethod::make_static_type(), futures::NativeCallback::make_static_type()]
        {
            drop(class);
        }
        for class in [Gathering::make_static_type(), ChildDone::make_static_type()] {
            drop(class);
        }
        for class in [Sleep::make_static_type(), sleep::Function::make_static_type()] {
            drop(class);
        }
        // Most objects have nothing to say at their end, so that nobody need be asked.
        Future::static_type().slots.del_needed.store(Some(Future::is_unread));
        Gathering::static_type().slots.del_needed.store(Some(Future::is_unread));
        Task::static_type().slots.del_needed.store(Some(Task::is_worth_a_word));
        Sleep::static_type().slots.del_needed.store(Some(Sleep::was_never_awaited));
        let weakref = vm.import("weakref", 0)?;
        rustpython_vm::extend_module!(vm, module, {
            "Future" => future,
            "Task" => task,
            "_GatheringFuture" => Gathering::static_type().to_owned(),
            "_scheduled_tasks" => vm.call_method(&weakref, "WeakSet", ())?,
            "_eager_tasks" => PySet::default().into_ref(&vm.ctx),
        });
        let on_fork = module.as_object().get_attr("_on_fork", vm)?;
        vm.state.after_forkers_child.lock().push(on_fork);
        // The rest of asyncio is about to be imported: `sleep` and `gather` are put there.
        let natives = vm.import("cellist.natives", 0)?.get_attr("natives", vm)?;
        vm.call_method(&natives, "watch", ()).map(drop)
    }

    #[derive(FromArgs)]
    struct OptionalLoop {
        #[pyarg(any, name = "loop", optional)]
        owner: Option<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct LoopAndTask {
        #[pyarg(any, name = "loop")]
        owner: PyObjectRef,
        #[pyarg(any)]
        task: PyObjectRef,
    }

    #[derive(FromArgs)]
    struct OneTask {
        #[pyarg(any)]
        task: PyObjectRef,
    }

    impl OptionalLoop {
        fn or_running(self, vm: &VirtualMachine) -> PyResult {
            match self.owner.filter(|owner| !vm.is_none(owner)) {
                Some(owner) => Ok(owner),
                None => get_running_loop(vm),
            }
        }
    }

    #[pyfunction]
    fn _get_running_loop(vm: &VirtualMachine) -> Option<PyObjectRef> {
        vm.asyncio_running_loop.borrow().clone()
    }

    #[pyfunction]
    fn _set_running_loop(owner: Option<PyObjectRef>, vm: &VirtualMachine) {
        let before = vm.asyncio_running_loop.replace(owner);
        drop(before);
    }

    #[pyfunction]
    fn get_running_loop(vm: &VirtualMachine) -> PyResult {
        let running = vm.asyncio_running_loop.borrow().clone();
        running.ok_or_else(|| vm.new_runtime_error("no running event loop"))
    }

    #[pyfunction]
    fn get_event_loop(vm: &VirtualMachine) -> PyResult {
        super::get_event_loop(vm)
    }

    /// Return a currently executed task.
    #[pyfunction]
    fn current_task(args: OptionalLoop, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        let owner = args.or_running(vm)?;
        Ok(super::current_task(&owner, vm))
    }

    /// Return a set of all tasks for the loop.
    #[pyfunction]
    fn all_tasks(args: OptionalLoop, vm: &VirtualMachine) -> PyResult<PyRef<PySet>> {
        let owner = args.or_running(vm)?;
        let set = PySet::default().into_ref(&vm.ctx);
        for task in registry::all() {
            let Some(future) = task.downcast_ref::<Future>() else { continue };
            if !future.is_done() && future.owner(vm)?.is(&owner) {
                set.add(task, vm)?;
            }
        }
        let module = futures::module("_asyncio", vm)?;
        for kind in ["_scheduled_tasks", "_eager_tasks"] {
            let foreign = vm.ctx.new_list(Vec::new());
            vm.call_method(foreign.as_object(), "extend", (module.get_attr(kind, vm)?,))?;
            for task in foreign.borrow_vec().to_vec() {
                if is_pending_in(&task, &owner, vm)? {
                    set.add(task, vm)?;
                }
            }
        }
        Ok(set)
    }

    fn is_pending_in(task: &PyObject, owner: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
        let its = match vm.get_attribute_opt(task, "get_loop")? {
            Some(get_loop) => get_loop.call((), vm)?,
            None => task.get_attr("_loop", vm)?,
        };
        Ok(its.is(owner) && !vm.call_method(task, "done", ())?.try_to_bool(vm)?)
    }

    fn foreign(
        kind: &'static str,
        method: &'static str,
        task: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let set = futures::module("_asyncio", vm)?.get_attr(kind, vm)?;
        vm.call_method(&set, method, (task,)).map(drop)
    }

    #[pyfunction]
    fn _register_task(args: OneTask, vm: &VirtualMachine) -> PyResult<()> {
        match args.task.downcast_ref::<Task>() {
            Some(task) => Task::register(task),
            None => foreign("_scheduled_tasks", "add", args.task, vm)?,
        }
        Ok(())
    }

    #[pyfunction]
    fn _unregister_task(args: OneTask, vm: &VirtualMachine) -> PyResult<()> {
        match args.task.downcast_ref::<Task>() {
            Some(task) => task.unregister(),
            None => foreign("_scheduled_tasks", "discard", args.task, vm)?,
        }
        Ok(())
    }

    #[pyfunction]
    fn _register_eager_task(args: OneTask, vm: &VirtualMachine) -> PyResult<()> {
        foreign("_eager_tasks", "add", args.task, vm)
    }

    #[pyfunction]
    fn _unregister_eager_task(args: OneTask, vm: &VirtualMachine) -> PyResult<()> {
        foreign("_eager_tasks", "discard", args.task, vm)
    }

    #[pyfunction]
    fn _enter_task(args: LoopAndTask, vm: &VirtualMachine) -> PyResult<()> {
        registry::enter(&args.owner, &args.task, vm)
    }

    #[pyfunction]
    fn _leave_task(args: LoopAndTask, vm: &VirtualMachine) -> PyResult<()> {
        registry::leave(&args.task, vm)
    }

    #[pyfunction]
    fn _swap_current_task(args: LoopAndTask, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let task = Some(args.task).filter(|task| !vm.is_none(task));
        registry::swap(&args.owner, task)
    }

    /// A forked child has none of its parent's tasks running.
    #[pyfunction]
    fn _on_fork(vm: &VirtualMachine) {
        let before = vm.asyncio_running_loop.replace(None);
        drop(before);
        drop(registry::swap(&vm.ctx.none(), None));
    }

    /// Record that `fut` is awaited on by `waiter`.
    #[pyfunction]
    fn future_add_to_awaited_by(
        fut: PyObjectRef,
        waiter: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        awaited::add(&fut, &waiter, vm)
    }

    /// Record that `fut` is no longer awaited on by `waiter`.
    #[pyfunction]
    fn future_discard_from_awaited_by(
        fut: PyObjectRef,
        waiter: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        awaited::discard(&fut, &waiter, vm)
    }

    /// `asyncio.sleep` in Rust; `stock` is the one in Python.
    #[pyfunction]
    fn _sleep(stock: PyObjectRef) -> sleep::Function {
        sleep::Function::new(stock, sleep::call)
    }

    /// `asyncio.gather` in Rust; `stock` is the one in Python.
    #[pyfunction]
    fn _gather(stock: PyObjectRef) -> sleep::Function {
        sleep::Function::new(stock, gather::call)
    }
}

/// The task that runs in `owner`.
pub(super) fn current_task(
    owner: &rustpython_vm::PyObject,
    vm: &VirtualMachine,
) -> Option<rustpython_vm::PyObjectRef> {
    use super::registry;
    use rustpython_vm::AsObject;
    let runs_here = vm.asyncio_running_loop.borrow().as_ref().is_some_and(|here| here.is(owner));
    if runs_here { registry::running() } else { registry::running_in(owner) }
}
