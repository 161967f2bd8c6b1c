//! `_cellist`: the part of the Python side that is native, and its way to the sink.

use crate::capture;
use crate::event::{Event, Origin, Sink, StreamName};
use crate::footprint::poll_at_rest;
use rustix::event::{PollFd, PollFlags};
use rustpython_vm::{PyResult, VirtualMachine};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The sink of the process's session. One session per process: Python's own `sys.stdout` and the
/// signal handlers are as global.
static SINK: OnceLock<Arc<dyn Sink>> = OnceLock::new();

/// Set in a child that user code forked: the sink's threads do not exist there, so output goes to
/// the file descriptors instead.
static DETACHED: AtomicBool = AtomicBool::new(false);

/// Registers the session's sink; false when there is one already.
pub(crate) fn set_sink(sink: Arc<dyn Sink>) -> bool {
    SINK.set(sink).is_ok()
}

fn sink() -> Option<&'static Arc<dyn Sink>> {
    if DETACHED.load(Ordering::Relaxed) { None } else { SINK.get() }
}

/// In a child forked by [`crate::Session::fork`]: the sink goes on.
pub(crate) fn reattach() {
    DETACHED.store(false, Ordering::Relaxed);
}

fn emit(origin: u64, event: Event) {
    if let Some(sink) = sink() {
        capture::catch_up();
        sink.emit(Origin(origin), event);
    }
}

/// Waits until `fd` is readable or a signal arrives; true when readable.
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, vm: &VirtualMachine) -> PyResult<bool> {
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let ready = vm.allow_threads(|| poll_at_rest(&mut fds, None));
    vm.check_signals()?;
    Ok(matches!(ready, Ok(1..)))
}

/// Writes to the process's own descriptor: what a forked child's `print` comes to. Standard output
/// goes out line by line, so that the lines of several children do not mix.
fn write_descriptor(name: StreamName, text: &str) {
    use std::io::Write;
    let bytes = text.as_bytes();
    // A closed descriptor has nobody to tell.
    let _ = match name {
        StreamName::Stdout => std::io::stdout().lock().write_all(bytes),
        StreamName::Stderr => std::io::stderr().lock().write_all(bytes),
    };
}

#[rustpython_vm::pymodule(name = "_cellist")]
#[expect(unreachable_pub, reason = "the macros that define Python modules need `pub`")]
#[expect(clippy::unwrap_used, reason = "in what the macros make of an attribute")]
pub(crate) mod _cellist {
    use super::{DETACHED, Event, Ordering, StreamName, emit, sink, write_descriptor};
    use crate::cell::Failure;
    use crate::comm::{CommKind, CommMessage, PythonComms};
    use crate::event::{InputError, MimeBundle, Origin};
    use crate::{capture, clock, contexts, limits, subshell};
    use rustpython_vm::builtins::{PyBytesRef, PyFloat, PyInt, PyStr, PyStrRef};
    use rustpython_vm::types::Constructor;
    use rustpython_vm::{
        AsObject, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, py_serde, pyclass,
    };
    use serde_json::Value;

    /// `sys.stdout` and `sys.stderr` of a cell: hands text to the sink under the origin that the
    /// context variable names at that moment.
    #[pyattr]
    #[pyclass(name = "StreamCore", module = "_cellist")]
    #[derive(Debug, PyPayload)]
    pub struct StreamCore {
        name: StreamName,
        origin: PyObjectRef,
    }

    impl Constructor for StreamCore {
        /// The third is the descriptor, which the Python subclass keeps.
        type Args = (PyStrRef, PyObjectRef, i32);

        fn py_new(
            _class: &Py<rustpython_vm::builtins::PyType>,
            (name, origin, _descriptor): Self::Args,
            _vm: &VirtualMachine,
        ) -> PyResult<Self> {
            let name =
                if name.as_bytes() == b"stderr" { StreamName::Stderr } else { StreamName::Stdout };
            Ok(Self { name, origin })
        }
    }

