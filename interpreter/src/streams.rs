//! `_cellist_streams`: what is hot of asyncio's streams and of the transport of plain sockets.
//! `cellist.native_streams` joins it with asyncio's own classes, which do the rest: they find the
//! attributes they work with, and do whatever is said here to be unusual.
//!
//! There is no GIL: everything here may be called from any thread at any time.

mod reader;
mod reading;
mod transport;
mod writer;

use rustpython_vm::builtins::PyStrInterned;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::{PyObjectRef, VirtualMachine};
use std::sync::OnceLock;

pub(crate) use _cellist_streams::module_def;

#[rustpython_vm::pymodule(name = "_cellist_streams")]
mod _cellist_streams {
    use super::{reader, transport, writer};
    use rustpython_vm::builtins::PyModule;
    use rustpython_vm::class::PyClassImpl;
    use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        for class in [
            reader::ReaderCore::make_static_type(),
            transport::TransportCore::make_static_type(),
            writer::WriterCore::make_static_type(),
        ] {
            let name = class.name().to_owned();
            module.as_object().set_attr(vm.ctx.intern_str(name), class, vm)?;
        }
        Ok(())
    }
}

/// An attribute; Python's None is Rust's.
#[derive(Debug, Default)]
struct Slot(PyMutex<Option<PyObjectRef>>);

traverse!(Slot: 0);

impl Slot {
    fn get(&self) -> Option<PyObjectRef> {
        self.0.lock().clone()
    }

    fn is_some(&self) -> bool {
        self.0.lock().is_some()
    }

    fn set(&self, value: Option<PyObjectRef>) {
        drop(self.replace(value));
    }

    /// What was there before: dropping it may run Python code.
    fn replace(&self, value: Option<PyObjectRef>) -> Option<PyObjectRef> {
        std::mem::replace(&mut *self.0.lock(), value)
    }
}

/// Attributes of `asyncio.StreamReaderProtocol` that are looked at for each line.
struct Names {
    /// A weak reference to its reader.
    reader: &'static PyStrInterned,
    lost: &'static PyStrInterned,
    paused: &'static PyStrInterned,
}

fn names(vm: &VirtualMachine) -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| Names {
        reader: vm.ctx.intern_str("_stream_reader_wr"),
        lost: vm.ctx.intern_str("_connection_lost"),
        paused: vm.ctx.intern_str("_paused"),
    })
}
