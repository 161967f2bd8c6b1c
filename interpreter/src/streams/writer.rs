//! `asyncio.StreamWriter`.

use super::reader::ReaderCore;
use super::transport::TransportCore;
use super::{Slot, names};
use crate::primitives::coroutine::{Coroutine, Routine, Step};
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

/// Writes to a transport.
#[pyclass(module = "_cellist_streams", name = "WriterCore", traverse = "manual")]
#[derive(Debug, Default, PyPayload)]
pub(super) struct WriterCore {
    transport: Slot,
    protocol: Slot,
    reader: Slot,
}

traverse!(WriterCore: transport, protocol, reader);

impl Constructor for WriterCore {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self::default())
    }
}

static DRAIN: Routine = Routine {
    name: "StreamWriter.drain",
    begin: |call, vm| {
        let writer: PyRef<WriterCore> = call.target.clone().try_into_value(vm)?;
        if writer.has_nothing_to_wait_for(vm)? {
            return Ok(Step::Done(vm.ctx.none()));
        }
        vm.call_method(&call.target, "_drain", ()).map(Step::Await)
    },
    resume: |_, outcome, _| outcome.map(Step::Done),
};

impl WriterCore {
    /// The connection is open and in order, and its protocol has not been told to pause.
    fn has_nothing_to_wait_for(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let (Some(transport), Some(protocol)) = (self.transport.get(), self.protocol.get()) else {
            return Ok(false);
        };
        let in_order = match self.reader.get() {
            Some(reader) => reader
                .downcast_ref::<ReaderCore>()
                .is_some_and(|reader| reader.plain && !reader.exception.is_some()),
            None => true,
        };
        let open = transport
            .downcast_ref::<TransportCore>()
            .is_some_and(|transport| transport.is_open() && transport.is_stream_of(&protocol));
        if !in_order || !open {
            return Ok(false);
        }
        for name in [names(vm).lost, names(vm).paused] {
            if protocol.get_attr(name, vm)?.try_to_bool(vm)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[derive(FromArgs)]
struct Data {
    #[pyarg(any)]
    data: PyObjectRef,
}

#[pyclass(flags(BASETYPE), with(Constructor))]
impl WriterCore {
    /// Sends at once what can be sent, and the rest later: see `drain()`.
    #[pymethod]
    fn write(zelf: &Py<Self>, Data { data }: Data, vm: &VirtualMachine) -> PyResult<()> {
        let transport = vm.unwrap_or_none(zelf.transport.get());
        if let Some(core) = transport.downcast_ref::<TransportCore>()
            && core.plain
        {
            return TransportCore::write(core, data, vm);
        }
        vm.call_method(&transport, "write", (data,)).map(drop)
    }

    /// Waits until not much is left to send.
    #[pymethod]
    fn drain(zelf: PyRef<Self>) -> Coroutine {
        Coroutine::new(&DRAIN, zelf.into(), None)
    }

    // Attributes that asyncio's own methods work with

    #[pygetset]
    fn _transport(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.transport.get()
    }

    #[pygetset(setter)]
    fn set__transport(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.transport.set(value);
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
    fn _reader(zelf: &Py<Self>) -> Option<PyObjectRef> {
        zelf.reader.get()
    }

    #[pygetset(setter)]
    fn set__reader(zelf: &Py<Self>, value: Option<PyObjectRef>) {
        zelf.reader.set(value);
    }
}
