//! `_lsprof`: the native part of `cProfile`, over `sys.monitoring`.
//!
//! Events come from every thread; a profile takes those of the thread that enabled it, for only
//! there do begin and end of calls follow each other as in one stack.

mod account;

pub(crate) use _lsprof::module_def;

#[rustpython_vm::pymodule(name = "_lsprof")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
pub(crate) mod _lsprof {
    use super::account::{Account, Entry, Sums};
    use rustpython_vm::builtins::descriptor::PyMethodDescriptor;
    use rustpython_vm::builtins::{PyModule, PyStr, PyType};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::function::{ArgIntoFloat, FuncArgs, OptionalArg};
    use rustpython_vm::types::{Constructor, Initializer, PyStructSequence};
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
        pyclass, pystruct_sequence, pystruct_sequence_data,
    };
    use std::thread::ThreadId;
    use std::time::Instant;

    /// A function, its sums, and the functions it called, each with the sums of these calls.
    type Row = (PyObjectRef, Sums, Vec<(PyObjectRef, Sums)>);

    /// One function: see `Sums`.
    #[pystruct_sequence_data]
    struct EntryData {
        code: PyObjectRef,
        callcount: u64,
        reccallcount: u64,
        totaltime: f64,
        inlinetime: f64,
        calls: PyObjectRef,
    }

    /// A function of a profile: its code, number of calls, those of them that were recursive,
    /// seconds with and without the functions that it called, and a list of `profiler_subentry`.
    #[pyattr]
    #[pystruct_sequence(name = "profiler_entry", module = "_lsprof", data = "EntryData")]
    struct PyEntry;

    #[pyclass(with(PyStructSequence))]
    impl PyEntry {}

    #[pystruct_sequence_data]
    struct SubentryData {
        code: PyObjectRef,
        callcount: u64,
        reccallcount: u64,
        totaltime: f64,
        inlinetime: f64,
    }

    /// The calls from one function to another: as `profiler_entry`.
    #[pyattr]
    #[pystruct_sequence(name = "profiler_subentry", module = "_lsprof", data = "SubentryData")]
    struct PySubentry;

    #[pyclass(with(PyStructSequence))]
    impl PySubentry {}

    /// How an event reaches the profiler: the event's name in `sys.monitoring.events`, and the method.
    const CALLBACKS: [(&str, &str); 9] = [
        ("PY_START", "_pystart_callback"),
        ("PY_RESUME", "_pystart_callback"),
        ("PY_THROW", "_pystart_callback"),
        ("PY_RETURN", "_pyreturn_callback"),
        ("PY_YIELD", "_pyreturn_callback"),
        ("PY_UNWIND", "_pyreturn_callback"),
        ("CALL", "_ccall_callback"),
        ("C_RETURN", "_creturn_callback"),
        ("C_RAISE", "_creturn_callback"),
    ];

    const BUSY: &str = "Another profiling tool is already active";

    struct Settings {
        timer: Option<PyObjectRef>,
        unit: f64,
        subcalls: bool,
        builtins: bool,
        /// The thread that is profiled, while one is.
        thread: Option<ThreadId>,
        in_timer: bool,
    }

    /// Profiles what runs between `enable()` and `disable()`, on the thread that calls them.
    #[pyattr]
    #[pyclass(name = "Profiler", module = "_lsprof")]
    #[derive(PyPayload)]
    pub struct Profiler {
        settings: PyMutex<Settings>,
        account: PyMutex<Account<PyObjectRef>>,
        zero: Instant,
    }

    impl std::fmt::Debug for Profiler {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Profiler")
        }
    }

    #[derive(FromArgs)]
    pub struct NewArgs {
        #[pyarg(any, optional)]
        timer: OptionalArg<PyObjectRef>,
        #[pyarg(any, optional)]
        timeunit: OptionalArg<ArgIntoFloat>,
        #[pyarg(any, default = true)]
        subcalls: bool,
        #[pyarg(any, default = true)]
        builtins: bool,
    }

    #[derive(FromArgs)]
    pub struct EnableArgs {
        #[pyarg(any, optional)]
        subcalls: OptionalArg<bool>,
        #[pyarg(any, optional)]
        builtins: OptionalArg<bool>,
    }

    impl Constructor for Profiler {
        type Args = FuncArgs;

        fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self {
                settings: PyMutex::new(Settings {
                    timer: None,
                    unit: 0.0,
                    subcalls: true,
                    builtins: true,
                    thread: None,
                    in_timer: false,
                }),
                account: PyMutex::new(Account::default()),
                zero: Instant::now(),
            })
        }
    }

    impl Initializer for Profiler {
        type Args = NewArgs;

        fn init(zelf: &Py<Self>, args: NewArgs, vm: &VirtualMachine) -> PyResult<()> {
            let timer = args.timer.into_option().filter(|timer| !vm.is_none(timer));
            let mut settings = zelf.settings.lock();
            settings.unit = args.timeunit.into_option().map_or(0.0, ArgIntoFloat::into_float);
            settings.subcalls = args.subcalls;
            settings.builtins = args.builtins;
            let old = std::mem::replace(&mut settings.timer, timer);
            drop(settings);
            drop(old);
            Ok(())
        }
    }

    #[pyclass(flags(BASETYPE, HAS_DICT), with(Constructor, Initializer))]
    impl Profiler {
        /// Begins to profile this thread; what was profiled before is kept. `subcalls`: who called
        /// whom; `builtins`: functions of native code too.
        #[pymethod]
        fn enable(zelf: &Py<Self>, args: EnableArgs, vm: &VirtualMachine) -> PyResult<()> {
            let monitoring = monitoring(vm)?;
            let tool = monitoring.get_attr("PROFILER_ID", vm)?;
            vm.call_method(&monitoring, "use_tool_id", (tool.clone(), "cProfile"))
                .map_err(|_| vm.new_value_error(BUSY))?;
            let events = monitoring.get_attr("events", vm)?;
            let mut mask = 0;
            for (event, method) in CALLBACKS {
                let number = events.get_attr(event, vm)?;
                let method = zelf.as_object().get_attr(method, vm)?;
                vm.call_method(
                    &monitoring,
                    "register_callback",
                    (tool.clone(), number.clone(), method),
                )?;
                // The end of native calls comes with their begin.
                if !event.starts_with("C_") {
                    mask |= number.try_into_value::<i32>(vm)?;
                }
            }
            {
                let mut settings = zelf.settings.lock();
                settings.thread = Some(std::thread::current().id());
                if let OptionalArg::Present(subcalls) = args.subcalls {
                    settings.subcalls = subcalls;
                }
                if let OptionalArg::Present(builtins) = args.builtins {
                    settings.builtins = builtins;
                }
            }
            vm.call_method(&monitoring, "set_events", (tool, mask)).map(drop)
        }

        /// Ends the profile; `enable()` goes on with it.
        #[pymethod]
        fn disable(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            {
                let settings = zelf.settings.lock();
                if settings.in_timer {
                    return Err(vm.new_runtime_error("cannot disable profiler in external timer"));
                }
                if settings.thread.is_none() {
                    return Ok(());
                }
            }
            let monitoring = monitoring(vm)?;
            let tool = monitoring.get_attr("PROFILER_ID", vm)?;
            vm.call_method(&monitoring, "set_events", (tool.clone(), 0))?;
            let events = monitoring.get_attr("events", vm)?;
            for (event, _) in CALLBACKS {
                let number = events.get_attr(event, vm)?;
                vm.call_method(
                    &monitoring,
                    "register_callback",
                    (tool.clone(), number, vm.ctx.none()),
                )?;
            }
            vm.call_method(&monitoring, "free_tool_id", (tool,))?;
            let now = zelf.now(vm);
            let subcalls = {
                let mut settings = zelf.settings.lock();
                settings.thread = None;
                settings.subcalls
            };
            zelf.account.lock().end_all(subcalls, now);
            Ok(())
        }

        /// Forgets what was profiled.
        #[pymethod]
        fn clear(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if zelf.settings.lock().in_timer {
                return Err(vm.new_runtime_error("cannot clear profiler in external timer"));
            }
            // Dropped without the lock: what it held may run code as it goes.
            let old = std::mem::take(&mut *zelf.account.lock());
            drop(old);
            Ok(())
        }

        /// A list of `profiler_entry`, one for each function.
        #[pymethod]
        fn getstats(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
            if zelf.settings.lock().thread.is_some() {
                Self::disable(zelf, vm)?;
            }
            let rows: Vec<Row> = {
                let account = zelf.account.lock();
                let callees = |entry: &Entry<PyObjectRef>| {
                    let found = entry.callees.iter();
                    found
                        .filter_map(|(key, sums)| {
                            Some((account.entry(*key)?.object.clone(), *sums))
                        })
                        .collect()
                };
                let entries = account.entries().filter(|entry| entry.sums.calls > 0);
                entries.map(|entry| (entry.object.clone(), entry.sums, callees(entry))).collect()
            };
            rows.into_iter()
                .map(|(object, sums, callees)| {
                    let calls = callees.into_iter().filter(|(_, sums)| sums.calls > 0).map(
                        |(object, sums)| {
                            let data = SubentryData {
                                code: label(object, vm)?,
                                callcount: sums.calls,
                                reccallcount: sums.recursive,
                                totaltime: sums.total,
                                inlinetime: sums.inline,
                            };
                            Ok(PySubentry::from_data(data, vm).into())
                        },
                    );
                    let calls = calls.collect::<PyResult<Vec<PyObjectRef>>>()?;
                    let calls = if calls.is_empty() {
                        vm.ctx.none()
                    } else {
                        vm.ctx.new_list(calls).into()
                    };
                    let data = EntryData {
                        code: label(object, vm)?,
                        callcount: sums.calls,
                        reccallcount: sums.recursive,
                        totaltime: sums.total,
                        inlinetime: sums.inline,
                        calls,
                    };
                    Ok(PyEntry::from_data(data, vm).into())
                })
                .collect()
        }

        #[pymethod]
        fn _pystart_callback(
            zelf: &Py<Self>,
            code: PyObjectRef,
            _offset: PyObjectRef,
            _rest: OptionalArg<PyObjectRef>,
            vm: &VirtualMachine,
        ) {
            zelf.enter(code.get_id(), || code, vm);
        }

        #[pymethod]
        fn _pyreturn_callback(
            zelf: &Py<Self>,
            code: PyObjectRef,
            _offset: PyObjectRef,
            _value: PyObjectRef,
            vm: &VirtualMachine,
        ) {
            zelf.leave(code.get_id(), vm);
        }

        #[pymethod]
        fn _ccall_callback(
            zelf: &Py<Self>,
            _code: PyObjectRef,
            _offset: PyObjectRef,
            callable: PyObjectRef,
            _argument: PyObjectRef,
            vm: &VirtualMachine,
        ) {
            if let Some(function) = zelf.counted(&callable, vm) {
                zelf.enter(function.get_id(), || function, vm);
            }
        }

        #[pymethod]
        fn _creturn_callback(
            zelf: &Py<Self>,
            _code: PyObjectRef,
            _offset: PyObjectRef,
            callable: PyObjectRef,
            _argument: PyObjectRef,
            vm: &VirtualMachine,
        ) {
            if let Some(function) = zelf.counted(&callable, vm) {
                zelf.leave(function.get_id(), vm);
            }
        }
    }

    impl Profiler {
        /// The native function on which a call of it is booked, if such calls are.
        fn counted(&self, callable: &PyObject, vm: &VirtualMachine) -> Option<PyObjectRef> {
            let builtins = self.settings.lock().builtins;
            builtins.then(|| native(callable, vm)).flatten()
        }

        fn is_mine(&self) -> Option<bool> {
            let settings = self.settings.lock();
            let mine = settings.thread == Some(std::thread::current().id()) && !settings.in_timer;
            mine.then_some(settings.subcalls)
        }

        fn enter(&self, key: usize, object: impl FnOnce() -> PyObjectRef, vm: &VirtualMachine) {
            if let Some(subcalls) = self.is_mine() {
                let now = self.now(vm);
                self.account.lock().begin(key, object, subcalls, now);
            }
        }

        fn leave(&self, key: usize, vm: &VirtualMachine) {
            if let Some(subcalls) = self.is_mine()
                && self.account.lock().is_running(key)
            {
                let now = self.now(vm);
                self.account.lock().end(key, subcalls, now);
            }
        }

        /// The time in seconds, by the user's timer if there is one.
        fn now(&self, vm: &VirtualMachine) -> f64 {
            let (timer, unit) = {
                let mut settings = self.settings.lock();
                settings.in_timer = settings.timer.is_some();
                (settings.timer.clone(), settings.unit)
            };
            let Some(timer) = timer else {
                return self.zero.elapsed().as_secs_f64();
            };
            let value = timer
                .call((), vm)
                .and_then(|value| value.try_float(vm).map(|value| value.to_f64()));
            self.settings.lock().in_timer = false;
            match value {
                Ok(value) => value * if unit > 0.0 { unit } else { 1.0 },
                Err(error) => {
                    vm.run_unraisable(error, None, timer);
                    0.0
                }
            }
        }
    }

    fn monitoring(vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        vm.import("sys", 0)?.get_attr("monitoring", vm)
    }

    /// What stands for the native function that is called, the same for every object whose method
    /// it is; None when it is not native.
    fn native(callable: &PyObject, vm: &VirtualMachine) -> Option<PyObjectRef> {
        if callable.downcast_ref::<PyMethodDescriptor>().is_some() {
            return Some(callable.to_owned());
        }
        if !is_function(callable, vm) {
            return None;
        }
        let owner = callable.get_attr("__self__", vm).ok();
        let Some(owner) = owner.filter(|owner| !vm.is_none(owner) && !is_module(owner)) else {
            return Some(callable.to_owned());
        };
        let name = callable.get_attr("__name__", vm).ok()?;
        let name = name.downcast_ref::<PyStr>()?;
        let found = owner.class().get_attr(vm.ctx.intern_str(name.to_string_lossy().into_owned()));
        Some(found.unwrap_or_else(|| callable.to_owned()))
    }

    fn is_function(object: &PyObject, vm: &VirtualMachine) -> bool {
        object.class().is(vm.ctx.types.builtin_function_or_method_type)
    }

    fn is_module(object: &PyObject) -> bool {
        object.downcast_ref::<PyModule>().is_some()
    }

    /// The text for a native function, else the code itself.
    fn label(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        if let Some(method) = object.downcast_ref::<PyMethodDescriptor>() {
            let class = method.common.typ;
            let module = class.as_object().get_attr("__module__", vm)?.str(vm)?;
            let prefix =
                if module.as_bytes() == b"builtins" { String::new() } else { format!("{module}.") };
            let name = object.get_attr("__name__", vm)?.str(vm)?;
            let text = format!("<method '{name}' of '{prefix}{}' objects>", class.name());
            return Ok(vm.ctx.new_str(text).into());
        }
        if !is_function(&object, vm) {
            return Ok(object);
        }
        let name = object.get_attr("__name__", vm)?.str(vm)?;
        let module = object.get_attr("__module__", vm).ok();
        let text = match module.filter(|module| !vm.is_none(module)) {
            Some(module) => format!("<built-in method {}.{name}>", module.str(vm)?),
            None => format!("<built-in method {name}>"),
        };
        Ok(vm.ctx.new_str(text).into())
    }
}
