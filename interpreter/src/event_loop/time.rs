//! The loop's time: nanoseconds here, seconds in Python.

use crate::clock;
use rustpython_vm::builtins::PyFloat;
use rustpython_vm::{PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

/// As [`clock::nanos`].
pub(super) fn nanos(seconds: &PyObject, vm: &VirtualMachine) -> PyResult<u64> {
    let seconds: f64 = match seconds.downcast_ref::<PyFloat>() {
        Some(float) => float.to_f64(),
        None => seconds.to_owned().try_float(vm)?.to_f64(),
    };
    Ok(clock::nanos(seconds))
}

/// As Python has it.
pub(super) fn seconds(nanos: u64, vm: &VirtualMachine) -> PyObjectRef {
    PyFloat::from(nanos as f64 / 1e9).into_pyobject(vm)
}
