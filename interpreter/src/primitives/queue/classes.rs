//! What Python code sees.

use super::super::coroutine::Coroutine;
use super::super::lock::Event;
use super::super::waiting::{Home, Homed};
use super::super::{argument, inherits};
use super::routines::{GET, JOIN, PUT};
use super::{Line, Order, Queue, queue_error};
use rustpython_vm::builtins::{PyGenericAlias, PyStrRef, PyType, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer, Representable};
use rustpython_vm::{
    AsObject, FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    pyclass,
};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

/// What `put()` and `get()` call that a derived class may override.
const HOOKS: [&str; 8] =
    ["_init", "_put", "_get", "full", "empty", "qsize", "put_nowait", "get_nowait"];

#[derive(FromArgs)]
struct Item {
    #[pyarg(any)]
    item: PyObjectRef,
}

#[derive(FromArgs)]
struct Shutdown {
    #[pyarg(any, default = false)]
    immediate: bool,
}

impl Constructor for Queue {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let (last, least) = (LifoQueue::class(&vm.ctx), PriorityQueue::class(&vm.ctx));
        let order = match class {
            class if class.fast_issubclass(last) => Order::Last,
            class if class.fast_issubclass(least) => Order::Least,
            _ => Order::First,
        };
        let finished = super::super::asyncio("locks", vm)?.get_attr("Event", vm)?.call((), vm)?;
        let finished: PyRef<Event> = finished.try_into_value(vm)?;
        Event::set(&finished, vm)?;
        let queue = Self {
            order,
            plain: inherits(class, Self::class(&vm.ctx), &HOOKS, vm),
            items: Line::default(),
            getters: Line::default(),
            putters: Line::default(),
            maxsize: PyMutex::new(vm.ctx.new_int(0).into()),
            limit: AtomicUsize::new(usize::MAX),
            unfinished: AtomicI64::new(0),
            finished: PyMutex::new(finished),
            shut: AtomicBool::new(false),
            home: Home::default(),
        };
        queue.begin_empty(vm);
        Ok(queue)
    }
}

impl Initializer for Queue {
    type Args = FuncArgs;

    fn init(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let maxsize = argument(args, &zelf.class().name(), "maxsize", vm)?;
        let maxsize = maxsize.unwrap_or_else(|| vm.ctx.new_int(0).into());
        zelf.set_maxsize(maxsize.clone(), vm)?;
        if !zelf.plain {
            vm.call_method(zelf.as_object(), "_init", (maxsize,))?;
        }
        Ok(())
    }
}

impl Representable for Queue {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let format = vm.call_method(zelf.as_object(), "_format", ())?.str(vm)?;
        Ok(format!("<{} at {:#x} {format}>", zelf.class().name(), zelf.get_id()))
    }
}

#[pyclass(
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF),
    with(Constructor, Initializer, Representable, Homed)
)]
impl Queue {
    // Waiting

    /// Puts an item in, waiting for room. Raises QueueShutDown after `shutdown()`.
    #[pymethod]
    fn put(zelf: PyRef<Self>, Item { item }: Item) -> Coroutine {
        Coroutine::new(&PUT, zelf.into(), Some(item))
    }

