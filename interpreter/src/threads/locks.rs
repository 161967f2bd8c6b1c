//! `_thread.lock` and `_thread.RLock`.

#[rustpython_vm::pymodule(name = "_thread")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
pub(super) mod _thread {
    use crate::clock;
    use crate::threads::baton;
    use crate::threads::core::{Core, Hold};
    use rustpython_vm::builtins::{PyTupleRef, PyType, PyTypeRef};
    use rustpython_vm::function::{FuncArgs, TimeoutSeconds};
    use rustpython_vm::types::{Constructor, Representable};
    use rustpython_vm::{AsObject, FromArgs, Py, PyPayload, PyResult, VirtualMachine, pyclass};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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
            false => {
                baton::point(vm)?;
                return Ok(core.try_acquire(hold));
            }
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
        baton::point(vm)?;
        if core.try_acquire(hold) {
            return Ok(true);
        }
        let limit = limit.map(|seconds| clock::now().saturating_add(clock::nanos(seconds)));
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
            let args = AcquireArgs { blocking: true, timeout: TimeoutSeconds::new(-1.0) };
            Self::take(zelf, &args, Hold::Owner, vm)
        }

        /// Release the lock, which any thread may do.
        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if zelf.core.release() {
                return baton::point(vm);
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
                return baton::point(vm);
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
}
