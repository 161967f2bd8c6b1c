//! A session: the interpreter, its one namespace, and the cells that run in it.

mod checks;
mod comms;
mod introspection;
mod outcome;
mod start;

use crate::capture::Capture;
use crate::cell::{self, Completeness, Completion, Failure, Inspection, Outcome};
use crate::clock::{self, Clock};
use crate::event::Sink;
use crate::interrupt::{self, Interrupter};
use crate::iterators;
use crate::limits::{self, Limits, Watched};
use crate::subshell::Subshells;
use crate::{capture, footprint, history, native, vm as machine};
use cellist_history::{History, Shell};
pub use introspection::Introspection;
use introspection::failed;
use outcome::outcome;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStrRef, PyTypeRef};
use rustpython_vm::function::IntoFuncArgs;
use rustpython_vm::vm::thread;
use rustpython_vm::{AsObject, Interpreter, PyObjectRef, PyResult, VirtualMachine, py_serde};
use serde_json::Value;
use start::{settings, start_python};
use std::cell::{Cell, OnceCell};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;

/// How to start a session.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which clock to begin with.
    pub clock: Clock,
    /// The seed that draws the order of threads on the virtual clock; without one they run first
    /// in, first out.
    pub schedule: Option<u64>,
    /// Seed of string hashes; `None` is random.
    pub hash_seed: Option<u32>,
    /// Ignore the environment and the user's site packages.
    pub isolated: bool,
    /// Take over file descriptors 1 and 2, so that the output of subprocesses reaches the sink.
    pub capture_descriptors: bool,
    /// What each cell and each check may use.
    pub limits: Limits,
    /// Where cells are noted, and earlier ones found.
    pub history: Option<Arc<History>>,
    /// Say after each cell, on its standard error, which coroutines were never awaited, what held
    /// up the event loop, and which tasks and exceptions were lost. [`WARNINGS_VARIABLE`] overrides
    /// it.
    pub warnings: bool,
}

/// Set to `0` in the environment, no session warns.
pub const WARNINGS_VARIABLE: &str = "CELLIST_WARNINGS";

/// So many modules, imported by one cell, are much.
const MANY_MODULES: usize = 20;

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process has a session already.
    #[error("this process has an interpreter already")]
    Twice,
    /// The process's output could not be captured.
    #[error("the output of subprocesses cannot be captured: {0}")]
    Capture(#[from] std::io::Error),
    /// Python code that runs at the start failed.
    #[error("the Python interpreter did not start: {0}")]
    Python(String),
}

/// An interpreter with one namespace. Stays on the thread that started it, which must be the
/// process's main thread: signals land there. All other threads must block SIGINT.
///
/// That of a subshell is one more way to the same interpreter and namespace, on another thread.
pub struct Session {
    /// `None` in a subshell.
    interpreter: Option<Interpreter>,
    /// Starts subshells; `None` in one.
    subshells: Option<Subshells>,
    /// The `cellist.session.Session` of the Python side.
    side: PyObjectRef,
    /// What runs checks, once they are sealed off from cells.
    sealed: OnceCell<PyObjectRef>,
    interrupter: Interrupter,
    capture: Option<Capture>,
    limits: Cell<Limits>,
    /// Its cells in the history.
    shell: Option<Shell>,
    /// How many modules were loaded after the cell before.
    modules: Cell<usize>,
    /// Not `Send`: the virtual machine belongs to its thread.
    _thread: std::marker::PhantomData<*const ()>,
}