    /// Takes the next item out, waiting for one. Raises QueueShutDown when there will be none.
    #[pymethod]
    fn get(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&GET, zelf.into(), None)
    }

    /// Waits until `task_done()` was called for every item that was put in.
    #[pymethod]
    fn join(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&JOIN, zelf.into(), None)
    }

    // Not waiting

    /// Puts an item in, or raises QueueFull, or QueueShutDown after `shutdown()`.
    #[pymethod]
    fn put_nowait(zelf: &Py<Self>, Item { item }: Item, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.is_shut() {
            return Err(queue_error("QueueShutDown", vm));
        }
        if zelf.plain {
            return match zelf.add(item, vm)? {
                Some(_) => Err(queue_error("QueueFull", vm)),
                None => Ok(()),
            };
        }
        if Self::seems_full(zelf, vm)? {
            return Err(queue_error("QueueFull", vm));
        }
        vm.call_method(zelf.as_object(), "_put", (item,))?;
        zelf.was_added(vm)
    }

    /// Takes the next item out, or raises QueueEmpty, or QueueShutDown when there will be none.
    #[pymethod]
    fn get_nowait(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let item = if zelf.plain {
            zelf.take(vm)?
        } else if Self::seems_empty(zelf, vm)? {
            None
        } else {
            Some(vm.call_method(zelf.as_object(), "_get", ())?)
        };
        let Some(item) = item else {
            let name = if zelf.is_shut() { "QueueShutDown" } else { "QueueEmpty" };
            return Err(queue_error(name, vm));
        };
        zelf.putters.wake_next(vm)?;
        Ok(item)
    }

    /// Says that the work on one item is finished; for the last one, `join()` goes on.
    #[pymethod]
    fn task_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let less = |count| (count > 0).then(|| count - 1);
        match zelf.unfinished.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Err(_) => Err(vm.new_value_error("task_done() called too many times")),
            Ok(1) => Event::set(&zelf.finished(), vm),
            Ok(_) => Ok(()),
        }
    }

    /// Lets nothing more in, and wakes all who wait. With `immediate` what is in it is lost, and
    /// counts as finished; else it can still be taken out.
    #[pymethod]
    fn shutdown(zelf: &Py<Self>, args: Shutdown, vm: &VirtualMachine) -> PyResult<()> {
        zelf.shut.store(true, Ordering::SeqCst);
        if args.immediate {
            while !Self::seems_empty(zelf, vm)? {
                vm.call_method(zelf.as_object(), "_get", ())?;
                let less = |count| (count > 0).then(|| count - 1);
                let _ = zelf.unfinished.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
            }
            if zelf.unfinished.load(Ordering::SeqCst) == 0 {
                Event::set(&zelf.finished(), vm)?;
            }
        }
        for waiters in [&zelf.getters, &zelf.putters] {
            while let Some(future) = waiters.pop(vm)? {
                super::super::wake(&future, vm.ctx.none(), vm)?;
            }
        }
        Ok(())
    }

    /// How many items are in it.
    #[pymethod]
    fn qsize(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<usize> {
        zelf.size(vm)
    }

    /// Whether nothing is in it.
    #[pymethod]
    fn empty(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        Ok(zelf.size(vm)? == 0)
    }

    /// Whether `maxsize` items are in it.
    #[pymethod]
    fn full(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        if zelf.plain {
            return zelf.is_full(vm);
        }
        let limit = zelf.limit.load(Ordering::Relaxed);
        if limit == usize::MAX {
            return Ok(false);
        }
        let size: usize = vm.call_method(zelf.as_object(), "qsize", ())?.try_into_value(vm)?;
        Ok(size >= limit)
    }

    /// How many items it has room for; 0 or less: any number.
    #[pygetset]
    fn maxsize(zelf: &Py<Self>) -> PyObjectRef {
        zelf.maxsize.lock().clone()
    }

    // What derived classes override

    #[pymethod]
    fn _init(zelf: &Py<Self>, _maxsize: PyObjectRef, vm: &VirtualMachine) {
        zelf.begin_empty(vm);
    }

    #[pymethod]
    fn _put(zelf: &Py<Self>, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        match zelf.items.offer(item, usize::MAX) {
            super::Offer::Theirs(object, item) => zelf.add_to(&object, item, vm),
            super::Offer::Taken | super::Offer::Full(_) => Ok(()),
        }
    }

    #[pymethod]
    fn _get(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        match zelf.take(vm)? {
            Some(item) => Ok(item),
            None => Err(vm.new_index_error("pop from an empty deque")),
        }
    }

    #[pymethod]
    fn _format(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        zelf.format(vm)
    }

    #[pymethod]
    fn _wakeup_next(_zelf: &Py<Self>, waiters: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let line = Line::default();
        line.set(Some(waiters));
        line.wake_next(vm)
    }

    #[pyslot]
    fn slot_str(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyStrRef> {
        let format = vm.call_method(zelf, "_format", ())?.str(vm)?;
        Ok(vm.ctx.new_str(format!("<{} {format}>", zelf.class().name())))
    }

    #[pyclassmethod]
    fn __class_getitem__(
        class: PyTypeRef,
        arguments: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyGenericAlias> {
        PyGenericAlias::from_args(class, arguments, vm)
    }

    // Names that begin with an underscore, which tests and derived classes use all the same

    #[pygetset]
    fn _queue(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.object(vm)
    }

    #[pygetset(setter)]
    fn set__queue(zelf: &Py<Self>, value: PyObjectRef) {
        zelf.items.set(Some(value));
    }

    #[pygetset]
    fn _getters(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.getters.object(false, vm)
    }

    #[pygetset(setter)]
    fn set__getters(zelf: &Py<Self>, value: PyObjectRef) {
        zelf.getters.set(Some(value));
    }

    #[pygetset]
    fn _putters(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.putters.object(false, vm)
    }

    #[pygetset(setter)]
    fn set__putters(zelf: &Py<Self>, value: PyObjectRef) {
        zelf.putters.set(Some(value));
    }

    #[pygetset]
    fn _maxsize(zelf: &Py<Self>) -> PyObjectRef {
        Self::maxsize(zelf)
    }

    #[pygetset(setter)]
    fn set__maxsize(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.set_maxsize(value, vm)
    }

    #[pygetset]
    fn _unfinished_tasks(zelf: &Py<Self>) -> i64 {
        zelf.unfinished.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__unfinished_tasks(zelf: &Py<Self>, value: i64) {
        zelf.unfinished.store(value, Ordering::SeqCst);
    }

    #[pygetset]
    fn _finished(zelf: &Py<Self>) -> PyRef<Event> {
        zelf.finished()
    }

    #[pygetset(setter)]
    fn set__finished(zelf: &Py<Self>, value: PyRef<Event>) {
        let old = std::mem::replace(&mut *zelf.finished.lock(), value);
        drop(old);
    }

    #[pygetset]
    fn _is_shutdown(zelf: &Py<Self>) -> bool {
        zelf.is_shut()
    }

    #[pygetset(setter)]
    fn set__is_shutdown(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        zelf.shut.store(value.try_to_bool(vm)?, Ordering::SeqCst);
        Ok(())
    }
}

/// A queue whose last item comes first.
#[pyclass(module = "asyncio.queues", name = "LifoQueue", base = Queue)]
#[derive(Debug)]
#[repr(transparent)]
pub(in super::super) struct LifoQueue(Queue);

#[pyclass(flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
impl LifoQueue {}

/// A queue whose least item comes first.
#[pyclass(module = "asyncio.queues", name = "PriorityQueue", base = Queue)]
#[derive(Debug)]
#[repr(transparent)]
pub(in super::super) struct PriorityQueue(Queue);

#[pyclass(flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
impl PriorityQueue {}
