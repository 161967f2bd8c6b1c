//! An ordered store that Python code may look into.

use super::wake;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::collections::VecDeque;

/// Items of a queue, or the futures of tasks that wait: first come, first served.
///
/// Kept in Rust until Python code asks for it, by an attribute like `_queue` or `_waiters`, and from
/// then on in a `collections.deque` that both sides use.
#[derive(Debug)]
pub(super) struct Line(PyMutex<Store>);

#[derive(Debug)]
enum Store {
    Ours(VecDeque<PyObjectRef>),
    Theirs(PyObjectRef),
}

/// What came of adding an item.
pub(super) enum Offer {
    Taken,
    Full(PyObjectRef),
    /// Python's own object holds the items.
    Theirs(PyObjectRef, PyObjectRef),
}

/// What came of taking an item.
pub(super) enum Poll {
    Item(PyObjectRef),
    Empty,
    /// Python's own object holds the items.
    Theirs(PyObjectRef),
}

impl Default for Line {
    fn default() -> Self {
        Self(PyMutex::new(Store::Ours(VecDeque::new())))
    }
}

impl Line {
    /// Adds `item` unless `limit` are there already.
    pub(super) fn offer(&self, item: PyObjectRef, limit: usize) -> Offer {
        match &mut *self.0.lock() {
            Store::Ours(items) if items.len() >= limit => Offer::Full(item),
            Store::Ours(items) => {
                items.push_back(item);
                Offer::Taken
            }
            Store::Theirs(object) => Offer::Theirs(object.clone(), item),
        }
    }

    /// Takes the first, or with `last` the last.
    pub(super) fn poll(&self, last: bool) -> Poll {
        match &mut *self.0.lock() {
            Store::Ours(items) => {
                let item = if last { items.pop_back() } else { items.pop_front() };
                item.map_or(Poll::Empty, Poll::Item)
            }
            Store::Theirs(object) => Poll::Theirs(object.clone()),
        }
    }

    pub(super) fn push(&self, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        match self.offer(item, usize::MAX) {
            Offer::Theirs(object, item) => vm.call_method(&object, "append", (item,)).map(drop),
            Offer::Taken | Offer::Full(_) => Ok(()),
        }
    }

    pub(super) fn pop(&self, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        match self.poll(false) {
            Poll::Item(item) => Ok(Some(item)),
            Poll::Theirs(object) if object.length(vm)? > 0 => {
                vm.call_method(&object, "popleft", ()).map(Some)
            }
            Poll::Theirs(_) | Poll::Empty => Ok(None),
        }
    }

    /// Takes out the first that is or equals `item`; whether it was there.
    pub(super) fn remove(&self, item: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
        let mut store = self.0.lock();
        let object = match &mut *store {
            Store::Ours(items) => {
                let found = items.iter().position(|other| other.is(item));
                let removed = found.and_then(|index| items.remove(index));
                drop(store);
                return Ok(removed.is_some());
            }
            Store::Theirs(object) => object.clone(),
        };
        drop(store);
        match vm.call_method(&object, "remove", (item.to_owned(),)) {
            Ok(_) => Ok(true),
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.value_error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn len(&self, vm: &VirtualMachine) -> PyResult<usize> {
        let object = match &*self.0.lock() {
            Store::Ours(items) => return Ok(items.len()),
            Store::Theirs(object) => object.clone(),
        };
        object.length(vm)
    }

    /// Everything, in order, as it is at this moment.
    pub(super) fn all(&self, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let object = match &*self.0.lock() {
            Store::Ours(items) => return Ok(items.iter().cloned().collect()),
            Store::Theirs(object) => object.clone(),
        };
        vm.extract_elements_with(&object, Ok)
    }

    /// Wakes the first future that is not done, taking it and those before it out.
    pub(super) fn wake_next(&self, vm: &VirtualMachine) -> PyResult<()> {
        while let Some(future) = self.pop(vm)? {
            if wake(&future, vm.ctx.none(), vm)? {
                break;
            }
        }
        Ok(())
    }

    /// The `collections.deque` (with `list`, the list) that holds everything from now on.
    pub(super) fn object(&self, list: bool, vm: &VirtualMachine) -> PyResult {
        if let Store::Theirs(object) = &*self.0.lock() {
            return Ok(object.clone());
        }
        let object: PyObjectRef = if list {
            vm.ctx.new_list(Vec::new()).into()
        } else {
            vm.import("_collections", 0)?.get_attr("deque", vm)?.call((), vm)?
        };
        let items = match std::mem::replace(&mut *self.0.lock(), Store::Theirs(object.clone())) {
            Store::Ours(items) => items,
            // Another thread was faster: its object stays.
            Store::Theirs(theirs) => {
                self.set(Some(theirs.clone()));
                return Ok(theirs);
            }
        };
        let items = vm.ctx.new_list(items.into());
        vm.call_method(&object, "extend", (items,))?;
        Ok(object)
    }

    /// From now on `object` holds everything; with None, nothing is there.
    pub(super) fn set(&self, object: Option<PyObjectRef>) {
        self.put(object.map_or_else(|| Store::Ours(VecDeque::new()), Store::Theirs));
    }

    fn put(&self, store: Store) {
        let old = std::mem::replace(&mut *self.0.lock(), store);
        // After the lock is free: it may run Python code.
        drop(old);
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited once, and none is cloned.
unsafe impl Traverse for Store {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        match self {
            Self::Ours(items) => items.iter().for_each(|item| visit(item.as_object())),
            Self::Theirs(object) => visit(object.as_object()),
        }
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: as above.
unsafe impl Traverse for Line {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.0.traverse(visit);
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        match std::mem::replace(self.0.get_mut(), Store::Ours(VecDeque::new())) {
            Store::Ours(items) => out.extend(items),
            Store::Theirs(object) => out.push(object),
        }
    }
}
