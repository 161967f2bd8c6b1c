//! All pending tasks, and which one runs on each thread.

use super::Task;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The pending tasks of the process, by address. A weak reference would be an object of its own
/// for each task; instead a task takes itself out before its memory goes.
struct Tasks {
    places: Vec<Place>,
    /// Places that are empty.
    free: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Place(*mut PyObject);

#[expect(unsafe_code, reason = "an address is only looked at under the lock")]
// SAFETY: what it points to is shared by all threads, and see `all`.
unsafe impl Send for Place {}

static TASKS: Mutex<Tasks> = Mutex::new(Tasks { places: Vec::new(), free: Vec::new() });

fn tasks() -> MutexGuard<'static, Tasks> {
    TASKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task's place in the registry: 0 is none.
#[derive(Debug, Default)]
pub(super) struct Entry(AtomicUsize);

impl Entry {
    /// Puts the task in, whose entry this is.
    pub(super) fn register(&self, task: &Py<Task>) {
        let mut tasks = tasks();
        if self.0.load(Ordering::Relaxed) != 0 {
            return;
        }
        let place = Place(task.as_object().as_raw().cast_mut());
        let at = match tasks.free.pop() {
            Some(at) => {
                tasks.places[at] = place;
                at
            }
            None => {
                tasks.places.push(place);
                tasks.places.len() - 1
            }
        };
        self.0.store(at + 1, Ordering::Relaxed);
    }

    /// Takes it out, if it is in.
    pub(super) fn unregister(&self) {
        if self.0.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut tasks = tasks();
        if let Some(at) = self.0.swap(0, Ordering::Relaxed).checked_sub(1) {
            tasks.places[at] = Place(std::ptr::null_mut());
            tasks.free.push(at);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.unregister();
    }
}

/// All tasks that are registered, of all loops.
#[expect(unsafe_code, reason = "references are made from addresses")]
pub(super) fn all() -> Vec<PyObjectRef> {
    let tasks = tasks();
    let places = tasks.places.iter().filter(|place| !place.0.is_null());
    // SAFETY: a task is freed after its entry was dropped, which waits for the lock that is held
    // here: the memory is there, and a task that is about to go has no reference count to raise.
    places.filter_map(|place| unsafe { PyObject::try_to_owned_from_ptr(place.0) }).collect()
}

/// The task that runs on a thread, and its loop.
#[derive(Default)]
struct Slot(Mutex<Option<(PyObjectRef, PyObjectRef)>>);

impl Slot {
    fn get(&self) -> MutexGuard<'_, Option<(PyObjectRef, PyObjectRef)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static SLOTS: Mutex<Vec<Weak<Slot>>> = Mutex::new(Vec::new());

thread_local! {
    static SLOT: Arc<Slot> = {
        let slot = Arc::new(Slot::default());
        let mut slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        slot
    };
}

/// Makes `task` the current one of this thread.
///
/// # Errors
/// `RuntimeError` when there is one.
pub(super) fn enter(owner: &PyObject, task: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let current = SLOT.with(|slot| {
        let mut slot = slot.get();
        match &*slot {
            Some((_, current)) => Some(current.clone()),
            None => {
                *slot = Some((owner.to_owned(), task.to_owned()));
                None
            }
        }
    });
    let Some(current) = current else { return Ok(()) };
    let (task, current) = (task.repr(vm)?, current.repr(vm)?);
    Err(vm.new_runtime_error(format!(
        "Cannot enter into task {} while another task {} is being executed.",
        task.as_wtf8(),
        current.as_wtf8()
    )))
}

/// Ends what [`enter`] began.
///
/// # Errors
/// `RuntimeError` when `task` is not the current one.
pub(super) fn leave(task: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let (left, current) = SLOT.with(|slot| {
        let mut slot = slot.get();
        match &*slot {
            Some((_, current)) if current.is(task) => (slot.take(), None),
            other => (None, other.as_ref().map(|(_, current)| current.clone())),
        }
    });
    if left.is_some() {
        return Ok(());
    }
    let current = current.unwrap_or_else(|| vm.ctx.none());
    let (task, current) = (task.repr(vm)?, current.repr(vm)?);
    Err(vm.new_runtime_error(format!(
        "Leaving task {} does not match the current task {}.",
        task.as_wtf8(),
        current.as_wtf8()
    )))
}

/// Makes `task` (or none) the current one of this thread; returns the one before.
pub(super) fn swap(owner: &PyObject, task: Option<PyObjectRef>) -> Option<PyObjectRef> {
    let next = task.map(|task| (owner.to_owned(), task));
    let before = SLOT.with(|slot| std::mem::replace(&mut *slot.get(), next));
    before.map(|(_, task)| task)
}

/// The task that runs on this thread.
pub(super) fn running() -> Option<PyObjectRef> {
    SLOT.with(|slot| slot.get().as_ref().map(|(_, task)| task.clone()))
}

/// The task that runs in `owner`, on whatever thread.
pub(super) fn running_in(owner: &PyObject) -> Option<PyObjectRef> {
    let slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    slots.iter().filter_map(Weak::upgrade).find_map(|slot| {
        let slot = slot.get();
        let found = slot.as_ref().filter(|(each, _)| each.is(owner));
        found.map(|(_, task)| task.clone())
    })
}