impl Session {
    /// Starts the interpreter on this thread; output goes to `sink` from now on.
    ///
    /// # Errors
    /// When the process has a session already, or Python's own start fails.
    pub fn start(options: &Options, sink: Arc<dyn Sink>) -> Result<Self, StartError> {
        if !native::set_sink(Arc::clone(&sink)) {
            return Err(StartError::Twice);
        }
        let capture = options.capture_descriptors.then(|| Capture::start(sink)).transpose()?;
        clock::set_seed(options.schedule);
        clock::set(options.clock);
        limits::grow_stack();
        let executable = match machine::python_program() {
            Ok(path) => Some(path),
            Err(error) => {
                tracing::warn!("`sys.executable` will not start Python: {error}");
                None
            }
        };
        let interpreter = machine::interpreter(settings(options), executable);
        let isolated = options.isolated;
        let shell = options.history.as_ref().map(history::set);
        let warns = options.warnings
            && std::env::var_os(WARNINGS_VARIABLE).is_none_or(|value| value != "0");
        let side = interpreter
            .enter(|vm| {
                limits::install(vm)
                    .and_then(|()| interrupt::install(vm))
                    .and_then(|()| iterators::install(vm))
                    .and_then(|()| start_python(vm, isolated, shell))
                    .and_then(|side| {
                        side.set_attr("warns", vm.ctx.new_bool(warns), vm)?;
                        Ok(side)
                    })
                    .inspect(|_| options.limits.apply(vm))
                    .map_err(|exc| describe(vm, &exc))
            })
            .map_err(StartError::Python)?;
        let interrupter = Interrupter::for_this_thread();
        let subshells = Some(interpreter.enter(Subshells::new));
        let interpreter = Some(interpreter);
        footprint::forget_executable();
        let (limits, modules) = (Cell::new(options.limits), Cell::new(0));
        let _thread = std::marker::PhantomData;
        Ok(Self {
            interpreter,
            subshells,
            side,
            sealed: OnceCell::new(),
            interrupter,
            capture,
            limits,
            shell,
            modules,
            _thread,
        })
    }

    /// The session of the subshell whose thread this is.
    pub(crate) fn of_subshell(
        side: PyObjectRef,
        shell: Option<Shell>,
        interrupter: Interrupter,
    ) -> Self {
        Self {
            interpreter: None,
            subshells: None,
            side,
            sealed: OnceCell::new(),
            interrupter,
            capture: None,
            limits: Cell::default(),
            shell,
            modules: Cell::new(usize::MAX - MANY_MODULES),
            _thread: std::marker::PhantomData,
        }
    }

    /// Runs Python on this thread.
    fn enter<R>(&self, run: impl FnOnce(&VirtualMachine) -> R) -> R {
        match &self.interpreter {
            Some(interpreter) => interpreter.enter(run),
            None => thread::with_current_vm(|vm| thread::attach_for_callback(vm, || run(vm))),
        }
    }

    /// Starts subshells; `None` in one.
    pub fn subshells(&self) -> Option<&Subshells> {
        self.subshells.as_ref()
    }

    /// Runs a cell to its end. Output reaches the sink meanwhile.
    pub fn run_cell(&self, cell: &cell::Cell<'_>) -> Outcome {
        self.forget_interrupts();
        let _running = self.interrupter.running();
        if let Some(capture) = &self.capture {
            // What still comes of the cell before is the cell's before.
            capture.drain();
        }
        capture::belongs_to(cell.origin);
        let outcome = self.enter(|vm| {
            // Limits are the main thread's.
            let _watched = match self.interpreter.as_ref().map(|_| self.watch()).transpose() {
                Ok(watched) => watched,
                Err(failure) => return Outcome::Error(failure),
            };
            let expressions = from_json(vm, Value::Object(cell.user_expressions.clone()));
            let arguments = (
                vm.ctx.new_str(cell.source),
                vm.ctx.new_int(cell.origin.0),
                vm.ctx.new_int(cell.execution_count),
                vm.ctx.new_bool(cell.silent),
                vm.ctx.new_bool(cell.kept && !cell.silent),
                expressions,
            );
            match self.call(vm, "run_cell", arguments) {
                Ok(answer) => outcome(&answer),
                Err(failure) => Outcome::Error(failure),
            }
        });
        if let Some(capture) = &self.capture {
            capture.drain();
        }
        self.let_go();
        outcome
    }

    /// After a cell that imported much: what imports need of the executable is not needed again.
    fn let_go(&self) {
        let modules = self.enter(|vm| {
            let modules = vm.sys_module.get_attr("modules", vm)?;
            modules.length(vm)
        });
        let modules = modules.unwrap_or(0);
        if modules > self.modules.replace(modules) + MANY_MODULES {
            footprint::forget_executable();
        }
    }

