//! `_cellist_print`: `print` for the streams of cells, one hand-over for each call.
//!
//! RustPython's own writes every value, separator and end by a method call of its own. A line that
//! is written whole is also never torn apart by another thread's.

use rustpython_vm::builtins::{PyStrInterned, PyTypeRef};
use rustpython_vm::function::{ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::sync::OnceLock;

/// The class of the streams of cells, and RustPython's `print` for all others.
static PLACE: OnceLock<(PyTypeRef, PyObjectRef)> = OnceLock::new();

/// Names that are looked for at each call.
struct Names {
    stdout: &'static PyStrInterned,
    write: &'static PyStrInterned,
}

fn names(vm: &VirtualMachine) -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| Names {
        stdout: vm.ctx.intern_str("stdout"),
        write: vm.ctx.intern_str("write"),
    })
}

/// With the signature that people see when they ask for it.
static PRINT: PyMethodDef = PyMethodDef::new_const(
    "print",
    _cellist_print::print,
    PyMethodFlags::EMPTY,
    ItemDoc::static_text(concat!(
        "print(*args, sep=' ', end='\\n', file=None, flush=False)\n--\n\n",
        "Prints the values to a stream, or to sys.stdout by default.\n\n",
        "  sep\n    string inserted between values, default a space.\n",
        "  end\n    string appended after the last value, default a newline.\n",
        "  file\n    a file-like object (stream); defaults to the current sys.stdout.\n",
        "  flush\n    whether to forcibly flush the stream.",
    )),
);

/// Puts [`PRINT`] into `builtins`; `class` is that of `sys.stdout`.
fn install(class: PyTypeRef, vm: &VirtualMachine) -> PyResult<()> {
    let stock = vm.builtins.get_attr("print", vm)?;
    // A second session in the process finds it done.
    if PLACE.set((class, stock)).is_ok() {
        let ours: PyObjectRef = PRINT.build_function(&vm.ctx).into();
        ours.set_attr("__module__", vm.ctx.new_str("builtins"), vm)?;
        vm.builtins.set_attr("print", ours, vm)?;
    }
    Ok(())
}

#[rustpython_vm::pymodule(name = "_cellist_print")]
pub(crate) mod _cellist_print {
    use super::{PLACE, PyObjectRef, PyResult, PyTypeRef, VirtualMachine, names};
    use crate::native::_cellist::StreamCore;
    use rustpython_vm::builtins::{PyInt, PyStr, PyStrRef};
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::{AsObject, Py};
    use std::fmt::Write;

    #[pyfunction]
    fn install(class: PyTypeRef, vm: &VirtualMachine) -> PyResult<()> {
        super::install(class, vm)
    }

    /// As [`PRINT`](super::PRINT) describes it.
    pub(super) fn print(values: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let Ok(out) = vm.sys_module.get_attr(names(vm).stdout, vm) else {
            return Err(vm.new_runtime_error("lost sys.stdout"));
        };
        if vm.is_none(&out) && values.kwargs.get("file").is_none_or(|file| vm.is_none(file)) {
            // A program without streams.
            return Ok(());
        }
        if let Some(stream) = stream_of_cells(&out, vm)
            && let Some([sep, end]) = separators(&values, vm)
        {
            return write(&values.args, stream, sep.as_ref(), end.as_ref(), vm);
        }
        let Some((_, stock)) = PLACE.get() else {
            return Err(vm.new_runtime_error("print has not been installed"));
        };
        stock.call(values, vm).map(drop)
    }

    /// The stream, if nobody has changed what writing to it means.
    fn stream_of_cells<'a>(
        out: &'a PyObjectRef,
        vm: &VirtualMachine,
    ) -> Option<&'a Py<StreamCore>> {
        let (class, _) = PLACE.get()?;
        let plain = out.class().is(class)
            && class.get_direct_attr(names(vm).write).is_none()
            && out.dict().is_none_or(|dict| !dict.contains_key(names(vm).write, vm));
        if plain { out.downcast_ref() } else { None }
    }

    /// `sep` and `end`, None where the usual is meant; nothing when more is asked.
    fn separators(values: &FuncArgs, vm: &VirtualMachine) -> Option<[Option<PyStrRef>; 2]> {
        let mut found = [None, None];
        for (name, value) in &values.kwargs {
            let place = match name.as_str() {
                Ok("sep") => 0,
                Ok("end") => 1,
                _ => return None,
            };
            if !vm.is_none(value) {
                found[place] = Some(value.clone().downcast_exact::<PyStr>(vm).ok()?.into_pyref());
            }
        }
        Some(found)
    }

    fn write(
        values: &[PyObjectRef],
        stream: &Py<StreamCore>,
        sep: Option<&PyStrRef>,
        end: Option<&PyStrRef>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let mut text = String::new();
        for (number, value) in values.iter().enumerate() {
            if number > 0 {
                push(&mut text, sep, " ");
            }
            if let Some(string) = value.downcast_ref_if_exact::<PyStr>(vm) {
                text.push_str(&string.to_string_lossy());
                continue;
            }
            if let Some(int) = value.downcast_ref_if_exact::<PyInt>(vm)
                && let Ok(int) = i64::try_from(int.as_bigint())
            {
                // Writing to a string does not fail.
                let _ = write!(text, "{int}");
                continue;
            }
            if !is_number(value, vm) {
                // Its `__str__` may print, or fail: what stands before it goes out before.
                stream.hand_over(&text, vm)?;
                text.clear();
            }
            text.push_str(&value.str(vm)?.to_string_lossy());
        }
        push(&mut text, end, "\n");
        stream.hand_over(&text, vm)
    }

    fn push(text: &mut String, said: Option<&PyStrRef>, usual: &str) {
        match said {
            Some(said) => text.push_str(&said.to_string_lossy()),
            None => text.push_str(usual),
        }
    }

    fn is_number(value: &PyObjectRef, vm: &VirtualMachine) -> bool {
        let types = &vm.ctx.types;
        let class = value.class();
        class.is(types.int_type) || class.is(types.float_type) || class.is(types.bool_type)
    }
}
