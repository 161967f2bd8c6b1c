//! The transport of a plain socket: receiving and sending.

use super::reader::ReaderCore;
use super::{Slot, names};
use crate::primitives::inherits;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyBytes, PyType};
use rustpython_vm::convert::ToPyException;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU8, Ordering};

/// Bytes received at once; as many as asyncio's own transport takes.
const MAX_SIZE: usize = 256 * 1024;

thread_local! {
    static RECEIVED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Its protocol is `asyncio.StreamReaderProtocol` itself: data goes to the reader.
const STREAM: u8 = 2;
/// Its protocol gives the buffers: asyncio's own method receives.
const BUFFERED: u8 = 0;

/// A socket and the protocol that is told what happens on it.
#[pyclass(module = "_cellist_streams", name = "TransportCore", traverse = "manual")]
#[derive(Debug, PyPayload)]
pub(super) struct TransportCore {
    /// `write()` is not overridden.
    pub(super) plain: bool,
    fd: AtomicI32,
    /// 1 for a protocol with `data_received()`, else one of the constants above.
    kind: AtomicU8,
    /// Above 0 when the protocol was told, or will be soon, that the connection is lost.
    lost: AtomicI64,
    closing: AtomicBool,
    eof: AtomicBool,
    protocol: Slot,
    /// What could not be sent yet: a deque.
    buffer: Slot,
    /// Set while `sendfile` waits for the buffer to be empty.
    empty_waiter: Slot,
}

traverse!(TransportCore: protocol, buffer, empty_waiter);

impl Constructor for TransportCore {
    type Args = FuncArgs;

    fn py_new(class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self {
            plain: inherits(class, Self::class(&vm.ctx), &["write"], vm),
            fd: AtomicI32::new(-1),
            kind: AtomicU8::new(BUFFERED),
            lost: AtomicI64::new(0),
            closing: AtomicBool::new(false),
            eof: AtomicBool::new(false),
            protocol: Slot::default(),
            buffer: Slot::default(),
            empty_waiter: Slot::default(),
        })
    }
}

/// What came of receiving.
enum Received {
    Stored,
    Data(PyObjectRef),
    End,
    Nothing,
}

impl TransportCore {
    #[expect(unsafe_code, reason = "Python hands descriptors around as numbers")]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        let fd: RawFd = self.fd.load(Ordering::Relaxed);
        // SAFETY: used for one system call each; a descriptor that is closed makes that call fail.
        (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.closing.load(Ordering::SeqCst)
    }

    /// Whether `protocol` is its own, and asyncio's for streams.
    pub(super) fn is_stream_of(&self, protocol: &PyObjectRef) -> bool {
        self.kind.load(Ordering::Relaxed) == STREAM
            && self.protocol.0.lock().as_ref().is_some_and(|own| own.is(protocol))
    }

    /// The reader that a stream's protocol feeds, if it is still there.
    fn reader(&self, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        if self.kind.load(Ordering::Relaxed) != STREAM {
            return Ok(None);
        }
        let Some(protocol) = self.protocol.get() else { return Ok(None) };
        let reader = protocol.get_attr(names(vm).reader, vm)?;
        if vm.is_none(&reader) { Ok(None) } else { reader.call((), vm).map(Some) }
    }

    fn receive(
        &self,
        reader: Option<&Py<ReaderCore>>,
        vm: &VirtualMachine,
    ) -> Result<Received, Errno> {
        let Some(socket) = self.socket() else { return Ok(Received::Nothing) };
        RECEIVED.with_borrow_mut(|buffer| {
            buffer.resize(MAX_SIZE, 0);
            let (count, _) = match recv(socket, buffer.as_mut_slice(), RecvFlags::empty()) {
                Err(Errno::AGAIN | Errno::INTR) => return Ok(Received::Nothing),
                other => other?,
            };
            let bytes = &buffer[..count];
            Ok(match reader {
                _ if bytes.is_empty() => Received::End,
                Some(reader) if reader.store(bytes) => Received::Stored,
                _ => Received::Data(vm.ctx.new_bytes(bytes.to_vec()).into()),
            })
        })
    }

    fn fail(
        zelf: &Py<Self>,
        error: PyBaseExceptionRef,
        message: &'static str,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let exceptions = &vm.ctx.exceptions;
        if error.fast_isinstance(exceptions.system_exit)
            || error.fast_isinstance(exceptions.keyboard_interrupt)
        {
            return Err(error);
        }
        vm.call_method(zelf.as_object(), "_fatal_error", (error, message)).map(drop)
    }
}

fn os_error(error: Errno, vm: &VirtualMachine) -> PyBaseExceptionRef {
    std::io::Error::from(error).to_pyexception(vm)
}

