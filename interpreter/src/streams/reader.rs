//! `asyncio.StreamReader`.

use super::Slot;
use super::reading::{NEXT, READ, READEXACTLY, READLINE, READUNTIL};
use crate::futures;
use crate::primitives::coroutine::{Call, Coroutine, Step};
use crate::primitives::{inherits, is_cancelled, wake};
use rustpython_vm::builtins::{PyBaseException, PyByteArray, PyType};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::{ArgBytesLike, FuncArgs, OptionalArg};
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Received bytes, and the one task that may wait for more.
#[pyclass(module = "_cellist_streams", name = "ReaderCore", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(super) struct ReaderCore {
    /// What a transport calls is not overridden.
    pub(super) plain: bool,
    buffer: PyMutex<PyRef<PyByteArray>>,
    pub(super) limit: AtomicUsize,
    eof: AtomicBool,
    /// The transport was told to stop reading.
    paused: AtomicBool,
    pub(super) waiter: Slot,
    pub(super) exception: Slot,
    transport: Slot,
    owner: Slot,
}

traverse!(ReaderCore: buffer, waiter, exception, transport, owner);

impl Constructor for ReaderCore {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self {
            plain: inherits(class, Self::class(&vm.ctx), &METHODS, vm),
            buffer: PyMutex::new(PyByteArray::from(Vec::new()).into_ref(&vm.ctx)),
            limit: AtomicUsize::new(0),
            eof: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            waiter: Slot::default(),
            exception: Slot::default(),
            transport: Slot::default(),
            owner: Slot::default(),
        })
    }
}

/// What others call for each piece or line.
const METHODS: [&str; 4] = ["feed_data", "readuntil", "readline", "read"];

/// Bytes that a line may have, unless the reader says otherwise; asyncio's own number.
const LIMIT: i64 = 64 * 1024;

#[derive(FromArgs)]
pub(super) struct Settings {
    #[pyarg(any, default = LIMIT)]
    limit: i64,
    #[pyarg(any, name = "loop", default)]
    owner: Option<PyObjectRef>,
}

impl Initializer for ReaderCore {
    type Args = Settings;

    fn init(zelf: &Py<Self>, args: Settings, vm: &VirtualMachine) -> PyResult<()> {
        let Some(limit) = usize::try_from(args.limit).ok().filter(|limit| *limit > 0) else {
            return Err(vm.new_value_error("Limit cannot be <= 0"));
        };
        let owner = match args.owner.filter(|owner| !vm.is_none(owner)) {
            Some(owner) => owner,
            None => {
                let events = vm.import("asyncio", 0)?.get_attr("events", vm)?;
                vm.call_method(&events, "get_event_loop", ())?
            }
        };
        if vm.call_method(&owner, "get_debug", ())?.try_to_bool(vm)? {
            // It remembers where it was made.
            return vm.call_method(zelf.as_object(), "_init", (limit, owner)).map(drop);
        }
        zelf.limit.store(limit, Ordering::Relaxed);
        zelf.owner.set(Some(owner));
        Ok(())
    }
}

impl ReaderCore {
    pub(super) fn buffer(&self) -> PyRef<PyByteArray> {
        self.buffer.lock().clone()
    }

    pub(super) fn length(&self) -> usize {
        self.buffer().borrow_buf().len()
    }

    /// Raises what the connection ended with.
    pub(super) fn check(&self, vm: &VirtualMachine) -> PyResult<()> {
        match self.exception.get() {
            Some(exception) => Err(exception.downcast::<PyBaseException>().map_err(|other| {
                vm.new_type_error(format!(
                    "exceptions must derive from BaseException, not {}",
                    other.class().name()
                ))
            })?),
            None => Ok(()),
        }
    }

    /// Nothing more can come.
    pub(super) fn is_at_end(&self) -> bool {
        self.eof.load(Ordering::SeqCst)
    }

    /// The method `name` waits for more.
    pub(super) fn wait(
        &self,
        call: &mut Call,
        name: &'static str,
        vm: &VirtualMachine,
    ) -> PyResult<Step> {
        if self.waiter.is_some() {
            return Err(vm.new_runtime_error(format!(
                "{name}() called while another coroutine is already waiting for incoming data"
            )));
        }
        if self.paused.load(Ordering::SeqCst) {
            // Nothing would ever come.
            self.resume_transport(vm)?;
        }
        let owner = vm.unwrap_or_none(self.owner.get());
        let future = futures::create(&owner, vm)?;
        self.waiter.set(Some(future.clone()));
        Ok(call.wait_for(future))
    }

    fn resume_transport(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.paused.store(false, Ordering::SeqCst);
        let transport = vm.unwrap_or_none(self.transport.get());
        vm.call_method(&transport, "resume_reading", ()).map(drop)
    }

    /// Takes all that is left at the end.
    pub(super) fn take_last(&self, vm: &VirtualMachine) -> PyObjectRef {
        let last = std::mem::take(&mut *self.buffer().borrow_buf_mut());
        vm.ctx.new_bytes(last).into()
    }

    /// Takes the first bytes out.
    pub(super) fn take(&self, count: usize, vm: &VirtualMachine) -> PyResult {
        let buffer = self.buffer();
        let (taken, left): (Vec<u8>, usize) = {
            let mut bytes = buffer.borrow_buf_mut();
            let taken = if count >= bytes.len() {
                std::mem::take(&mut *bytes)
            } else {
                bytes.drain(..count).collect()
            };
            (taken, bytes.len())
        };
        if self.paused.load(Ordering::SeqCst) && left <= self.limit.load(Ordering::Relaxed) {
            self.resume_transport(vm)?;
        }
        Ok(vm.ctx.new_bytes(taken).into())
    }

