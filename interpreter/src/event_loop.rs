//! `_cellist_loop`: the event loop of asyncio in Rust. `cellist.native_loop` puts it together
//! with `asyncio.SelectorEventLoop`, which has the rest: connections, servers, processes, TLS.
//!
//! There is no GIL: everything here may be called from any thread at any time.

mod descriptors;
mod handle;
mod parts;
mod poller;
mod queue;
mod schedule;
mod time;
mod turn;

use crate::clock::{self, now};
use poller::Poller;

use _cellist_loop::os_error;
pub(crate) use _cellist_loop::{LoopCore, module_def};
pub(crate) use queue::Ready;
use time::seconds;

#[rustpython_vm::pymodule(name = "_cellist_loop")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
mod _cellist_loop {
    use super::handle::{HandleCore, is_cancelled};
    use super::parts::{Types, stock_method};
    use super::queue::{Interest, Queue, Ready};
    use super::time::{nanos, seconds};
    use super::{Poller, clock, now};
    use crate::futures::{self, Future};
    use crate::tasks::{self, Task};
    use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyStr, PyType};
    use rustpython_vm::class::{PyClassImpl, StaticType};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::convert::ToPyException;
    use rustpython_vm::function::{FuncArgs, PySetterValue};
    use rustpython_vm::types::{Constructor, SetAttr};
    use rustpython_vm::{
        AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine, pyclass,
    };
    use std::os::fd::RawFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        rustpython_vm::extend_module!(vm, module, { "HandleCore" => HandleCore::make_static_type() });
        Ok(())
    }

    /// The native part of an event loop.
    #[pyattr]
    #[pyclass(name = "LoopCore", module = "_cellist_loop", traverse)]
    #[derive(PyPayload)]
    pub struct LoopCore {
        pub(super) queue: PyMutex<Queue>,
        #[pytraverse(skip)]
        pub(super) poller: Arc<Poller>,
        /// It waits, or is about to: who adds something has to wake it.
        #[pytraverse(skip)]
        pub(super) sleeping: AtomicBool,
        #[pytraverse(skip)]
        pub(super) stopping: AtomicBool,
        #[pytraverse(skip)]
        pub(super) closed: AtomicBool,
        #[pytraverse(skip)]
        pub(super) debug: AtomicBool,
        /// Python's identifier of the thread that runs it; 0 when none does.
        #[pytraverse(skip)]
        pub(super) thread: AtomicU64,
        #[pytraverse(skip)]
        pub(super) turns: AtomicU64,
        /// Whether it was made on the virtual clock.
        #[pytraverse(skip)]
        pub(super) simulated: bool,
        /// Another thread than its own has called it, and was warned.
        #[pytraverse(skip)]
        pub(super) stray: AtomicBool,
        /// It is of our class itself, and no method was put over it: its queue may be filled
        /// without asking it.
        #[pytraverse(skip)]
        pub(super) is_exact: AtomicBool,
        pub(super) task_factory: PyMutex<Option<PyObjectRef>>,
        #[pytraverse(skip)]
        pub(super) types: Types,
    }

    impl std::fmt::Debug for LoopCore {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("LoopCore").finish_non_exhaustive()
        }
    }

    impl Constructor for LoopCore {
        type Args = FuncArgs;

        fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
            let create_task = Self::static_type().as_object().get_attr("create_task", vm)?;
            let types = Types::look_up(create_task, vm)?;
            let poller = Poller::new().map_err(|error| os_error(error, vm))?;
            Ok(Self {
                queue: PyMutex::new(Queue::default()),
                poller: Arc::new(poller),
                sleeping: AtomicBool::new(false),
                stopping: AtomicBool::new(false),
                closed: AtomicBool::new(false),
                debug: AtomicBool::new(false),
                thread: AtomicU64::new(0),
                turns: AtomicU64::new(0),
                simulated: clock::virtual_now().is_some(),
                stray: AtomicBool::new(false),
                is_exact: AtomicBool::new(!tasks::are_stock() && class.is(&types.ours)),
                task_factory: PyMutex::new(None),
                types,
            })
        }
    }

    /// What our own futures, tasks and sleeps do without calling.
    const BYPASSED: [&str; 7] =
        ["call_at", "call_later", "call_soon", "create_future", "create_task", "get_debug", "time"];

    impl SetAttr for LoopCore {
        fn setattro(
            zelf: &Py<Self>,
            name: &Py<PyStr>,
            value: PySetterValue,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            if BYPASSED.iter().any(|each| name.as_bytes() == each.as_bytes()) {
                zelf.is_exact.store(false, Ordering::SeqCst);
            }
            zelf.as_object().generic_setattr(name, value, vm)
        }
    }

    pub(super) fn os_error(error: rustix::io::Errno, vm: &VirtualMachine) -> PyBaseExceptionRef {
        std::io::Error::from(error).to_pyexception(vm)
    }

    #[pyclass(flags(BASETYPE), with(Constructor, SetAttr))]
    impl LoopCore {
        // Scheduling

        /// Arrange for a callback to be called as soon as possible.
        #[pymethod]
        fn call_soon(zelf: PyRef<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            zelf.open_or_raise(vm)?;
            if zelf.debug.load(Ordering::Relaxed) {
                let handle = vm.call_method(zelf.as_object(), "_debug_call_soon", args)?;
                zelf.push(Ready::Handle(handle.clone()));
                return Ok(handle);
            }
            Self::note_stray(&zelf, vm)?;
            let context = args.take_keyword("context");
            let handle: PyObjectRef = Self::handle(&zelf, args, context, vm)?.into();
            zelf.push(Ready::Handle(handle.clone()));
            Ok(handle)
        }

        /// Warns, once, when a thread calls what is only for the one that runs the loop.
        pub(crate) fn note_stray(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            let runs = zelf.thread.load(Ordering::Relaxed);
            let here = rustpython_vm::stdlib::_thread::get_ident();
            if runs == 0 || runs == here || zelf.stray.swap(true, Ordering::Relaxed) {
                return Ok(());
            }
            vm.call_method(zelf.as_object(), "_warn_of_stray_call", ()).map(drop)
        }

        /// Like call_soon(), but thread-safe.
        #[pymethod]
        fn call_soon_threadsafe(
            zelf: PyRef<Self>,
            args: FuncArgs,
            vm: &VirtualMachine,
        ) -> PyResult {
            zelf.open_or_raise(vm)?;
            // asyncio's own handle: cancelling it from another thread waits for a callback that
            // runs.
            let handle = vm.call_method(zelf.as_object(), "_threadsafe_handle", args)?;
            zelf.push(Ready::Handle(handle.clone()));
            Ok(handle)
        }

        /// Arrange for a callback to be called at a given time.
        #[pymethod]
        fn call_later(zelf: PyRef<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            let delay = args.take_positional_keyword("delay").filter(|delay| !vm.is_none(delay));
            let Some(delay) = delay else {
                return Err(vm.new_type_error("delay must not be None"));
            };
            let at = now().saturating_add(nanos(&delay, vm)?);
            Self::schedule(&zelf, at, None, args, vm)
        }

        /// Like call_later(), but uses an absolute time.
        #[pymethod]
        fn call_at(zelf: PyRef<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            let when = args.take_positional_keyword("when").filter(|when| !vm.is_none(when));
            let Some(when) = when else {
                return Err(vm.new_type_error("when cannot be None"));
            };
            let at = nanos(&when, vm)?;
            Self::schedule(&zelf, at, Some(when), args, vm)
        }

        /// Adds a handle that somebody else made.
        #[pymethod]
        fn _add_callback(
            zelf: &Py<Self>,
            handle: PyObjectRef,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            if !is_cancelled(&handle, vm)? {
                zelf.push(Ready::Handle(handle));
            }
            Ok(())
        }

        /// A handle of `asyncio.TimerHandle` that this loop scheduled was cancelled.
        #[pymethod]
        fn _timer_handle_cancelled(zelf: &Py<Self>, _handle: PyObjectRef) {
            zelf.queue.lock().cancelled += 1;
        }

        // Tasks

        /// Schedule or begin executing a coroutine object.
        #[pymethod]
        fn create_task(zelf: PyRef<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            let is_simple = args.args.len() == 1
                && args
                    .kwargs
                    .iter()
                    .all(|(name, _)| matches!(name.as_bytes(), b"name" | b"context"));
            if is_simple
                && Self::plain(zelf.as_object()).is_some()
                && zelf.task_factory.lock().is_none()
                && futures::names(vm)?.tasks_are_ours(vm)?
            {
                let given = |value: &PyObjectRef| !vm.is_none(value);
                let options = tasks::Options {
                    name: args.take_keyword("name").filter(given),
                    context: args.take_keyword("context").filter(given),
                    ..tasks::Options::default()
                };
                return Ok(Task::spawn(&zelf, args.args.remove(0), options, vm)?.into());
            }
            args.prepend_arg(zelf.clone().into());
            stock_method("create_task", vm)?.call(args, vm)
        }

        /// Create a Future object attached to the loop.
        #[pymethod]
        fn create_future(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
            if Self::plain(zelf.as_object()).is_some() {
                return Ok(Future::pending(zelf.clone().into(), vm).into());
            }
            stock_method("create_future", vm)?.call((zelf,), vm)
        }

        #[pygetset]
        fn _task_factory(zelf: &Py<Self>) -> Option<PyObjectRef> {
            zelf.task_factory.lock().clone()
        }

        #[pygetset(setter)]
        fn set__task_factory(zelf: &Py<Self>, factory: Option<PyObjectRef>) {
            let before = std::mem::replace(&mut *zelf.task_factory.lock(), factory);
            drop(before);
        }

        // State

        /// The loop's time, in seconds.
        #[pymethod]
        fn time(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            seconds(now(), vm)
        }

        /// Stop running the event loop.
        #[pymethod]
        fn stop(zelf: &Py<Self>) {
            zelf.stopping.store(true, Ordering::SeqCst);
            zelf.wake();
        }

        #[pymethod]
        fn is_running(zelf: &Py<Self>) -> bool {
            zelf.thread.load(Ordering::SeqCst) != 0
        }

        #[pymethod]
        fn is_closed(zelf: &Py<Self>) -> bool {
            zelf.closed.load(Ordering::SeqCst)
        }

        #[pymethod]
        fn get_debug(zelf: &Py<Self>) -> bool {
            zelf.debug.load(Ordering::Relaxed)
        }

        #[pymethod]
        fn _check_closed(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.open_or_raise(vm)
        }

        pub(super) fn open_or_raise(&self, vm: &VirtualMachine) -> PyResult<()> {
            if self.is_shut() {
                return Err(vm.new_runtime_error("Event loop is closed"));
            }
            Ok(())
        }

        pub(super) fn is_shut(&self) -> bool {
            self.closed.load(Ordering::SeqCst)
        }

        pub(super) fn is_stopping(&self) -> bool {
            self.stopping.load(Ordering::SeqCst)
        }

        #[pymethod]
        fn _write_to_self(zelf: &Py<Self>) {
            zelf.poller.wake();
        }

        #[pymethod]
        fn _fileno(zelf: &Py<Self>) -> RawFd {
            zelf.poller.fileno()
        }

        /// Whether it was made on the virtual clock.
        #[pygetset]
        fn _simulated(zelf: &Py<Self>) -> bool {
            zelf.simulated
        }

        /// Lets go of everything that is queued.
        #[pymethod]
        fn _clear(zelf: &Py<Self>) {
            let queue = std::mem::take(&mut *zelf.queue.lock());
            for fd in queue.descriptors.keys() {
                let _ = zelf.poller.watch(*fd, false, false);
            }
        }

        #[pygetset]
        fn _ready(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            let ready: Vec<_> = zelf.queue.lock().ready.iter().cloned().collect();
            let handles = ready.into_iter().map(|ready| ready.into_handle(zelf, vm));
            Ok(vm.ctx.new_list(handles.collect::<PyResult<_>>()?).into())
        }

        #[pygetset(setter)]
        fn set__ready(_zelf: &Py<Self>, _value: PySetterValue) {}

        #[pygetset]
        fn _scheduled(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            let mut order: Vec<_> = zelf.queue.lock().timers.iter().cloned().collect();
            order.sort_by(|a, b| b.cmp(a));
            let handles = order.into_iter().map(|timer| timer.due.into_handle(zelf, timer.at, vm));
            Ok(vm.ctx.new_list(handles.collect::<PyResult<_>>()?).into())
        }

        #[pygetset(setter)]
        fn set__scheduled(_zelf: &Py<Self>, _value: PySetterValue) {}

        #[pygetset]
        fn _timer_cancelled_count(zelf: &Py<Self>) -> usize {
            zelf.queue.lock().cancelled
        }

        #[pygetset(setter)]
        fn set__timer_cancelled_count(_zelf: &Py<Self>, _value: PySetterValue) {}

        #[pygetset]
        fn _stopping(zelf: &Py<Self>) -> bool {
            zelf.stopping.load(Ordering::SeqCst)
        }

        #[pygetset(setter)]
        fn set__stopping(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
            zelf.stopping.store(value.try_to_bool(vm)?, Ordering::SeqCst);
            Ok(())
        }

        #[pygetset]
        fn _closed(zelf: &Py<Self>) -> bool {
            zelf.is_shut()
        }

        #[pygetset(setter)]
        fn set__closed(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
            zelf.closed.store(value.try_to_bool(vm)?, Ordering::SeqCst);
            Ok(())
        }

        #[pygetset]
        fn _debug(zelf: &Py<Self>) -> bool {
            zelf.debug.load(Ordering::Relaxed)
        }

        #[pygetset(setter)]
        fn set__debug(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
            zelf.debug.store(value.try_to_bool(vm)?, Ordering::SeqCst);
            Ok(())
        }

        #[pygetset]
        fn _thread_id(zelf: &Py<Self>) -> Option<u64> {
            Some(zelf.thread.load(Ordering::SeqCst)).filter(|thread| *thread != 0)
        }

        #[pygetset(setter)]
        fn set__thread_id(zelf: &Py<Self>, value: Option<u64>) {
            zelf.thread.store(value.unwrap_or(0), Ordering::SeqCst);
        }

        // Descriptors

        #[pymethod]
        fn _add_reader(zelf: PyRef<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            Self::add(&zelf, args, true, vm)
        }

        #[pymethod]
        fn _add_writer(zelf: PyRef<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            Self::add(&zelf, args, false, vm)
        }

        #[pymethod]
        fn _remove_reader(zelf: &Py<Self>, fd: PyObjectRef, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.remove(&fd, true, vm)
        }

        #[pymethod]
        fn _remove_writer(zelf: &Py<Self>, fd: PyObjectRef, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.remove(&fd, false, vm)
        }

        /// `(fd, reader, writer)` of everything watched.
        #[pymethod]
        fn _descriptors(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            let queue = zelf.queue.lock();
            let rows: Vec<_> = queue
                .descriptors
                .iter()
                .map(|(fd, Interest { reader, writer })| (*fd, reader.clone(), writer.clone()))
                .collect();
            drop(queue);
            let rows = rows.into_iter().map(|(fd, reader, writer)| {
                let or_none = |handle: Option<PyObjectRef>| handle.unwrap_or_else(|| vm.ctx.none());
                let row = vec![vm.ctx.new_int(fd).into(), or_none(reader), or_none(writer)];
                vm.ctx.new_tuple(row).into()
            });
            let rows = rows.collect();
            vm.ctx.new_list(rows).into()
        }

        // Running

        /// Runs until `stop()`, and `companion` (a loop, or None) meanwhile.
        #[pymethod]
        fn _drive(
            zelf: PyRef<Self>,
            companion: Option<PyObjectRef>,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            let companion = companion.as_ref().and_then(|other| other.downcast_ref::<Self>());
            loop {
                Self::turn(&zelf, companion, vm)?;
                if zelf.is_stopping() {
                    return Ok(());
                }
            }
        }

        /// Run one full iteration of the event loop.
        #[pymethod]
        fn _run_once(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult<()> {
            Self::turn(&zelf, None, vm)
        }
    }
}