    #[pyclass(flags(BASETYPE), with(Constructor))]
    impl StreamCore {
        /// Writes text; returns its length in code points.
        #[pymethod]
        fn write(zelf: &Py<Self>, text: PyObjectRef, vm: &VirtualMachine) -> PyResult<usize> {
            let Some(text) = text.downcast_ref::<PyStr>() else {
                return Err(vm.new_type_error(format!(
                    "write() argument must be str, not {}",
                    text.class().name()
                )));
            };
            // Lone surrogates have no UTF-8 form; a notebook shows them as replacement characters.
            zelf.hand_over(&text.to_string_lossy(), vm)?;
            Ok(text.char_len())
        }

        /// Hands text to the sink, under the origin of this moment.
        pub(crate) fn hand_over(&self, content: &str, vm: &VirtualMachine) -> PyResult<()> {
            if content.is_empty() {
                return Ok(());
            }
            subshell::check(vm)?;
            let origin = current_origin(&self.origin, vm)?;
            let (allowed, cut) = content.split_at(limits::allowed(content));
            let name = self.name;
            let is_taken = capture::is_alone()
                && sink().is_some_and(|sink| sink.text(Origin(origin), name, allowed));
            if !is_taken {
                let text = allowed.to_owned();
                vm.allow_threads(|| {
                    if sink().is_some() {
                        emit(origin, Event::Stream { name, text });
                    } else {
                        write_descriptor(name, &text);
                    }
                });
            }
            if cut.is_empty() { Ok(()) } else { Err(limits::too_much_output(vm)) }
        }
    }

    fn current_origin(variable: &PyObjectRef, vm: &VirtualMachine) -> PyResult<u64> {
        let value = match contexts::value(variable, vm) {
            Some(value) => value,
            None => vm.call_method(variable, "get", (0,))?,
        };
        Ok(value
            .downcast_ref::<PyInt>()
            .and_then(|int| int.as_bigint().try_into().ok())
            .unwrap_or(0))
    }

    fn to_map(value: &PyObjectRef, vm: &VirtualMachine) -> PyResult<MimeBundle> {
        match to_json(value, vm)? {
            Value::Object(map) => Ok(map),
            _ => Ok(MimeBundle::new()),
        }
    }

    /// Counts what a display takes of the output.
    fn spend(data: &MimeBundle, vm: &VirtualMachine) -> PyResult<()> {
        let size = |value: &Value| value.as_str().map_or_else(|| value.to_string().len(), str::len);
        if limits::may_write(data.values().map(size).sum()) {
            return Ok(());
        }
        Err(limits::too_much_output(vm))
    }

    fn to_json(value: &PyObjectRef, vm: &VirtualMachine) -> PyResult<Value> {
        py_serde::serialize(vm, value, serde_json::value::Serializer)
            .map_err(|error| vm.new_value_error(format!("not representable as JSON: {error}")))
    }

    #[pyfunction]
    fn emit_display(
        origin: u64,
        data: PyObjectRef,
        metadata: PyObjectRef,
        transient: PyObjectRef,
        update: bool,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let data = to_map(&data, vm)?;
        spend(&data, vm)?;
        let event = Event::Display {
            data,
            metadata: to_map(&metadata, vm)?,
            transient: to_map(&transient, vm)?,
            update,
        };
        vm.allow_threads(|| emit(origin, event));
        Ok(())
    }

    #[pyfunction]
    fn emit_result(
        origin: u64,
        execution_count: u32,
        data: PyObjectRef,
        metadata: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let data = to_map(&data, vm)?;
        spend(&data, vm)?;
        let event = Event::Result { execution_count, data, metadata: to_map(&metadata, vm)? };
        vm.allow_threads(|| emit(origin, event));
        Ok(())
    }

    #[pyfunction]
    fn emit_clear(origin: u64, wait: bool, vm: &VirtualMachine) {
        vm.allow_threads(|| emit(origin, Event::ClearOutput { wait }));
    }

