//! `asyncio.Queue`, `asyncio.LifoQueue` and `asyncio.PriorityQueue`.

mod classes;
mod routines;

use super::line::{Line, Offer, Poll};
use super::lock::Event;
use super::waiting::{Home, Homed};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyFloat, PyInt, PyTypeRef};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

pub(super) use classes::{LifoQueue, PriorityQueue};

/// Which item comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    First,
    Last,
    Least,
}

/// A queue between tasks.
#[pyclass(module = "asyncio.queues", name = "Queue", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(super) struct Queue {
    order: Order,
    /// Nothing is overridden of what `put()` and `get()` use.
    plain: bool,
    items: Line,
    getters: Line,
    putters: Line,
    /// As it was given, and as a number of items.
    maxsize: PyMutex<PyObjectRef>,
    limit: AtomicUsize,
    /// Items that were put and not yet called done.
    unfinished: AtomicI64,
    /// Set when that is 0.
    finished: PyMutex<PyRef<Event>>,
    shut: AtomicBool,
    home: Home,
}

traverse!(Queue: items, getters, putters, maxsize, finished, home);

impl Homed for Queue {
    fn home(&self) -> &Home {
        &self.home
    }
}

fn queue_error(name: &'static str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = super::asyncio(name, vm).and_then(|class| {
        class.downcast::<rustpython_vm::builtins::PyType>().map_err(|class| {
            vm.new_type_error(format!("`asyncio.{name}` is {}, no class", class.class().name()))
        })
    });
    let class: PyTypeRef = match class {
        Ok(class) => class,
        Err(error) => return error,
    };
    vm.new_exception_empty(class)
}

/// `len(queue) >= maxsize` for every number of items from this on.
fn limit(maxsize: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    if let Some(float) = maxsize.downcast_ref::<PyFloat>() {
        let float = float.to_f64();
        return Ok(if float > 0.0 { float.ceil() as usize } else { usize::MAX });
    }
    let Some(int) = maxsize.downcast_ref::<PyInt>() else {
        return Err(vm.new_type_error(format!(
            "'<=' not supported between instances of '{}' and 'int'",
            maxsize.class().name()
        )));
    };
    // Too large for a `usize` is endless too.
    Ok(usize::try_from(int.as_bigint()).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX))
}

impl Queue {
    fn set_maxsize(&self, maxsize: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        self.limit.store(limit(&maxsize, vm)?, Ordering::Relaxed);
        let old = std::mem::replace(&mut *self.maxsize.lock(), maxsize);
        drop(old);
        Ok(())
    }

    fn finished(&self) -> PyRef<Event> {
        self.finished.lock().clone()
    }

    fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }

    /// Starts without items. `_queue` of a priority queue is a list from the start: `heapq`
    /// works on nothing else.
    fn begin_empty(&self, vm: &VirtualMachine) {
        let heap = (self.order == Order::Least).then(|| vm.ctx.new_list(Vec::new()).into());
        self.items.set(heap);
    }

    fn size(&self, vm: &VirtualMachine) -> PyResult<usize> {
        self.items.len(vm)
    }

    fn is_full(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let limit = self.limit.load(Ordering::Relaxed);
        Ok(limit != usize::MAX && self.size(vm)? >= limit)
    }

    /// Adds an item; gives it back when the queue is full.
    fn add(&self, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        let limit = self.limit.load(Ordering::Relaxed);
        match self.items.offer(item, limit) {
            Offer::Taken => {}
            Offer::Full(item) => return Ok(Some(item)),
            Offer::Theirs(object, item) => {
                if limit != usize::MAX && object.length(vm)? >= limit {
                    return Ok(Some(item));
                }
                self.add_to(&object, item, vm)?;
            }
        }
        self.was_added(vm)?;
        Ok(None)
    }

    /// One item more is unfinished, and somebody may wait for it.
    fn was_added(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.unfinished.fetch_add(1, Ordering::SeqCst) <= 0 {
            Event::clear(&self.finished());
        }
        self.getters.wake_next(vm)
    }

    fn add_to(&self, object: &PyObject, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        if self.order == Order::Least {
            let push = vm.import("heapq", 0)?.get_attr("heappush", vm)?;
            push.call((object.to_owned(), item), vm)?;
        } else {
            vm.call_method(object, "append", (item,))?;
        }
        Ok(())
    }

    /// Takes the next item, if any, without waking who waits to put one.
    fn take(&self, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        match self.items.poll(self.order == Order::Last) {
            Poll::Item(item) => Ok(Some(item)),
            Poll::Empty => Ok(None),
            Poll::Theirs(object) if object.length(vm)? == 0 => Ok(None),
            Poll::Theirs(object) => self.take_from(object, vm).map(Some),
        }
    }

    fn take_from(&self, object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        match self.order {
            Order::First => vm.call_method(&object, "popleft", ()),
            Order::Last => vm.call_method(&object, "pop", ()),
            Order::Least => vm.import("heapq", 0)?.get_attr("heappop", vm)?.call((object,), vm),
        }
    }

    fn object(&self, vm: &VirtualMachine) -> PyResult {
        self.items.object(self.order != Order::First, vm)
    }

    fn format(&self, vm: &VirtualMachine) -> PyResult<String> {
        let maxsize = self.maxsize.lock().clone();
        let mut text = format!("maxsize={}", maxsize.repr(vm)?);
        let items = self.items.all(vm)?;
        if !items.is_empty() {
            let list: PyObjectRef = vm.ctx.new_list(items).into();
            text += &format!(" _queue={}", list.repr(vm)?);
        }
        for (name, waiters) in [("_getters", &self.getters), ("_putters", &self.putters)] {
            let count = waiters.len(vm)?;
            if count > 0 {
                text += &format!(" {name}[{count}]");
            }
        }
        let unfinished = self.unfinished.load(Ordering::SeqCst);
        if unfinished != 0 {
            text += &format!(" tasks={unfinished}");
        }
        if self.is_shut() {
            text += " shutdown";
        }
        Ok(text)
    }
}

// What a derived class may override is called as a method.
impl Queue {
    fn ask(zelf: &Py<Self>, name: &'static str, vm: &VirtualMachine) -> PyResult<bool> {
        vm.call_method(zelf.as_object(), name, ())?.try_to_bool(vm)
    }

    fn seems_full(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        if zelf.plain { zelf.is_full(vm) } else { Self::ask(zelf, "full", vm) }
    }

    fn seems_empty(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        if zelf.plain { Ok(zelf.size(vm)? == 0) } else { Self::ask(zelf, "empty", vm) }
    }
}
