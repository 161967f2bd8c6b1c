//! The Python classes and functions.

use super::core::Core;
use rustpython_vm::VirtualMachine;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The ends of non-daemon threads, with process and interpreter. Locked as the core's table is.
static TO_JOIN: Mutex<Vec<(u32, usize, Weak<Core>)>> = Mutex::new(Vec::new());

fn interpreter(vm: &VirtualMachine) -> usize {
    std::ptr::from_ref(&*vm.state).addr()
}

fn join_at_shutdown(end: &Arc<Core>, vm: &VirtualMachine) {
    let mut all = TO_JOIN.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(_, _, end)| end.strong_count() > 0);
    all.push((std::process::id(), interpreter(vm), Arc::downgrade(end)));
}

/// A thread that has not ended, of this process (not of the one that forked it).
fn next_to_join(vm: &VirtualMachine) -> Option<Arc<Core>> {
    let (process, interpreter) = (std::process::id(), interpreter(vm));
    let all = TO_JOIN.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter()
        .filter(|(of, within, _)| *of == process && *within == interpreter)
        .filter_map(|(_, _, end)| end.upgrade())
        .find(|end| end.is_locked() && !end.is_mine())
}

#[rustpython_vm::pymodule(name = "_thread")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
pub(super) mod _thread {
    use super::{Arc, Core, join_at_shutdown, next_to_join};
    use crate::threads::core::{Hold, this_thread};
    use rustpython_vm::builtins::{PyTupleRef, PyType, PyTypeRef};
    use rustpython_vm::function::{FuncArgs, OptionalArg, TimeoutSeconds};
    use rustpython_vm::types::{Callable, Constructor, Representable};
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
    };
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    /// Seconds: what CPython allows, in microseconds of 63 bits.
    const TIMEOUT_MAX: f64 = (i64::MAX / 1_000 / 1_000_000) as f64;

    #[derive(FromArgs)]
    struct AcquireArgs {
        #[pyarg(any, default = true)]
        blocking: bool,
        #[pyarg(any, default = TimeoutSeconds::new(-1.0))]
        timeout: TimeoutSeconds,
    }

    fn acquire(
        core: &Arc<Core>,
        args: &AcquireArgs,
        hold: Hold,
        label: &dyn Fn() -> String,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let timeout = args.timeout.to_secs_f64();
        let limit = match args.blocking {
            false if timeout != -1.0 => {
                return Err(vm.new_value_error("can't specify a timeout for a non-blocking call"));
            }
            false => return Ok(core.try_acquire(hold)),
            true if timeout == -1.0 => None,
            true if timeout < 0.0 => {
                return Err(vm.new_value_error("timeout value must be a non-negative number"));
            }
            true if timeout.is_nan() => {
                return Err(vm.new_value_error("Invalid value NaN (not a number)"));
            }
            true if timeout > TIMEOUT_MAX => {
                return Err(vm.new_overflow_error("timeout value is too large"));
            }
            true => Some(timeout),
        };
        if core.try_acquire(hold) {
            return Ok(true);
        }
        let limit = limit.and_then(|t| Instant::now().checked_add(Duration::from_secs_f64(t)));
        core.wait(limit, hold, label, vm)
    }

    fn status(core: &Core) -> &'static str {
        if core.is_locked() { "locked" } else { "unlocked" }
    }

    #[pyattr(name = "LockType")]
    #[pyattr(name = "lock")]
    #[pyclass(module = "_thread", name = "lock")]
    #[derive(Debug, PyPayload)]
    pub struct Lock {
        core: Arc<Core>,
    }

    impl Constructor for Lock {
        type Args = ();

        fn py_new(_class: &Py<PyType>, (): Self::Args, _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self { core: Core::new() })
        }
    }

    impl Representable for Lock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            let id = zelf.get_id();
            Ok(format!("<{} _thread.lock object at {id:#x}>", status(&zelf.core)))
        }
    }

    #[pyclass(with(Constructor, Representable), flags(HAS_WEAKREF))]
    impl Lock {
        fn take(
            zelf: &Py<Self>,
            args: &AcquireArgs,
            hold: Hold,
            vm: &VirtualMachine,
        ) -> PyResult<bool> {
            let label = || format!("<lock at {:#x}>", zelf.get_id());
            acquire(&zelf.core, args, hold, &label, vm)
        }

        /// Acquire the lock. Returns whether it was acquired: False only when `blocking` is false
        /// or `timeout` seconds have passed.
        #[pymethod]
        #[pymethod(name = "acquire_lock")]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            Self::take(zelf, &args, Hold::Call, vm)
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            if zelf.core.try_acquire(Hold::Owner) {
                return Ok(true);
            }
            let args = AcquireArgs { blocking: true, timeout: TimeoutSeconds::new(-1.0) };
            Self::take(zelf, &args, Hold::Owner, vm)
        }

        /// Release the lock, which any thread may do.
        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if zelf.core.release() {
                return Ok(());
            }
            Err(vm.new_runtime_error("release unlocked lock"))
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        #[pymethod]
        #[pymethod(name = "locked_lock")]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.core.is_locked()
        }

        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>) {
            zelf.core.reset();
        }
    }

    #[pyfunction]
    fn allocate_lock() -> Lock {
        Lock { core: Core::new() }
    }

    #[pyattr]
    #[pyclass(module = "_thread", name = "RLock")]
    #[derive(Debug, PyPayload)]
    pub struct RLock {
        core: Arc<Core>,
        count: AtomicUsize,
        /// The holder's `get_ident()`, for the representation.
        ident: AtomicU64,
    }

    impl Representable for RLock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            let locked = zelf.core.is_locked();
            let owner = if locked { zelf.ident.load(Ordering::Relaxed) } else { 0 };
            let count = if locked { zelf.count.load(Ordering::Relaxed) } else { 0 };
            Ok(format!(
                "<{} {} object owner={owner} count={count} at {:#x}>",
                status(&zelf.core),
                zelf.class().slot_name(),
                zelf.get_id()
            ))
        }
    }

    #[pyclass(with(Representable), flags(BASETYPE, HAS_WEAKREF))]
    impl RLock {
        #[pyslot]
        fn slot_new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            let (count, ident) = (AtomicUsize::new(0), AtomicU64::new(0));
            Self { core: Core::new(), count, ident }.into_ref_with_type(vm, class).map(Into::into)
        }

        fn check_owned(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if zelf.core.is_mine() {
                return Ok(());
            }
            Err(vm.new_runtime_error("cannot release un-acquired lock"))
        }

        fn taken(zelf: &Py<Self>, count: usize) {
            zelf.count.store(count, Ordering::Relaxed);
            zelf.ident.store(rustpython_vm::stdlib::_thread::get_ident(), Ordering::Relaxed);
        }

        /// Acquire the lock, once more if this thread holds it. Returns whether it was acquired.
        #[pymethod]
        #[pymethod(name = "acquire_lock")]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            if zelf.core.is_mine() {
                zelf.count.fetch_add(1, Ordering::Relaxed);
                return Ok(true);
            }
            let label = || format!("<RLock at {:#x}>", zelf.get_id());
            let acquired = acquire(&zelf.core, &args, Hold::Owner, &label, vm)?;
            if acquired {
                Self::taken(zelf, 1);
            }
            Ok(acquired)
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            let args = AcquireArgs { blocking: true, timeout: TimeoutSeconds::new(-1.0) };
            Self::acquire(zelf, args, vm)
        }

        /// Release the lock once; the last time frees it. Only the thread that holds it may.
        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            Self::check_owned(zelf, vm)?;
            if zelf.count.fetch_sub(1, Ordering::Relaxed) == 1 {
                zelf.core.release();
            }
            Ok(())
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        #[pymethod]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.core.is_locked()
        }

        #[pymethod]
        fn _is_owned(zelf: &Py<Self>) -> bool {
            zelf.core.is_mine()
        }

        #[pymethod]
        fn _recursion_count(zelf: &Py<Self>) -> usize {
            if zelf.core.is_mine() { zelf.count.load(Ordering::Relaxed) } else { 0 }
        }

        #[pymethod]
        fn _release_save(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<(usize, u64)> {
            Self::check_owned(zelf, vm)?;
            let count = zelf.count.swap(0, Ordering::Relaxed);
            zelf.core.release();
            Ok((count, rustpython_vm::stdlib::_thread::get_ident()))
        }

        #[pymethod]
        fn _acquire_restore(
            zelf: &Py<Self>,
            state: PyTupleRef,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            let [count, owner] = state.as_slice() else {
                return Err(
                    vm.new_type_error("_acquire_restore() argument 1 must be a 2-item tuple")
                );
            };
            let count: usize = count.clone().try_into_value(vm)?;
            let _owner: u64 = owner.clone().try_into_value(vm)?;
            if count == 0 {
                return Ok(());
            }
            // A Condition must have its lock back even when a signal handler raises, so its
            // exception comes afterwards. Who interrupts a second time wants out all the same.
            let label = || format!("<RLock at {:#x}>", zelf.get_id());
            let mut raised = None;
            while !zelf.core.try_acquire(Hold::Owner) {
                match zelf.core.wait(None, Hold::Owner, &label, vm) {
                    Ok(_) => break,
                    Err(exc) if raised.is_some() => return Err(exc),
                    Err(exc) => raised = Some(exc),
                }
            }
            Self::taken(zelf, count);
            raised.map_or(Ok(()), Err)
        }

        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>) {
            zelf.count.store(0, Ordering::Relaxed);
            zelf.core.reset();
        }
    }

    /// What `Thread.join` waits on: the stock handle, and a lock that the thread holds as long as
    /// it runs.
    #[pyattr]
    #[pyclass(module = "_thread", name = "_ThreadHandle")]
    #[derive(Debug, PyPayload)]
    pub struct ThreadHandle {
        stock: PyObjectRef,
        end: Arc<Core>,
    }

    fn stock(name: &'static str, vm: &VirtualMachine) -> PyResult {
        vm.import("_thread", 0)?.get_attr(name, vm)
    }

    fn new_handle(stock: PyObjectRef) -> ThreadHandle {
        let end = Core::new();
        end.adopt(0);
        ThreadHandle { stock, end }
    }

    impl Constructor for ThreadHandle {
        type Args = ();

        fn py_new(_class: &Py<PyType>, (): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            Ok(new_handle(stock("_stock_ThreadHandle", vm)?.call((), vm)?))
        }
    }

    impl Representable for ThreadHandle {
        fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
            let ident: u64 = zelf.stock.get_attr("ident", vm)?.try_into_value(vm)?;
            Ok(format!("<_thread._ThreadHandle object: ident={ident}>"))
        }
    }

    #[pyclass(with(Constructor, Representable), flags(HAS_WEAKREF))]
    impl ThreadHandle {
        #[pygetset]
        fn ident(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            zelf.stock.get_attr("ident", vm)
        }

        #[pymethod]
        fn is_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            vm.call_method(&zelf.stock, "is_done", ())?.try_to_bool(vm)
        }

        #[pymethod]
        fn _set_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            vm.call_method(&zelf.stock, "_set_done", ())?;
            zelf.end.release();
            Ok(())
        }

        /// Wait for the thread to end, at most `timeout` seconds.
        #[pymethod]
        fn join(
            zelf: &Py<Self>,
            timeout: OptionalArg<PyObjectRef>,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            let timeout = timeout.into_option().filter(|timeout| !vm.is_none(timeout));
            let seconds = match &timeout {
                None => None,
                Some(timeout) => {
                    let seconds: f64 = timeout.try_float(vm).map_or(f64::NAN, |s| s.to_f64());
                    if seconds.is_nan() || seconds.abs() > TIMEOUT_MAX {
                        // The stock handle knows what to say.
                        vm.call_method(&zelf.stock, "join", (timeout.clone(),))?;
                        return Ok(());
                    }
                    (seconds >= 0.0).then_some(seconds)
                }
            };
            // Not started, itself, or the interpreter ends: errors. Else returns at once.
            vm.call_method(&zelf.stock, "join", (0,))?;
            if Self::is_done(zelf, vm)? {
                return Ok(());
            }
            let limit = seconds.map(|s| Instant::now() + Duration::from_secs_f64(s));
            if !zelf.end.try_acquire(Hold::Owner)
                && !zelf.end.wait(limit, Hold::Owner, &String::new, vm)?
            {
                return Ok(());
            }
            zelf.end.release();
            // What the thread still has to do runs no Python but its thread-local finalisers.
            vm.call_method(&zelf.stock, "join", ())?;
            Ok(())
        }
    }

    #[pyfunction]
    fn _make_thread_handle(ident: PyObjectRef, vm: &VirtualMachine) -> PyResult<ThreadHandle> {
        let handle = stock("_stock_make_thread_handle", vm)?.call((ident.clone(),), vm)?;
        let handle = new_handle(handle);
        if ident.try_into_value::<u64>(vm)? == rustpython_vm::stdlib::_thread::get_ident() {
            handle.end.adopt(this_thread());
        }
        Ok(handle)
    }

    /// The function that a thread runs, and then says that it has ended.
    #[pyattr]
    #[pyclass(module = "_thread", name = "_start")]
    #[derive(Debug, PyPayload)]
    pub struct Start {
        function: PyObjectRef,
        end: Arc<Core>,
    }

    impl Callable for Start {
        type Args = FuncArgs;

        fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            zelf.end.adopt(this_thread());
            let outcome = zelf.function.call(args, vm);
            zelf.end.release();
            outcome
        }
    }

    impl Representable for Start {
        fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
            Ok(zelf.function.repr(vm)?.to_string_lossy().into_owned())
        }
    }

    #[pyclass(with(Callable, Representable))]
    impl Start {}

    #[derive(FromArgs)]
    struct StartArgs {
        #[pyarg(any)]
        function: PyObjectRef,
        #[pyarg(any, optional)]
        handle: OptionalArg<PyObjectRef>,
        #[pyarg(any, default = true)]
        daemon: bool,
    }

    /// Start a thread that runs `function()`; returns the handle to join it by.
    #[pyfunction]
    fn start_joinable_thread(
        args: StartArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<ThreadHandle>> {
        let StartArgs { function, handle, daemon } = args;
        if !function.is_callable() {
            return Err(vm.new_type_error("thread function must be callable"));
        }
        let handle = match handle.into_option().filter(|handle| !vm.is_none(handle)) {
            None => new_handle(stock("_stock_ThreadHandle", vm)?.call((), vm)?).into_ref(&vm.ctx),
            Some(handle) => handle
                .downcast::<ThreadHandle>()
                .map_err(|_| vm.new_type_error("'handle' must be a _ThreadHandle"))?,
        };
        let start = Start { function, end: Arc::clone(&handle.end) }.into_ref(&vm.ctx);
        let args = vec![start.into(), handle.stock.clone(), vm.ctx.new_bool(daemon).into()];
        stock("_stock_start_joinable_thread", vm)?.call(args, vm)?;
        if !daemon {
            join_at_shutdown(&handle.end, vm);
        }
        Ok(handle)
    }

    /// Wait for all threads but daemons to end.
    #[pyfunction]
    fn _shutdown(vm: &VirtualMachine) -> PyResult<()> {
        while let Some(end) = next_to_join(vm) {
            match end.wait(None, Hold::Owner, &String::new, vm) {
                Ok(_) => {
                    end.release();
                }
                Err(exc) => {
                    let message = "Exception ignored on threading shutdown".to_owned();
                    vm.run_unraisable(exc, Some(message), vm.ctx.none());
                    return Ok(());
                }
            }
        }
        stock("_stock_shutdown", vm)?.call((), vm)?;
        Ok(())
    }
}
