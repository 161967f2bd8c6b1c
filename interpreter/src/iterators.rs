//! Iterators that look for signals. Native code that draws from one, such as `sum(range(10**9))`,
//! does not come to where the interpreter looks; now the iterator does it now and then.

use rustpython_vm::builtins::PyType;
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};
use std::cell::Cell;
use std::sync::OnceLock;

type Next = fn(&PyObject, &VirtualMachine) -> PyResult<PyIterReturn>;

/// Looks after so many items: a few microseconds' worth.
const PERIOD: u32 = 1024;

static STOCK: [OnceLock<Next>; 6] = [const { OnceLock::new() }; 6];

thread_local! {
    static DRAWN: Cell<u32> = const { Cell::new(0) };
}

/// For the interpreter's start.
///
/// # Errors
/// When `itertools` cannot be imported.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let types = &vm.ctx.types;
    wrap(types.range_iterator_type, &STOCK[0], next::<0>);
    wrap(types.long_range_iterator_type, &STOCK[1], next::<1>);
    wrap(types.callable_iterator, &STOCK[2], next::<2>);
    // Those that need no other iterator and may go on for ever.
    let module = vm.import("itertools", 0)?;
    for (name, stock, next) in [
        ("count", &STOCK[3], next::<3> as Next),
        ("repeat", &STOCK[4], next::<4>),
        ("cycle", &STOCK[5], next::<5>),
    ] {
        if let Ok(class) = module.get_attr(name, vm)?.downcast::<PyType>() {
            wrap(&class, stock, next);
        }
    }
    Ok(())
}

fn wrap(class: &Py<PyType>, stock: &OnceLock<Next>, next: Next) {
    // A second interpreter in the process finds it done.
    if let Some(before) = class.slots.iternext.load()
        && stock.set(before).is_ok()
    {
        class.slots.iternext.store(Some(next));
    }
}

fn next<const N: usize>(iterator: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    let drawn = DRAWN.get().wrapping_add(1);
    DRAWN.set(drawn);
    if drawn.is_multiple_of(PERIOD) {
        vm.check_signals()?;
    }
    match STOCK[N].get() {
        Some(next) => next(iterator, vm),
        None => Ok(PyIterReturn::StopIteration(None)),
    }
}
