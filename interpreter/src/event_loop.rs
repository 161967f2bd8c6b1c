//! `_cellist_loop`: the event loop of asyncio in Rust. `cellist.native_loop` puts it together
//! with `asyncio.SelectorEventLoop`, which has the rest: connections, servers, processes, TLS.
//!
//! There is no GIL: everything here may be called from any thread at any time.

mod poller;
mod queue;
mod turn;

use crate::clock;
use poller::Poller;
use rustpython_vm::builtins::PyFloat;
use rustpython_vm::{PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

pub(crate) use _cellist_loop::module_def;

/// Now on the clock that runs, in nanoseconds.
fn now() -> u64 {
    clock::virtual_now().unwrap_or_else(|| {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    })
}

/// Nanoseconds of a number of seconds; negative is 0, and the end of time is 584 years away.
fn nanos(seconds: &PyObject, vm: &VirtualMachine) -> PyResult<u64> {
    let seconds: f64 = match seconds.downcast_ref::<PyFloat>() {
        Some(float) => float.to_f64(),
        None => seconds.to_owned().try_float(vm)?.to_f64(),
    };
    Ok((seconds * 1e9).round_ties_even() as u64)
}

fn seconds(nanos: u64, vm: &VirtualMachine) -> PyObjectRef {
    PyFloat::from(nanos as f64 / 1e9).into_pyobject(vm)
}

#[rustpython_vm::pymodule(name = "_cellist_loop")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
mod _cellist_loop {
    use super::queue::{Interest, Queue, Ready, Timer};
    use super::{Poller, clock, nanos, now, seconds};
    use rustpython_vm::builtins::{PyBaseExceptionRef, PyInt, PyType, PyTypeRef};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::convert::ToPyException;
    use rustpython_vm::function::{FuncArgs, PySetterValue};
    use rustpython_vm::types::Constructor;
    use rustpython_vm::{
        AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine,
        pyclass,
    };
    use std::os::fd::RawFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// What `call_soon` and its like return: `asyncio.Handle` and `asyncio.TimerHandle` are its
    /// other bases.
    #[pyattr]
    #[pyclass(name = "HandleCore", module = "_cellist_loop", traverse)]
    #[derive(Debug, PyPayload)]
    pub struct HandleCore {
        /// The callback, then its arguments; none when cancelled.
        pub(super) call: PyMutex<Option<Vec<PyObjectRef>>>,
        pub(super) context: PyObjectRef,
        pub(super) owner: PyObjectRef,
        #[pytraverse(skip)]
        pub(super) cancelled: AtomicBool,
        /// Due at, in nanoseconds.
        #[pytraverse(skip)]
        pub(super) at: u64,
        /// Due at, as the caller of `call_at` said it.
        pub(super) when: Option<PyObjectRef>,
        /// In the loop's heap.
        #[pytraverse(skip)]
        pub(super) scheduled: AtomicBool,
    }

    impl Constructor for HandleCore {
        type Args = FuncArgs;

        fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
            Err(vm.new_type_error("event loops make their handles themselves"))
        }
    }

    #[pyclass(flags(BASETYPE), with(Constructor))]
    impl HandleCore {
        /// Keeps the callback from being called.
        #[pymethod]
        fn cancel(zelf: &Py<Self>) {
            if zelf.cancelled.swap(true, Ordering::SeqCst) {
                return;
            }
            let call = zelf.call.lock().take();
            drop(call);
            if zelf.scheduled.load(Ordering::SeqCst)
                && let Some(core) = zelf.owner.downcast_ref::<LoopCore>()
            {
                core.queue.lock().cancelled += 1;
            }
        }

        /// Whether it was cancelled.
        #[pymethod]
        fn cancelled(zelf: &Py<Self>) -> bool {
            zelf.cancelled.load(Ordering::SeqCst)
        }

        pub(super) fn is_off(&self) -> bool {
            self.cancelled.load(Ordering::SeqCst)
        }

        /// When it is due, on the loop's clock.
        #[pymethod]
        fn when(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            zelf.when.clone().unwrap_or_else(|| seconds(zelf.at, vm))
        }

        /// The context in which the callback runs.
        #[pymethod]
        fn get_context(zelf: &Py<Self>) -> PyObjectRef {
            zelf.context.clone()
        }

        #[pygetset]
        fn _when(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            Self::when(zelf, vm)
        }

        #[pygetset]
        fn _cancelled(zelf: &Py<Self>) -> bool {
            zelf.is_off()
        }

        #[pygetset]
        fn _scheduled(zelf: &Py<Self>) -> bool {
            zelf.scheduled.load(Ordering::SeqCst)
        }

        #[pygetset]
        fn _callback(zelf: &Py<Self>) -> Option<PyObjectRef> {
            zelf.call.lock().as_ref().and_then(|call| call.first().cloned())
        }

        #[pygetset]
        fn _args(zelf: &Py<Self>, vm: &VirtualMachine) -> Option<PyObjectRef> {
            let call = zelf.call.lock();
            let arguments = call.as_ref()?.get(1..)?.to_vec();
            Some(vm.ctx.new_tuple(arguments).into())
        }

        #[pygetset]
        fn _context(zelf: &Py<Self>) -> PyObjectRef {
            zelf.context.clone()
        }

        #[pygetset]
        fn _loop(zelf: &Py<Self>) -> PyObjectRef {
            zelf.owner.clone()
        }

        #[pygetset]
        fn _repr(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            vm.ctx.none()
        }

        #[pygetset]
        fn _source_traceback(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            vm.ctx.none()
        }
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
        #[pytraverse(skip)]
        pub(super) types: Types,
    }

    /// What a loop needs of Python; these live as long as the interpreter.
    pub(super) struct Types {
        pub(super) handle: PyTypeRef,
        pub(super) timer: PyTypeRef,
        pub(super) step: PyObjectRef,
        pub(super) wakeup: PyObjectRef,
        pub(super) copy_context: PyObjectRef,
    }

    impl std::fmt::Debug for LoopCore {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("LoopCore").finish_non_exhaustive()
        }
    }

    impl Constructor for LoopCore {
        type Args = FuncArgs;

        fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
            let get = |module: &'static str, name: &'static str| -> PyResult {
                vm.import_name(module, name)
            };
            let class = |name| -> PyResult<PyTypeRef> {
                get("cellist.native_loop", name)?
                    .downcast()
                    .map_err(|_| vm.new_type_error("`cellist.native_loop` is not ours"))
            };
            let types = Types {
                handle: class("Handle")?,
                timer: class("TimerHandle")?,
                step: get("_asyncio", "TaskStepMethWrapper")?,
                wakeup: get("_asyncio", "TaskWakeupMethWrapper")?,
                copy_context: get("_contextvars", "copy_context")?,
            };
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
                types,
            })
        }
    }

    pub(super) trait ImportName {
        fn import_name(&self, module: &'static str, name: &'static str) -> PyResult;
    }

    impl ImportName for VirtualMachine {
        fn import_name(&self, module: &'static str, name: &'static str) -> PyResult {
            self.import(module, 0)?;
            let modules = self.sys_module.get_attr("modules", self)?;
            modules.get_item(module, self)?.get_attr(name, self)
        }
    }

    pub(super) fn os_error(error: rustix::io::Errno, vm: &VirtualMachine) -> PyBaseExceptionRef {
        std::io::Error::from(error).to_pyexception(vm)
    }

    #[pyclass(flags(BASETYPE), with(Constructor))]
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
            let context = args.take_keyword("context");
            if let Some(callback) = args.args.first()
                && (callback.class().as_object().is(&zelf.types.step)
                    || callback.class().as_object().is(&zelf.types.wakeup))
            {
                // The task drops the handle it would get, and runs in its own context anyway.
                let callback = args.args.remove(0);
                zelf.push(Ready::Task(callback, args.args));
                return Ok(vm.ctx.none());
            }
            let handle: PyObjectRef = Self::handle(&zelf, args, context, vm)?.into();
            zelf.push(Ready::Handle(handle.clone()));
            Ok(handle)
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

        fn schedule(
            zelf: &Py<Self>,
            at: u64,
            when: Option<PyObjectRef>,
            mut args: FuncArgs,
            vm: &VirtualMachine,
        ) -> PyResult {
            zelf.open_or_raise(vm)?;
            let handle: PyObjectRef = if zelf.debug.load(Ordering::Relaxed) {
                args.prepend_arg(when.unwrap_or_else(|| seconds(at, vm)));
                vm.call_method(zelf.as_object(), "_debug_call_at", args)?
            } else {
                let context = args.take_keyword("context");
                let call = callback_and_arguments(args, vm)?;
                let class = zelf.types.timer.clone();
                let core = Self::handle_core(zelf, call, context, at, when, vm)?;
                core.scheduled.store(true, Ordering::SeqCst);
                core.into_ref_with_type(vm, class)?.into()
            };
            let mut queue = zelf.queue.lock();
            let sequence = queue.sequence;
            queue.sequence += 1;
            queue.timers.push(Timer { at, sequence, handle: handle.clone() });
            drop(queue);
            zelf.wake();
            Ok(handle)
        }

        fn handle(
            zelf: &Py<Self>,
            args: FuncArgs,
            context: Option<PyObjectRef>,
            vm: &VirtualMachine,
        ) -> PyResult<PyRef<HandleCore>> {
            let call = callback_and_arguments(args, vm)?;
            let core = Self::handle_core(zelf, call, context, 0, None, vm)?;
            core.into_ref_with_type(vm, zelf.types.handle.clone())
        }

        pub(super) fn handle_core(
            zelf: &Py<Self>,
            call: Vec<PyObjectRef>,
            context: Option<PyObjectRef>,
            at: u64,
            when: Option<PyObjectRef>,
            vm: &VirtualMachine,
        ) -> PyResult<HandleCore> {
            let context = match context.filter(|context| !vm.is_none(context)) {
                Some(context) => context,
                None => zelf.types.copy_context.call((), vm)?,
            };
            Ok(HandleCore {
                call: PyMutex::new(Some(call)),
                context,
                owner: zelf.to_owned().into(),
                cancelled: AtomicBool::new(false),
                at,
                when,
                scheduled: AtomicBool::new(false),
            })
        }

        fn push(&self, ready: Ready) {
            self.queue.lock().ready.push_back(ready);
            self.wake();
        }

        fn wake(&self) {
            if self.sleeping.swap(false, Ordering::SeqCst) {
                self.poller.wake();
            }
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

        fn open_or_raise(&self, vm: &VirtualMachine) -> PyResult<()> {
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
        fn _ready(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            let queue = zelf.queue.lock();
            let handles = queue.ready.iter().map(|ready| match ready {
                Ready::Handle(handle) | Ready::Task(handle, _) => handle.clone(),
            });
            let handles = handles.collect();
            drop(queue);
            vm.ctx.new_list(handles).into()
        }

        #[pygetset(setter)]
        fn set__ready(_zelf: &Py<Self>, _value: PySetterValue) {}

        #[pygetset]
        fn _scheduled(zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            let queue = zelf.queue.lock();
            let mut order: Vec<_> = queue.timers.iter().collect();
            order.sort_by(|a, b| b.cmp(a));
            let handles = order.into_iter().map(|timer| timer.handle.clone()).collect();
            drop(queue);
            vm.ctx.new_list(handles).into()
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

        fn add(zelf: &Py<Self>, mut args: FuncArgs, read: bool, vm: &VirtualMachine) -> PyResult {
            zelf.open_or_raise(vm)?;
            let Some(fd) = args.take_positional_keyword("fd") else {
                return Err(vm.new_type_error("missing 1 required positional argument: 'fd'"));
            };
            let fd = descriptor(&fd, vm)?;
            let handle: PyObjectRef = Self::handle(zelf, args, None, vm)?.into();
            let mut queue = zelf.queue.lock();
            let before = queue.descriptors.get(&fd);
            let reads = read || before.is_some_and(|interest| interest.reader.is_some());
            let writes = !read || before.is_some_and(|interest| interest.writer.is_some());
            zelf.poller.watch(fd, reads, writes).map_err(|error| os_error(error, vm))?;
            let interest = queue.descriptors.entry(fd).or_default();
            let slot = if read { &mut interest.reader } else { &mut interest.writer };
            let replaced = slot.replace(handle.clone());
            drop(queue);
            cancel(replaced, vm)?;
            Ok(handle)
        }

        pub(super) fn remove(
            &self,
            fd: &PyObject,
            read: bool,
            vm: &VirtualMachine,
        ) -> PyResult<bool> {
            if self.is_shut() {
                return Ok(false);
            }
            let Ok(fd) = descriptor(fd, vm) else { return Ok(false) };
            let mut queue = self.queue.lock();
            let Some(interest) = queue.descriptors.get_mut(&fd) else { return Ok(false) };
            let slot = if read { &mut interest.reader } else { &mut interest.writer };
            let removed = slot.take();
            let (reads, writes) = (interest.reader.is_some(), interest.writer.is_some());
            if !reads && !writes {
                queue.descriptors.remove(&fd);
            }
            let watched = self.poller.watch(fd, reads, writes);
            drop(queue);
            watched.map_err(|error| os_error(error, vm))?;
            let found = removed.is_some();
            cancel(removed, vm)?;
            Ok(found)
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

    /// The callback, then its arguments.
    fn callback_and_arguments(
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<Vec<PyObjectRef>> {
        if let Some(callback) = args.take_keyword("callback") {
            args.prepend_arg(callback);
        }
        if args.args.is_empty() {
            return Err(vm.new_type_error("missing 1 required positional argument: 'callback'"));
        }
        match args.check_kwargs_empty(vm) {
            Some(error) => Err(error),
            None => Ok(args.args),
        }
    }

    pub(super) fn is_cancelled(handle: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
        match handle.downcast_ref::<HandleCore>() {
            Some(core) => Ok(core.is_off()),
            None => handle.get_attr("_cancelled", vm)?.try_to_bool(vm),
        }
    }

    fn cancel(handle: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<()> {
        match handle {
            Some(handle) => vm.call_method(&handle, "cancel", ()).map(drop),
            None => Ok(()),
        }
    }

    /// The number of a descriptor, or of an object that has one.
    fn descriptor(object: &PyObject, vm: &VirtualMachine) -> PyResult<RawFd> {
        let number = match object.downcast_ref::<PyInt>() {
            Some(int) => i32::try_from(int.as_bigint()).ok(),
            None => {
                let number = vm.call_method(object, "fileno", ());
                number.ok().and_then(|number| number.try_into_value::<i32>(vm).ok())
            }
        };
        match number {
            Some(fd) if fd >= 0 => Ok(fd),
            Some(fd) => Err(vm.new_value_error(format!("Invalid file descriptor: {fd}"))),
            None => {
                let repr = object.repr(vm)?;
                Err(vm.new_value_error(format!("Invalid file object: {}", repr.as_wtf8())))
            }
        }
    }
}