    /// Shows an exception without raising it.
    #[pyfunction]
    fn emit_error(
        origin: u64,
        ename: PyStrRef,
        evalue: PyStrRef,
        traceback: Vec<PyStrRef>,
        vm: &VirtualMachine,
    ) {
        let text = |it: PyStrRef| it.to_string_lossy().into_owned();
        let traceback = traceback.into_iter().map(text).collect();
        let failure = Failure { ename: text(ename), evalue: text(evalue), traceback };
        vm.allow_threads(|| emit(origin, Event::Error(failure)));
    }

    /// Sends a comm's message (`comm_open`, `comm_msg` or `comm_close`) to the clients.
    #[pyfunction]
    fn emit_comm(
        origin: u64,
        msg_type: PyStrRef,
        content: PyObjectRef,
        metadata: PyObjectRef,
        buffers: Vec<PyBytesRef>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let name = msg_type.to_string_lossy();
        let kind = CommKind::from_name(&name)
            .ok_or_else(|| vm.new_value_error(format!("no comm message is a {name:?}")))?;
        let message = CommMessage {
            kind,
            content: to_map(&content, vm)?,
            metadata: to_map(&metadata, vm)?,
            buffers: buffers.iter().map(|buffer| buffer.as_bytes().to_vec()).collect(),
        };
        vm.allow_threads(|| emit(origin, Event::Comm(message)));
        Ok(())
    }

    /// While the cell `running` awaits: handles one comm message that has arrived; False if there
    /// is none.
    #[pyfunction]
    fn deliver(running: u64, vm: &VirtualMachine) -> bool {
        sink().is_some_and(|sink| sink.deliver(Origin(running), &PythonComms::new(vm)))
    }

    /// The message that caused what runs: a dict with `header` and `metadata`, or None.
    #[pyfunction]
    fn cause(origin: u64, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let cause = sink()?.cause(Origin(origin))?;
        py_serde::deserialize(vm, Value::Object(cause)).ok()
    }

    /// `input()` and `getpass()`: asks the sink.
    #[pyfunction]
    fn ask(origin: u64, prompt: PyStrRef, password: bool, vm: &VirtualMachine) -> PyResult<String> {
        let prompt = prompt.to_string_lossy().into_owned();
        let answer = vm.allow_threads(|| match sink() {
            Some(sink) => {
                capture::catch_up();
                sink.input(crate::Origin(origin), &prompt, password)
            }
            None => Err(InputError::Closed),
        });
        // An interrupt may have ended the wait: its handler runs first.
        vm.check_signals()?;
        subshell::check(vm)?;
        answer.map_err(|error| match error {
            InputError::NotAllowed => vm.new_runtime_error(
                "input() has nobody to ask: this cell runs without a frontend that takes input",
            ),
            InputError::Interrupted => {
                vm.new_exception_empty(vm.ctx.exceptions.keyboard_interrupt.to_owned())
            }
            InputError::Closed => vm.new_exception_empty(vm.ctx.exceptions.eof_error.to_owned()),
        })
    }

    /// In a forked child: writes out a line that has no end yet.
    #[pyfunction]
    fn flush() {
        use std::io::Write;
        if DETACHED.load(Ordering::Relaxed) {
            // A closed descriptor has nobody to tell.
            let _ = std::io::stdout().lock().flush();
        }
    }

    /// In a forked child: output goes to the file descriptors from now on.
    #[pyfunction]
    fn detach() {
        DETACHED.store(true, Ordering::Relaxed);
    }

    /// A child was started in a way of which `fork` knows nothing.
    #[pyfunction]
    fn note_child() {
        capture::note_child();
    }

    /// Virtual nanoseconds, or None on the wall clock.
    #[pyfunction]
    fn virtual_now() -> Option<u64> {
        clock::virtual_now()
    }

    #[pyfunction]
    fn virtual_advance(nanos: u64) {
        clock::advance(nanos);
    }

    /// Lets virtual time pass for this thread: others run meanwhile. Raises what a signal handler
    /// raised.
    #[pyfunction]
    fn virtual_sleep(nanos: u64, vm: &VirtualMachine) -> PyResult<()> {
        crate::clock::sleep(nanos, vm)
    }