    /// Drives background tasks until `wake` is readable (does not read from it).
    pub fn idle(&self, wake: BorrowedFd<'_>) {
        footprint::forget_executable_at_rest();
        let fd = wake.as_raw_fd();
        // The stop button also stops a background task that does not yield.
        // (Not of a subshell: it would be asked, and sleep on.)
        let running = self.interpreter.as_ref().map(|_| self.interrupter.running());
        self.enter(|vm| {
            match vm.call_method(&self.side, "idle", (fd,)) {
                Ok(driven) if driven.is(&vm.ctx.true_value) => {}
                // An interrupt finds nothing to stop here.
                Ok(_) => while !matches!(native::wait_readable(wake, vm), Ok(true)) {},
                Err(exc) if exc.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) => {}
                Err(exc) => vm.print_exception(&exc),
            }
        });
        drop(running);
        self.forget_interrupts();
    }

    /// From now on, while a cell awaits, the sink is asked for comm messages whenever `wake` is
    /// readable. It must stay open.
    ///
    /// # Errors
    /// Never, unless a cell has broken the Python side.
    pub fn listen(&self, wake: BorrowedFd<'_>) -> Result<(), Failure> {
        let fd = wake.as_raw_fd();
        self.ask("listen", |vm| (vm.ctx.new_int(fd),)).map(drop)
    }

    /// An interrupt that came between cells is not the next cell's.
    fn forget_interrupts(&self) {
        // Its handler raises KeyboardInterrupt, here and not in the user's code.
        self.enter(|vm| drop(vm.check_signals()));
    }

    /// Asks about source.
    pub fn introspect<R>(&self, ask: impl FnOnce(&Introspection<'_>) -> R) -> R {
        self.enter(|vm| ask(&Introspection::new(vm, self.side.clone())))
    }

    /// As [`Introspection::complete`].
    pub fn complete(&self, source: &str, cursor: usize) -> Completion {
        self.introspect(|introspection| introspection.complete(source, cursor))
    }

    /// As [`Introspection::inspect`].
    pub fn inspect(
        &self,
        source: &str,
        cursor: usize,
        detail: u8,
        omit: &[String],
    ) -> Option<Inspection> {
        self.introspect(|introspection| introspection.inspect(source, cursor, detail, omit))
    }

    /// Whether the source can be run as it stands.
    pub fn is_complete(&self, source: &str) -> Completeness {
        let answer = self.ask("is_complete", |vm| (vm.ctx.new_str(source),));
        let answer = answer.inspect_err(|failure| failed("is_complete", failure));
        let answer = strings(&answer.unwrap_or(Value::Null));
        match answer.first().map(String::as_str) {
            Some("complete") => Completeness::Complete,
            Some("incomplete") => {
                Completeness::Incomplete { indent: answer.get(1).cloned().unwrap_or_default() }
            }
            _ => Completeness::Invalid,
        }
    }

    /// From now on cells cannot reach what runs checks (see `cellist.isolation`). For a session that
    /// judges; what watches the interpreter is not to be had in it any more.
    ///
    /// # Errors
    /// When the Python side fails.
    pub fn seal(&self) -> Result<(), StartError> {
        let sealed = self.enter(|vm| {
            let seal = || -> PyResult {
                let module = vm.import("cellist.isolation", 0)?.get_attr("isolation", vm)?;
                let replace = vm.new_function("replace", replace_attribute);
                vm.call_method(&module, "seal", (self.side.clone(), replace))
            };
            seal().map_err(|exc| StartError::Python(describe(vm, &exc)))
        })?;
        // A second time changes nothing.
        let _ = self.sealed.set(sealed);
        Ok(())
    }

    /// From the next cell or check on, these are the limits. A depth of recursion that is not
    /// given stays as it is.
    pub fn set_limits(&self, limits: Limits) {
        self.limits.set(limits);
        self.enter(|vm| limits.apply(vm));
    }

    fn watch(&self) -> Result<Watched, Failure> {
        Watched::begin(&self.limits.get()).map_err(|error| Failure {
            ename: "OSError".to_owned(),
            evalue: format!("the limits cannot be watched: {error}"),
            traceback: vec![format!("OSError: the limits cannot be watched: {error}")],
        })
    }

    /// Switches the clock; virtual time begins at 0. Event loops keep the clock on which they
    /// were made.
    pub fn set_clock(&self, clock: Clock) {
        clock::set(clock);
    }

    /// Forks the process: `Some(pid)` in the parent, `None` in the child, whose sink goes on.
    /// For processes with no other thread.
    ///
    /// # Errors
    /// As fork(2).
    pub fn fork(&self) -> std::io::Result<Option<u32>> {
        self.enter(|vm| {
            let fork = || -> PyResult<i32> {
                let os = vm.import("os", 0)?;
                vm.call_method(&os, "fork", ())?.try_into_value(vm)
            };
            match fork() {
                Ok(0) => {
                    native::reattach();
                    self.interrupter.adopt_this_thread();
                    crate::threads::baton::adopt_process();
                    limits::adopt_this_thread();
                    Ok(None)
                }
                Ok(pid) => Ok(Some(pid.unsigned_abs())),
                Err(exc) => Err(std::io::Error::other(describe(vm, &exc))),
            }
        })
    }

    /// A handle with which other threads stop the running cell.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Its cells in the history, where there is one.
    pub fn shell(&self) -> Option<Shell> {
        self.shell
    }

    /// Ends the session: cancels what is left on the loop, runs atexit functions, joins threads.
    pub fn finish(self) {
        self.enter(|vm| {
            if let Err(exc) = vm.call_method(&self.side, "finish", ()) {
                vm.print_exception(&exc);
            }
        });
        let Self { interpreter, subshells, side, sealed, capture, .. } = self;
        match interpreter {
            Some(interpreter) => {
                interpreter.enter(|_| {
                    drop((side, sealed));
                    subshells.iter().for_each(Subshells::close);
                });
                interpreter.finalize(None);
            }
            None => thread::with_current_vm(|vm| thread::attach_for_callback(vm, || drop(side))),
        }
        drop(capture);
    }

    fn ask<A: IntoFuncArgs>(
        &self,
        method: &'static str,
        arguments: impl FnOnce(&VirtualMachine) -> A,
    ) -> Result<Value, Failure> {
        self.enter(|vm| {
            let arguments = arguments(vm);
            self.call(vm, method, arguments)
        })
    }

    /// Calls a method of the Python side; its answer as JSON.
    fn call(
        &self,
        vm: &VirtualMachine,
        method: &'static str,
        arguments: impl IntoFuncArgs,
    ) -> Result<Value, Failure> {
        let checks = matches!(method, "run_check" | "prepare_check");
        let function = match self.sealed.get().filter(|_| checks) {
            Some(sealed) => sealed.get_item(method, vm),
            None => self.side.get_attr(method, vm),
        };
        ask_side(vm, function, arguments)
    }
}

