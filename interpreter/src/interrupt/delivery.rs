//! `_cellist_interrupt`: sees to it that a KeyboardInterrupt reaches the user's code.
//!
//! What interpreters do with an exception from a weak reference's callback, from `__del__` and from
//! attributes that they merely try is to drop it. A KeyboardInterrupt that a signal raises just
//! there would be lost, and the cell would run on.

use rustpython_vm::signal::{SignalNum, set_interrupt_ex};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Modules whose functions run for a few instructions as callbacks, or are tried.
const DROPPING: [&str; 5] =
    ["_frozen_importlib", "importlib._bootstrap", "weakref", "_weakrefset", "_weakref"];

/// Of these modules, what may wait long: for another thread's import. Its errors are heard.
const WAITING: &str = "acquire";

/// The KeyboardInterrupt that a signal raised last, by its id.
static RAISED: AtomicUsize = AtomicUsize::new(0);

/// Whether an exception that the frame `above` the current one raises now may be dropped.
fn may_be_dropped(above: usize, vm: &VirtualMachine) -> bool {
    let mut frame = vm.current_frame();
    for _ in 0..above {
        frame = frame.and_then(|frame| frame.f_back(vm));
    }
    let Some(frame) = frame else { return false };
    if frame.f_code().code.obj_name.as_str() == WAITING {
        return false;
    }
    let name = frame.f_globals().get_item_opt("__name__", vm).ok().flatten();
    name.is_some_and(|name| {
        name.str(vm).is_ok_and(|name| DROPPING.contains(&name.to_str().unwrap_or("")))
    })
}

/// Has the signal come again, at the next instruction.
fn again() {
    // Sets two flags; cannot fail for a signal that exists.
    let _ = set_interrupt_ex(interrupt_number());
}

fn interrupt_number() -> SignalNum {
    #[expect(unsafe_code, reason = "RustPython has no public checked way")]
    // SAFETY: SIGINT is a signal's number.
    unsafe {
        SignalNum::new_unchecked(libc::SIGINT)
    }
}

/// Puts both into their places: after `_signal` has been made and before `signal` is imported.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let ours = vm.import("_cellist_interrupt", 0)?;
    let signals = vm.import("_signal", 0)?;
    let handler = ours.get_attr("default_int_handler", vm)?;
    signals.set_attr("default_int_handler", handler.clone(), vm)?;
    vm.call_method(&signals, "signal", (libc::SIGINT, handler))?;
    let hook = ours.get_attr("unraisablehook", vm)?;
    vm.sys_module.set_attr("unraisablehook", hook, vm)
}

#[rustpython_vm::pymodule(name = "_cellist_interrupt")]
pub(crate) mod _cellist_interrupt {
    use super::{AsObject, Ordering, PyObjectRef, PyResult, RAISED, VirtualMachine, again};
    use rustpython_vm::function::FuncArgs;

    /// The handler of SIGINT: raises KeyboardInterrupt, a few instructions later if need be.
    #[pyfunction]
    fn default_int_handler(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        if super::may_be_dropped(0, vm) {
            again();
            return Ok(());
        }
        let class = vm.ctx.exceptions.keyboard_interrupt.to_owned();
        let exception = vm.new_exception_empty(class);
        RAISED.store(exception.as_object().get_id(), Ordering::Relaxed);
        Err(exception)
    }

    /// Whether a handler of SIGINT, written in Python, is to return at once: it is called again.
    #[pyfunction]
    fn put_off(vm: &VirtualMachine) -> bool {
        let later = super::may_be_dropped(1, vm);
        if later {
            again();
        }
        later
    }

    /// `sys.unraisablehook`: an interrupt that hit a `__del__` comes again, all else is told.
    #[pyfunction]
    fn unraisablehook(unraisable: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let exception = unraisable.get_attr("exc_value", vm)?;
        let interrupt =
            RAISED.compare_exchange(exception.get_id(), 0, Ordering::Relaxed, Ordering::Relaxed);
        if interrupt.is_ok() {
            again();
            return Ok(());
        }
        vm.sys_module.get_attr("__unraisablehook__", vm)?.call((unraisable,), vm).map(drop)
    }
}
