//! What a task or thread waits for. Only looked for while a timeline is taken.

use super::{site, what};
use crate::tasks::{Gathering, Sleep};
use rustpython_vm::builtins::{PyCoroutine, PyGenerator};
use rustpython_vm::{PyObject, PyObjectRef, VirtualMachine};

/// How deep coroutines are followed.
const DEPTH: usize = 100;

/// The innermost line of the user's in a chain of coroutines that ends in `future`, and the function
/// of the library that it awaits: their numbers.
pub(super) fn of(coroutine: &PyObject, future: &PyObject, vm: &VirtualMachine) -> (u32, u8) {
    let mut place = 0;
    let mut library: Option<String> = None;
    let mut next: Option<PyObjectRef> = Some(coroutine.to_owned());
    for _ in 0..DEPTH {
        let Some(now) = next.take() else { break };
        let coroutine = match now.downcast_ref::<PyCoroutine>() {
            Some(coroutine) => Some(coroutine.as_coro()),
            None => now.downcast_ref::<PyGenerator>().map(|it| it.as_coro()),
        };
        let Some(coroutine) = coroutine else {
            library = library.or_else(|| native_name(&now, vm));
            break;
        };
        let Some(frame) = coroutine.frame_opt() else { break };
        let code = coroutine.code();
        if site::is_users(&code) {
            place = site::number(&code, frame.lasti());
            library = None;
        } else if library.is_none() {
            library = Some(code.code.qualname.as_str().to_owned());
        }
        next = frame.yield_from_target();
    }
    let plain = if future.downcast_ref::<Gathering>().is_some() { "gather" } else { "future" };
    (place, what::number(library.as_deref().unwrap_or(plain)))
}

/// The name of what is no coroutine in Python.
fn native_name(object: &PyObject, vm: &VirtualMachine) -> Option<String> {
    if object.downcast_ref_if_exact::<Sleep>(vm).is_some() {
        return Some("sleep".to_owned());
    }
    // An iterator of a future has none.
    let name = vm.get_attribute_opt(object, "__qualname__").ok()??;
    Some(name.str(vm).ok()?.to_string_lossy().into_owned())
}

/// The same of a thread that is about to wait for a lock.
pub(super) fn for_lock(label: &dyn Fn() -> String) -> (u32, u8) {
    let here = site::standing();
    if here.site == 0 {
        // Nothing of the user's: a thread of a pool that has nothing to do.
        return (0, what::number("idle"));
    }
    let name = here.called.unwrap_or_else(|| {
        let label = label();
        match label.as_str() {
            "" => "Thread.join".to_owned(),
            label if label.starts_with("<RLock") => "RLock".to_owned(),
            _ => "lock".to_owned(),
        }
    });
    (here.site, what::number(&name))
}
