//! How threads are started, joined and ended.

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
    use crate::threads::baton;
    use crate::threads::core::{Hold, become_thread, next_thread, this_thread};
    use crate::threads::note_failure;
    use crate::{clock, limits, record};
    use rustpython_vm::builtins::PyType;
    use rustpython_vm::function::{FuncArgs, OptionalArg};
    use rustpython_vm::types::{Callable, Constructor, Representable};
    use rustpython_vm::{
        FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
    };
    use std::sync::atomic::Ordering;

    /// Seconds: what CPython allows, in microseconds of 63 bits.
    const TIMEOUT_MAX: f64 = (i64::MAX / 1_000 / 1_000_000) as f64;

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
            let limit = seconds.map(|s| clock::now().saturating_add(clock::nanos(s)));
            if !zelf.end.try_acquire(Hold::Owner)
                && !zelf.end.wait(limit, Hold::Owner, &String::new, vm)?
            {
                return Ok(());
            }
            zelf.end.release();
            // What the thread still has to do runs no Python but its thread-local finalisers.
            baton::pinned(vm, || vm.call_method(&zelf.stock, "join", ()))?;
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
        end: Option<Arc<Core>>,
        thread: u64,
        /// Which baton it runs under.
        baton: Option<u64>,
    }

    impl Start {
        /// Starts a thread of this number by `spawn`, which gets the function to call in it.
        fn thread<R>(
            function: PyObjectRef,
            end: Option<Arc<Core>>,
            vm: &VirtualMachine,
            spawn: impl FnOnce(PyObjectRef) -> PyResult<R>,
        ) -> PyResult<R> {
            let thread = next_thread();
            let baton = baton::expect(thread, vm);
            let start = Self { function, end, thread, baton }.into_ref(&vm.ctx);
            let started = baton::pinned(vm, || spawn(start.into()));
            if started.is_err() && baton.is_some() {
                baton::expect_no_more(thread);
            }
            baton::point(vm)?;
            started
        }
    }

    impl Callable for Start {
        type Args = FuncArgs;

        fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            become_thread(zelf.thread);
            if let Some(end) = &zelf.end {
                end.adopt(this_thread());
            }
            baton::begin(zelf.baton, vm);
            record::thread_begins(&zelf.function, vm);
            let outcome = zelf.function.call(args, vm);
            record::thread_ends(&zelf.function, vm);
            if let Some(end) = &zelf.end {
                end.release();
            }
            baton::end();
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
        #[pyarg(any, optional)]
        daemon: OptionalArg<PyObjectRef>,
    }

    /// As the stock functions say it: their module cannot be imported any more.
    fn refuse_at_the_end(vm: &VirtualMachine) -> PyResult<()> {
        if !vm.state.finalizing.load(Ordering::Acquire) {
            return Ok(());
        }
        let class = vm.ctx.exceptions.python_finalization_error.to_owned();
        Err(vm.new_exception_msg(class, "can't create new thread at interpreter shutdown".into()))
    }

    /// Start a thread that runs `function()`; returns the handle to join it by.
    #[pyfunction]
    fn start_joinable_thread(
        args: StartArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<ThreadHandle>> {
        refuse_at_the_end(vm)?;
        let StartArgs { function, handle, daemon } = args;
        // As CPython: anything that is true.
        let daemon = match daemon.into_option() {
            Some(daemon) => daemon.try_to_bool(vm)?,
            None => true,
        };
        if !function.is_callable() {
            return Err(vm.new_type_error("thread function must be callable"));
        }
        let handle = match handle.into_option().filter(|handle| !vm.is_none(handle)) {
            None => new_handle(stock("_stock_ThreadHandle", vm)?.call((), vm)?).into_ref(&vm.ctx),
            Some(handle) => handle
                .downcast::<ThreadHandle>()
                .map_err(|_| vm.new_type_error("'handle' must be a _ThreadHandle"))?,
        };
        let end = Some(Arc::clone(&handle.end));
        Start::thread(function, end, vm, |start| {
            let args = vec![start, handle.stock.clone(), vm.ctx.new_bool(daemon).into()];
            stock("_stock_start_joinable_thread", vm)?.call(args, vm)
        })?;
        if !daemon {
            join_at_shutdown(&handle.end, vm);
        }
        Ok(handle)
    }

    /// Start a thread that runs `function(*args, **kwargs)`; returns its identifier.
    #[pyfunction]
    #[pyfunction(name = "start_new")]
    fn start_new_thread(mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse_at_the_end(vm)?;
        let stock = stock("_stock_start_new_thread", vm)?;
        match args.args.first_mut() {
            Some(function) if function.is_callable() => {
                let own = function.clone();
                Start::thread(own, None, vm, |start| {
                    args.args[0] = start;
                    stock.call(args, vm)
                })
            }
            // The stock function knows what to say.
            _ => stock.call(args, vm),
        }
    }

    /// Set the stack of new threads, in bytes, 0 for the usual; returns what it was.
    #[pyfunction]
    fn stack_size(size: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<usize> {
        let size = size.unwrap_or_else(|| vm.ctx.new_int(0).into());
        let before = stock("_stock_stack_size", vm)?.call((size,), vm)?;
        // What was asked for is zero again only where nothing was chosen.
        if vm.state.stacksize.load() == 0 {
            vm.state.stacksize.store(limits::THREAD_STACK);
        }
        let before: usize = before.try_into_value(vm)?;
        Ok(if before == limits::THREAD_STACK { 0 } else { before })
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
                    if baton::is_member(vm) {
                        note_failure();
                    }
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