    /// Adds bytes; false after the end. [`ReaderCore::stored`] must follow.
    pub(super) fn store(&self, bytes: &[u8]) -> bool {
        if self.eof.load(Ordering::SeqCst) {
            return false;
        }
        self.buffer().borrow_buf_mut().extend_from_slice(bytes);
        true
    }

    /// Bytes were added: wakes who waits, and stops the transport when there are many.
    pub(super) fn stored(&self, vm: &VirtualMachine) -> PyResult<()> {
        if let Some(waiter) = self.waiter.replace(None)
            && !is_cancelled(&waiter, vm)?
        {
            wake(&waiter, vm.ctx.none(), vm)?;
        }
        let limit = self.limit.load(Ordering::Relaxed);
        if self.length() <= limit.saturating_mul(2) || self.paused.load(Ordering::SeqCst) {
            return Ok(());
        }
        let Some(transport) = self.transport.get() else { return Ok(()) };
        match vm.call_method(&transport, "pause_reading", ()) {
            Ok(_) => self.paused.store(true, Ordering::SeqCst),
            // One that cannot be stopped is not asked again.
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.not_implemented_error) => {
                self.transport.set(None);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[derive(FromArgs)]
struct Data {
    #[pyarg(any)]
    data: ArgBytesLike,
}

#[derive(FromArgs)]
struct Separator {
    #[pyarg(any, optional)]
    separator: OptionalArg<PyObjectRef>,
}

#[derive(FromArgs)]
struct Number {
    #[pyarg(any, optional)]
    n: OptionalArg<PyObjectRef>,
}

#[pyclass(flags(BASETYPE), with(Constructor, Initializer))]
impl ReaderCore {
    /// Adds received bytes.
    #[pymethod]
    fn feed_data(zelf: &Py<Self>, Data { data }: Data, vm: &VirtualMachine) -> PyResult<()> {
        if !data.with_ref(|bytes| zelf.store(bytes)) {
            let class = vm.ctx.exceptions.assertion_error.to_owned();
            return Err(vm.new_exception_msg(class, "feed_data after feed_eof".into()));
        }
        if data.is_empty() { Ok(()) } else { zelf.stored(vm) }
    }

    /// Reads a line. What has no line end is the last before the end; nothing, the end itself.
    #[pymethod]
    fn readline(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        if zelf.plain {
            return Ok(Coroutine::new(&READLINE, zelf.into(), None).into_pyobject(vm));
        }
        vm.call_method(zelf.as_object(), "_readline", ())
    }

    /// Reads up to and with `separator`, which may be a tuple of several.
    #[pymethod]
    fn readuntil(zelf: PyRef<Self>, args: Separator, vm: &VirtualMachine) -> Coroutine {
        let separator = args.separator.unwrap_or_else(|| vm.ctx.new_bytes(b"\n".to_vec()).into());
        Coroutine::new(&READUNTIL, zelf.into(), Some(separator))
    }

    /// Reads what is there, at most `n` bytes, waiting for the first; without `n`, all there will
    /// be.
    #[pymethod]
    fn read(zelf: PyRef<Self>, args: Number, vm: &VirtualMachine) -> Coroutine {
        let number = args.n.unwrap_or_else(|| vm.ctx.new_int(-1).into());
        Coroutine::new(&READ, zelf.into(), Some(number))
    }

    /// Reads `n` bytes; raises IncompleteReadError when there are not so many.
    #[pymethod]
    fn readexactly(zelf: PyRef<Self>, n: PyObjectRef) -> Coroutine {
        Coroutine::new(&READEXACTLY, zelf.into(), Some(n))
    }

    #[pymethod]
    fn __anext__(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        if zelf.plain {
            return Ok(Coroutine::new(&NEXT, zelf.into(), None).into_pyobject(vm));
        }
        vm.call_method(zelf.as_object(), "_next", ())
    }

    // Attributes that asyncio's own methods work with

    #[pygetset]
    fn _buffer(zelf: &Py<Self>) -> PyRef<PyByteArray> {
        zelf.buffer()
    }

    #[pygetset(setter)]
    fn set__buffer(zelf: &Py<Self>, value: PyRef<PyByteArray>) {
        let old = std::mem::replace(&mut *zelf.buffer.lock(), value);
        drop(old);
    }

    #[pygetset]
    fn _limit(zelf: &Py<Self>) -> usize {
        zelf.limit.load(Ordering::Relaxed)
    }

    #[pygetset(setter)]
    fn set__limit(zelf: &Py<Self>, value: usize) {
        zelf.limit.store(value, Ordering::Relaxed);
    }

    #[pygetset]
    fn _eof(zelf: &Py<Self>) -> bool {
        zelf.eof.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__eof(zelf: &Py<Self>, value: bool) {
        zelf.eof.store(value, Ordering::SeqCst);
    }

    #[pygetset]
    fn _paused(zelf: &Py<Self>) -> bool {
        zelf.paused.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__paused(zelf: &Py<Self>, value: bool) {
        zelf.paused.store(value, Ordering::SeqCst);
    }

    #[pygetset]
    fn _waiter(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.waiter.get()
    }

    #[pygetset(setter)]
    fn set__waiter(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.waiter.set(value);
    }

    #[pygetset]
    fn _exception(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.exception.get()
    }

    #[pygetset(setter)]
    fn set__exception(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.exception.set(value);
    }

    #[pygetset]
    fn _transport(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.transport.get()
    }

    #[pygetset(setter)]
    fn set__transport(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.transport.set(value);
    }

    #[pygetset]
    fn _loop(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.owner.get()
    }

    #[pygetset(setter)]
    fn set__loop(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.owner.set(value);
    }
}
