//! `_queue.SimpleQueue`, of which executors are made: each thread that waits for an item waits on
//! a lock of its own, so that signals, deadlines and both clocks work as for any lock.

use super::core::Core;
use rustpython_vm::PyObjectRef;
use rustpython_vm::object::{Traverse, TraverseFn};
use std::collections::VecDeque;
use std::sync::Arc;

/// The items, and the locks of the threads that wait for one, oldest first.
#[derive(Debug, Default)]
struct State {
    items: VecDeque<PyObjectRef>,
    waiting: VecDeque<Arc<Core>>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for State {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.items.iter().for_each(|item| visit(item));
    }
}

#[rustpython_vm::pymodule(name = "_queue")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
pub(super) mod _queue {
    use super::{Arc, Core, State};
    use crate::clock;
    use crate::threads::baton;
    use crate::threads::core::Hold;
    use rustpython_vm::builtins::{PyBaseExceptionRef, PyGenericAlias, PyType, PyTypeRef};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::function::TimeoutSeconds;
    use rustpython_vm::types::{Constructor, Representable};
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyResult, Traverse, VirtualMachine, pyclass,
    };

    /// Simple, unbounded, reentrant FIFO queue.
    #[pyattr]
    #[pyclass(module = "_queue", name = "SimpleQueue", traverse)]
    #[derive(Debug, PyPayload)]
    pub struct SimpleQueue {
        state: PyMutex<State>,
    }

    #[derive(FromArgs)]
    struct PutArgs {
        #[pyarg(any)]
        item: PyObjectRef,
        #[pyarg(any, name = "block", default = true)]
        _block: bool,
        #[pyarg(any, name = "timeout", optional)]
        _timeout: Option<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct ItemArgs {
        #[pyarg(any)]
        item: PyObjectRef,
    }

    #[derive(FromArgs)]
    struct GetArgs {
        #[pyarg(any, default = true)]
        block: bool,
        #[pyarg(any, optional)]
        timeout: Option<TimeoutSeconds>,
    }

    fn empty(vm: &VirtualMachine) -> PyBaseExceptionRef {
        match vm.try_class("_queue", "Empty") {
            Ok(class) => vm.new_exception_empty(class),
            Err(error) => error,
        }
    }

    impl Constructor for SimpleQueue {
        type Args = ();

        fn py_new(_class: &Py<PyType>, (): Self::Args, _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self { state: PyMutex::new(State::default()) })
        }
    }

    impl Representable for SimpleQueue {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(format!("<_queue.SimpleQueue object at {:#x}>", zelf.get_id()))
        }
    }

    #[pyclass(with(Constructor, Representable), flags(BASETYPE, HAS_WEAKREF))]
    impl SimpleQueue {
        fn push(zelf: &Py<Self>, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
            let mut state = zelf.state.lock();
            state.items.push_back(item);
            let waiter = state.waiting.pop_front();
            drop(state);
            if let Some(waiter) = waiter {
                waiter.release();
            }
            baton::point(vm)
        }

        /// Put the item on the queue. Never blocks; the other arguments are those of Queue.put.
        #[pymethod]
        fn put(zelf: &Py<Self>, args: PutArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::push(zelf, args.item, vm)
        }

        /// Put an item into the queue without blocking.
        #[pymethod]
        fn put_nowait(zelf: &Py<Self>, args: ItemArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::push(zelf, args.item, vm)
        }

        /// Remove and return an item; waits for one if `block` is true, at most `timeout` seconds,
        /// and then raises Empty.
        #[pymethod]
        fn get(zelf: &Py<Self>, args: GetArgs, vm: &VirtualMachine) -> PyResult {
            let seconds = args.timeout.filter(|_| args.block).map(|timeout| timeout.to_secs_f64());
            if seconds.is_some_and(|seconds| seconds < 0.0) {
                return Err(vm.new_value_error("'timeout' must be a non-negative number"));
            }
            let limit = seconds.map(|s| clock::now().saturating_add(clock::nanos(s)));
            baton::point(vm)?;
            let mut again = false;
            loop {
                let mut state = zelf.state.lock();
                if let Some(item) = state.items.pop_front() {
                    return Ok(item);
                }
                if !args.block {
                    return Err(empty(vm));
                }
                let signal = Core::new();
                signal.adopt(0);
                // Who was woken for an item that another took keeps its place.
                let place = if again { 0 } else { state.waiting.len() };
                state.waiting.insert(place, Arc::clone(&signal));
                drop(state);
                let label = || format!("an item of <SimpleQueue at {:#x}>", zelf.get_id());
                let outcome = signal.wait(limit, Hold::Call, &label, vm);
                if matches!(outcome, Ok(true)) {
                    again = true;
                    continue;
                }
                Self::give_up(zelf, &signal);
                outcome?;
                let item = zelf.state.lock().items.pop_front();
                return item.ok_or_else(|| empty(vm));
            }
        }

        /// Takes a waiter out. If it was called meanwhile, the next one is called instead.
        fn give_up(zelf: &Py<Self>, signal: &Arc<Core>) {
            let mut state = zelf.state.lock();
            let before = state.waiting.len();
            state.waiting.retain(|other| !Arc::ptr_eq(other, signal));
            let called = state.waiting.len() == before && !state.items.is_empty();
            let next = if called { state.waiting.pop_front() } else { None };
            drop(state);
            if let Some(next) = next {
                next.release();
            }
        }

        /// Remove and return an item from the queue without blocking; raises Empty without one.
        #[pymethod]
        fn get_nowait(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            Self::get(zelf, GetArgs { block: false, timeout: None }, vm)
        }

        /// Return True if the queue is empty (unreliable: others may put and get meanwhile).
        #[pymethod]
        fn empty(zelf: &Py<Self>) -> bool {
            zelf.state.lock().items.is_empty()
        }

        /// Return the approximate size of the queue (unreliable, as `empty`).
        #[pymethod]
        fn qsize(zelf: &Py<Self>) -> usize {
            zelf.state.lock().items.len()
        }

        #[pyclassmethod]
        fn __class_getitem__(
            class: PyTypeRef,
            item: PyObjectRef,
            vm: &VirtualMachine,
        ) -> PyResult<PyGenericAlias> {
            PyGenericAlias::from_args(class, item, vm)
        }
    }
}