#[pyclass(flags(BASETYPE), with(Constructor))]
impl TransportCore {
    /// The socket can be read.
    #[pymethod]
    fn _read_ready(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.lost.load(Ordering::SeqCst) != 0 {
            return Ok(());
        }
        if zelf.kind.load(Ordering::Relaxed) == BUFFERED {
            return vm.call_method(zelf.as_object(), "_read_ready__get_buffer", ()).map(drop);
        }
        let reader = zelf.reader(vm)?;
        let reader = reader.as_ref().and_then(|reader| reader.downcast_ref::<ReaderCore>());
        let reader = reader.filter(|reader| reader.plain);
        let told = match (zelf.receive(reader, vm), reader) {
            (Ok(Received::Nothing), _) => return Ok(()),
            (Ok(Received::End), _) => {
                return vm.call_method(zelf.as_object(), "_read_ready__on_eof", ()).map(drop);
            }
            (Ok(Received::Stored), Some(reader)) => reader.stored(vm),
            (Ok(Received::Stored), None) => Ok(()),
            (Ok(Received::Data(data)), _) => {
                let protocol = vm.unwrap_or_none(zelf.protocol.get());
                vm.call_method(&protocol, "data_received", (data,)).map(drop)
            }
            (Err(error), _) => {
                let error = os_error(error, vm);
                return Self::fail(zelf, error, "Fatal read error on socket transport", vm);
            }
        };
        told.or_else(|error| {
            let message = "Fatal error: protocol.data_received() call failed.";
            Self::fail(zelf, error, message, vm)
        })
    }

    /// Sends at once what the socket takes, and the rest later.
    #[pymethod]
    pub(super) fn write(zelf: &Py<Self>, data: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let idle = zelf.lost.load(Ordering::SeqCst) == 0
            && !zelf.eof.load(Ordering::SeqCst)
            && !zelf.empty_waiter.is_some();
        let (Some(bytes), true, Some(socket)) =
            (data.downcast_ref_if_exact::<PyBytes>(vm), idle, zelf.socket())
        else {
            return vm.call_method(zelf.as_object(), "_write", (data,)).map(drop);
        };
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(buffer) = zelf.buffer.get()
            && buffer.length(vm)? > 0
        {
            return vm.call_method(zelf.as_object(), "_write", (data,)).map(drop);
        }
        match send(socket, bytes.as_bytes(), SendFlags::NOSIGNAL) {
            Ok(sent) if sent == bytes.len() => Ok(()),
            Ok(sent) => vm.call_method(zelf.as_object(), "_keep", (data, sent)).map(drop),
            Err(Errno::AGAIN | Errno::INTR) => {
                vm.call_method(zelf.as_object(), "_keep", (data, 0)).map(drop)
            }
            Err(error) => {
                let error = os_error(error, vm);
                Self::fail(zelf, error, "Fatal write error on socket transport", vm)
            }
        }
    }

    // Attributes that asyncio's own methods work with

    /// How its protocol is told of data: 0 by `get_buffer()`, 1 by `data_received()`, 2 through
    /// its stream reader.
    #[pygetset]
    fn _kind(zelf: &Py<Self>) -> u8 {
        zelf.kind.load(Ordering::Relaxed)
    }

    #[pygetset(setter)]
    fn set__kind(zelf: &Py<Self>, value: u8) {
        zelf.kind.store(value, Ordering::Relaxed);
    }

    #[pygetset]
    fn _sock_fd(zelf: &Py<Self>) -> RawFd {
        zelf.fd.load(Ordering::Relaxed)
    }

    #[pygetset(setter)]
    fn set__sock_fd(zelf: &Py<Self>, value: RawFd) {
        zelf.fd.store(value, Ordering::Relaxed);
    }

    #[pygetset]
    fn _conn_lost(zelf: &Py<Self>) -> i64 {
        zelf.lost.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__conn_lost(zelf: &Py<Self>, value: i64) {
        zelf.lost.store(value, Ordering::SeqCst);
    }

    #[pygetset]
    fn _closing(zelf: &Py<Self>) -> bool {
        zelf.closing.load(Ordering::SeqCst)
    }

    #[pygetset(setter)]
    fn set__closing(zelf: &Py<Self>, value: bool) {
        zelf.closing.store(value, Ordering::SeqCst);
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
    fn _protocol(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.protocol.get()
    }

    #[pygetset(setter)]
    fn set__protocol(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.protocol.set(value);
    }

    #[pygetset]
    fn _buffer(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.buffer.get()
    }

    #[pygetset(setter)]
    fn set__buffer(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.buffer.set(value);
    }

    #[pygetset]
    fn _empty_waiter(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.empty_waiter.get()
    }

    #[pygetset(setter)]
    fn set__empty_waiter(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.empty_waiter.set(value);
    }
}
