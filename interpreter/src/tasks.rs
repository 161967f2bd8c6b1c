//! `_asyncio`: tasks in Rust, the registry of running and pending ones, `sleep` and `gather`.
//!
//! `CELLIST_STOCK_ASYNCIO=1` in the environment leaves all of it to RustPython's own modules.

mod functions;
mod gather;
mod object;
mod registry;
mod sleep;
mod step;

use crate::contexts;
use crate::event_loop::LoopCore;
use crate::futures::{self, Future, State, names};
use crate::record;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::class::PySubclass;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

pub(crate) use functions::_asyncio::module_def;
pub(crate) use functions::get_event_loop;
pub(crate) use gather::Gathering;
pub(crate) use object::WakeupMethod;
use registry::Entry;
pub(crate) use sleep::Sleep;
pub(crate) use step::{Enter, step, wakeup};

/// True when the environment asks for RustPython's own asyncio modules instead of ours.
pub(crate) fn are_stock() -> bool {
    static STOCK: OnceLock<bool> = OnceLock::new();
    *STOCK.get_or_init(|| {
        std::env::var_os("CELLIST_STOCK_ASYNCIO").is_some_and(|value| !value.is_empty())
    })
}

/// All tasks that have not ended, of all loops.
pub(crate) fn pending() -> Vec<PyObjectRef> {
    registry::all()
}

/// `asyncio.Task`.
#[pyclass(module = "_asyncio", name = "Task", base = Future, traverse = "manual")]
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Task {
    base: Future,
    pub(crate) cell: PyMutex<Cell>,
    /// Its place among all tasks, while it is pending.
    entry: Entry,
    /// Its number in the records.
    number: AtomicU32,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: as for the two cells.
unsafe impl Traverse for Task {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.base.traverse(visit);
        self.cell.traverse(visit);
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        self.base.clear(out);
        out.extend(self.cell.get_mut().waits_for.take());
    }
}

impl PySubclass for Task {
    type Base = Future;

    fn as_base(&self) -> &Future {
        &self.base
    }
}

/// What is in a task besides a future's.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    coroutine: Option<PyObjectRef>,
    context: Option<PyObjectRef>,
    /// The future it waits for.
    waits_for: Option<PyObjectRef>,
    name: Name,
    /// `CancelledError` is to be thrown at its next step.
    must_cancel: bool,
    /// Cancellations requested and not taken back.
    cancellations: i32,
    /// Its end while pending is not worth a message.
    is_expendable: bool,
}

/// A task's name: most are never looked at, so a number is not made text before.
#[derive(Debug)]
enum Name {
    Number(u64),
    Text(PyObjectRef),
}

impl Default for Name {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Name {
    /// The next number.
    fn fresh() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self::Number(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Cell {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.coroutine.traverse(visit);
        self.context.traverse(visit);
        self.waits_for.traverse(visit);
        if let Name::Text(name) = &self.name {
            visit(name);
        }
    }
}

/// What may be said when a task is made.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<PyObjectRef>,
    pub(crate) context: Option<PyObjectRef>,
    pub(crate) is_expendable: bool,
}

impl Task {
    fn blank() -> Self {
        Self {
            base: Future::default(),
            cell: PyMutex::default(),
            entry: Entry::default(),
            number: AtomicU32::new(0),
        }
    }

    /// Makes a task of the event loop `core`, ours and plain, and schedules its first step.
    ///
    /// # Errors
    /// When `coroutine` is none, or the name has no text.
    pub(crate) fn spawn(
        core: &Py<LoopCore>,
        coroutine: PyObjectRef,
        options: Options,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<Self>> {
        require_coroutine(&coroutine, vm)?;
        let cell = Cell {
            coroutine: Some(coroutine),
            context: Some(options.context.unwrap_or_else(|| contexts::copy(vm).into())),
            name: name_of(options.name, vm)?,
            is_expendable: options.is_expendable,
            ..Cell::default()
        };
        let task = Self {
            base: Future::owned(core.to_owned().into()),
            cell: PyMutex::new(cell),
            entry: Entry::default(),
            number: AtomicU32::new(record::create()),
        };
        let task = PyRef::new_ref(task, Self::class(&vm.ctx).to_owned(), None);
        task.entry.register(&task);
        step::soon(&task, None, vm)?;
        Ok(task)
    }

    /// Its number in the records.
    pub(crate) fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// The future that it is.
    pub(crate) fn future(zelf: &Py<Self>) -> &Py<Future> {
        zelf.to_base()
    }

    pub(crate) fn context(&self) -> PyObjectRef {
        let context = self.cell.lock().context.clone();
        context.unwrap_or_else(|| rustpython_vm::Context::genesis().none())
    }

    /// Its step as a callable, for loops that are not ours.
    pub(crate) fn step_method(
        zelf: &Py<Self>,
        error: Option<PyBaseExceptionRef>,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        object::StepMethod::of(zelf, error, vm)
    }

    /// Its wake-up as a callable, for futures and loops that are not ours.
    pub(crate) fn wakeup_method(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
        object::WakeupMethod::of(zelf, vm)
    }

    pub(crate) fn register(zelf: &Py<Self>) {
        zelf.entry.register(zelf);
    }

    pub(crate) fn unregister(&self) {
        self.entry.unregister();
    }

    /// Its end while pending is not worth a message.
    pub(crate) fn make_expendable(&self) {
        self.cell.lock().is_expendable = true;
    }

    /// As the method `cancel`.
    ///
    /// # Errors
    /// What cancelling the future raises for which it waits.
    pub(crate) fn request_cancel(
        zelf: &Py<Self>,
        message: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let future = Self::future(zelf);
        {
            let mut cell = future.cell.lock();
            cell.log_traceback = false;
            if cell.state != State::Pending {
                return Ok(false);
            }
        }
        record::cancel(zelf.number());
        let waits_for = {
            let mut cell = zelf.cell.lock();
            cell.cancellations += 1;
            cell.waits_for.clone()
        };
        if let Some(waits_for) = waits_for
            && futures::cancel(&waits_for, message.clone(), vm)?
        {
            return Ok(true);
        }
        zelf.cell.lock().must_cancel = true;
        let before = std::mem::replace(&mut future.cell.lock().rare().cancel_message, message);
        drop(before);
        Ok(true)
    }
}

/// # Errors
/// `TypeError` when it is none.
fn require_coroutine(object: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    if is_native_coroutine(object, vm) {
        return Ok(());
    }
    let is_one = vm.call_method(&names(vm)?.coroutines, "iscoroutine", (object.to_owned(),))?;
    if is_one.try_to_bool(vm)? {
        return Ok(());
    }
    let repr = object.repr(vm)?;
    Err(vm.new_type_error(format!("a coroutine was expected, got {}", repr.as_wtf8())))
}

/// True for those that a step resumes without calling a method.
fn is_native_coroutine(object: &PyObject, vm: &VirtualMachine) -> bool {
    object.class().is(vm.ctx.types.coroutine_type) || object.class().is(Sleep::class(&vm.ctx))
}

fn name_of(name: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Name> {
    match name.filter(|name| !vm.is_none(name)) {
        None => Ok(Name::fresh()),
        Some(name) if name.fast_isinstance(vm.ctx.types.str_type) => Ok(Name::Text(name)),
        Some(name) => Ok(Name::Text(name.str(vm)?.into())),
    }
}