/// Calls a function of the Python side; its answer as JSON.
fn ask_side(
    vm: &VirtualMachine,
    function: PyResult,
    arguments: impl IntoFuncArgs,
) -> Result<Value, Failure> {
    let fail = |exc: PyBaseExceptionRef| {
        let text = describe(vm, &exc);
        // A limit may also be reached while an error is being shown.
        let (ename, evalue) = if limits::is_limit(vm, &exc) {
            let said = exc.as_object().str(vm).map(|text| text.to_string_lossy().into_owned());
            (exc.class().name().to_string(), said.unwrap_or_default())
        } else {
            ("InternalError".to_owned(), text.clone())
        };
        Failure { ename, evalue, traceback: vec![text] }
    };
    let answer = function.and_then(|f| f.call(arguments, vm)).map_err(fail)?;
    py_serde::serialize(vm, &answer, serde_json::value::Serializer).map_err(|error| Failure {
        ename: "InternalError".to_owned(),
        evalue: error.to_string(),
        traceback: vec![error.to_string()],
    })
}

/// Sets an attribute of a built-in type, which Python code cannot.
fn replace_attribute(class: PyTypeRef, name: PyStrRef, value: PyObjectRef, vm: &VirtualMachine) {
    class.set_attr(vm.ctx.intern_str(name.as_wtf8()), value);
}

fn from_json(vm: &VirtualMachine, value: Value) -> PyObjectRef {
    // Every JSON value has a Python form, so this cannot fail.
    py_serde::deserialize(vm, value).unwrap_or_else(|_| vm.ctx.none())
}

fn describe(vm: &VirtualMachine, exc: &PyBaseExceptionRef) -> String {
    let mut text = String::new();
    if vm.write_exception(&mut text, exc).is_err() {
        text = exc.class().name().to_string();
    }
    text
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