    /// A point at which a schedule may let another thread run: `(code, offset)` of an instruction.
    #[pyfunction]
    fn schedule_point(
        _code: PyObjectRef,
        _offset: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        crate::threads::baton::instruction(vm)
    }

    /// Waits in virtual time until one of `readers` can be read or one of `writers` written, or
    /// `nanos` have passed. True unless they have; None for a thread that is no part of the
    /// simulation, which has to wait really. In a `service` thread virtual time does not wait for
    /// what comes from outside. Raises DeadlockError when nothing can wake the thread, and what a
    /// signal handler raised.
    #[pyfunction]
    fn virtual_poll(
        readers: Vec<i32>,
        writers: Vec<i32>,
        nanos: Option<u64>,
        service: bool,
        vm: &VirtualMachine,
    ) -> PyResult<Option<bool>> {
        clock::poll(&readers, &writers, nanos, service, vm)
    }

    /// `count` more jobs (or fewer) that another process works on.
    #[pyfunction]
    fn count_jobs(count: i64) {
        crate::threads::baton::count_jobs(count);
    }

    /// A thread ended by an error: the process's exit code is to say so.
    #[pyfunction]
    fn note_failure() {
        crate::threads::note_failure();
    }

    /// The seed of the threads' schedule, or None.
    #[pyfunction]
    fn seed() -> Option<u64> {
        clock::seed()
    }

    /// Whether code of this file name is the frozen library's.
    #[pyfunction]
    fn is_library(path: PyStrRef) -> bool {
        crate::threads::deadlock::is_library(&path.to_string_lossy())
    }

    /// Lines about the other threads, and their event loops, that wait for ever.
    #[pyfunction]
    fn describe_waits(vm: &VirtualMachine) -> PyObjectRef {
        let lines = crate::threads::deadlock::describe_all(false, vm);
        let lines = lines.into_iter().map(|line| vm.ctx.new_str(line).into());
        vm.ctx.new_list(lines.collect()).into()
    }

    /// Continues virtual time at `nanos`, or with None returns to the wall clock.
    #[pyfunction]
    fn virtual_resume(nanos: Option<u64>) {
        clock::resume(nanos);
    }

    #[pyattr]
    const VIRTUAL_EPOCH: u64 = clock::VIRTUAL_EPOCH_NANOS;

    /// A function of the module `time`, on whichever clock runs: calls `wall` on the wall clock
    /// and answers itself on the virtual one.
    #[pyattr]
    #[pyclass(name = "clock_function", module = "time")]
    #[derive(Debug, PyPayload)]
    pub struct ClockFunction {
        wall: PyObjectRef,
        /// Nanoseconds added to virtual time.
        epoch: u64,
        /// Whole nanoseconds rather than float seconds.
        whole: bool,
    }

    impl Constructor for ClockFunction {
        type Args = (PyObjectRef, u64, bool);

        fn py_new(
            _class: &Py<rustpython_vm::builtins::PyType>,
            (wall, epoch, whole): Self::Args,
            _vm: &VirtualMachine,
        ) -> PyResult<Self> {
            Ok(Self { wall, epoch, whole })
        }
    }

    impl rustpython_vm::types::Callable for ClockFunction {
        type Args = ();

        fn call(zelf: &Py<Self>, (): Self::Args, vm: &VirtualMachine) -> PyResult {
            match clock::virtual_now() {
                None => zelf.wall.call((), vm),
                Some(now) if zelf.whole => Ok(vm.ctx.new_int(now + zelf.epoch).into()),
                Some(now) => Ok(PyFloat::from((now + zelf.epoch) as f64 / 1e9).into_pyobject(vm)),
            }
        }
    }

    #[pyclass(with(Constructor, rustpython_vm::types::Callable))]
    impl ClockFunction {
        #[pygetset]
        fn __wrapped__(zelf: &Py<Self>) -> PyObjectRef {
            zelf.wall.clone()
        }

        #[pygetset]
        fn __name__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            zelf.wall.get_attr("__name__", vm)
        }

        #[pygetset]
        fn __doc__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            zelf.wall.get_attr("__doc__", vm)
        }
    }
}
