//! Who waits for which descriptor.

use super::LoopCore;
use super::handle::cancel;
use super::os_error;
use rustpython_vm::builtins::PyInt;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::os::fd::RawFd;

impl LoopCore {
    pub(super) fn add(
        zelf: &Py<Self>,
        mut args: FuncArgs,
        read: bool,
        vm: &VirtualMachine,
    ) -> PyResult {
        zelf.open_or_raise(vm)?;
        let Some(fd) = args.take_positional_keyword("fd") else {
            return Err(vm.new_type_error("missing 1 required positional argument: 'fd'"));
        };
        let fd = descriptor(&fd, vm)?;
        let handle: PyObjectRef = Self::handle(zelf, args, None, vm)?.into();
        let mut queue = zelf.queue.lock();
        let before = queue.descriptors.get(&fd);
        let reads = read || before.is_some_and(|interest| interest.reader.is_some());
        let writes = !read || before.is_some_and(|interest| interest.writer.is_some());
        zelf.poller.watch(fd, reads, writes).map_err(|error| os_error(error, vm))?;
        let interest = queue.descriptors.entry(fd).or_default();
        let slot = if read { &mut interest.reader } else { &mut interest.writer };
        let replaced = slot.replace(handle.clone());
        drop(queue);
        cancel(replaced, vm)?;
        Ok(handle)
    }

    pub(super) fn remove(&self, fd: &PyObject, read: bool, vm: &VirtualMachine) -> PyResult<bool> {
        if self.is_shut() {
            return Ok(false);
        }
        let Ok(fd) = descriptor(fd, vm) else { return Ok(false) };
        let mut queue = self.queue.lock();
        let Some(interest) = queue.descriptors.get_mut(&fd) else { return Ok(false) };
        let slot = if read { &mut interest.reader } else { &mut interest.writer };
        let removed = slot.take();
        let (reads, writes) = (interest.reader.is_some(), interest.writer.is_some());
        if !reads && !writes {
            queue.descriptors.remove(&fd);
        }
        let watched = self.poller.watch(fd, reads, writes);
        drop(queue);
        watched.map_err(|error| os_error(error, vm))?;
        let found = removed.is_some();
        cancel(removed, vm)?;
        Ok(found)
    }
}

/// The number of a descriptor, or of an object that has one.
fn descriptor(object: &PyObject, vm: &VirtualMachine) -> PyResult<RawFd> {
    let number = match object.downcast_ref::<PyInt>() {
        Some(int) => i32::try_from(int.as_bigint()).ok(),
        None => {
            let number = vm.call_method(object, "fileno", ());
            number.ok().and_then(|number| number.try_into_value::<i32>(vm).ok())
        }
    };
    match number {
        Some(fd) if fd >= 0 => Ok(fd),
        Some(fd) => Err(vm.new_value_error(format!("Invalid file descriptor: {fd}"))),
        None => {
            let repr = object.repr(vm)?;
            Err(vm.new_value_error(format!("Invalid file object: {}", repr.as_wtf8())))
        }
    }
}
