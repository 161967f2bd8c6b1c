//! `_contextvars`: contexts whose copies cost nothing, and which the event loop enters natively.
//!
//! The variables of a context are one immutable table, shared by all copies; setting a variable
//! makes a new table. Programs have few context variables, so a table is a short list.

mod variable;

use rustpython_vm::builtins::PyListRef;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::function::{FuncArgs, OptionalArg, PyComparisonValue};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::protocol::{PyMappingMethods, PySequenceMethods};
use rustpython_vm::types::{
    AsMapping, AsSequence, Comparable, Constructor, Iterable, PyComparisonOp,
};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine,
    atomic_func, pyclass,
};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use variable::ContextVar;

pub(crate) use _contextvars::module_def;

/// What the variables of a context are set to.
#[pyclass(module = "_contextvars", name = "_Table", traverse = "manual")]
#[derive(Debug, Default, PyPayload)]
pub(crate) struct Table {
    rows: Vec<(PyRef<ContextVar>, PyObjectRef)>,
}

#[expect(unsafe_code, reason = "the collector's interface is unsafe to implement")]
// SAFETY: every reference owned is visited exactly once, and none is cloned.
unsafe impl Traverse for Table {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.rows.traverse(visit);
    }

    /// A task may well stand in its own context.
    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        for (variable, value) in std::mem::take(&mut self.rows) {
            out.extend([variable.into(), value]);
        }
    }
}

#[pyclass]
impl Table {
    fn get(&self, variable: &Py<ContextVar>) -> Option<&PyObjectRef> {
        self.rows.iter().find(|(each, _)| each.is(variable)).map(|(_, value)| value)
    }

    /// The same, but for one variable.
    fn with(&self, variable: &Py<ContextVar>, value: Option<PyObjectRef>) -> Self {
        let mut rows = Vec::with_capacity(self.rows.len() + 1);
        let mut value = value;
        for row in &self.rows {
            if !row.0.is(variable) {
                rows.push(row.clone());
            } else if let Some(value) = value.take() {
                rows.push((row.0.clone(), value));
            }
        }
        rows.extend(value.map(|value| (variable.to_owned(), value)));
        Self { rows }
    }
}

/// `contextvars.Context`.
#[pyclass(module = "_contextvars", name = "Context", traverse, unhashable = true)]
#[derive(Debug, PyPayload)]
pub(crate) struct Context {
    table: PyMutex<PyRef<Table>>,
    /// On some thread's stack of contexts: one place at a time.
    #[pytraverse(skip)]
    entered: AtomicBool,
}

impl Context {
    fn new(table: PyRef<Table>, entered: bool) -> Self {
        Self { table: PyMutex::new(table), entered: AtomicBool::new(entered) }
    }

    fn table(&self) -> PyRef<Table> {
        self.table.lock().clone()
    }

    fn replace(&self, table: PyRef<Table>) {
        let replaced = std::mem::replace(&mut *self.table.lock(), table);
        // Dropping a value may run Python code: not under the lock.
        drop(replaced);
    }

    /// The context that the thread is in; its first when it is in none.
    fn current(vm: &VirtualMachine) -> PyRef<Self> {
        let last = vm.context_stack.borrow().last().cloned();
        if let Some(context) = last.and_then(|context| context.downcast().ok()) {
            return context;
        }
        let context = Self::new(Table::default().into_ref(&vm.ctx), true).into_ref(&vm.ctx);
        vm.context_stack.borrow_mut().push(context.clone().into());
        context
    }

    fn value(vm: &VirtualMachine, variable: &Py<ContextVar>) -> Option<PyObjectRef> {
        let table = {
            let stack = vm.context_stack.borrow();
            stack.last()?.downcast_ref::<Self>()?.table()
        };
        table.get(variable).cloned()
    }

    /// Makes it the thread's current context until [`Self::exit`].
    ///
    /// # Errors
    /// `RuntimeError` when it is entered already.
    pub(crate) fn enter(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.entered.swap(true, Ordering::AcqRel) {
            let repr = zelf.as_object().repr(vm)?;
            return Err(vm.new_runtime_error(format!(
                "cannot enter context: {} is already entered",
                repr.as_wtf8()
            )));
        }
        vm.context_stack.borrow_mut().push(zelf.to_owned().into());
        Ok(())
    }

    /// Ends what [`Self::enter`] began.
    ///
    /// # Errors
    /// `RuntimeError` when another context was entered and not left meanwhile.
    pub(crate) fn exit(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let left = vm.context_stack.borrow_mut().pop_if(|context| context.is(zelf));
        if left.is_none() {
            return Err(vm.new_runtime_error(
                "cannot exit context: thread state references a different context object",
            ));
        }
        zelf.entered.store(false, Ordering::Release);
        Ok(())
    }
}

/// The value of a variable in the thread's current context; `None` when it has none there, or is not
/// a variable of ours.
pub(crate) fn value(variable: &PyObject, vm: &VirtualMachine) -> Option<PyObjectRef> {
    Context::value(vm, variable.downcast_ref::<ContextVar>()?)
}

/// A copy of the thread's current context: of ours, or, with the stock modules, of theirs.
pub(crate) fn copy_current(vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    if crate::tasks::are_stock() {
        let module = vm.import("_contextvars", 0)?;
        return vm.call_method(&module, "copy_context", ());
    }
    Ok(copy(vm).into())
}

/// A copy of the thread's current context.
pub(crate) fn copy(vm: &VirtualMachine) -> PyRef<Context> {
    Context::new(Context::current(vm).table(), false).into_ref(&vm.ctx)
}

/// Calls `callable` in `context`, which may be anything that has `run`.
pub(crate) fn run(
    context: &PyObject,
    callable: &PyObject,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult {
    let Some(context) = context.downcast_ref::<Context>() else {
        let mut args = args;
        args.prepend_arg(callable.to_owned());
        return vm.call_method(context, "run", args);
    };
    Context::enter(context, vm)?;
    let result = callable.call(args, vm);
    Context::exit(context, vm)?;
    result
}

fn key<'a>(object: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<ContextVar>> {
    match object.downcast_ref() {
        Some(variable) => Ok(variable),
        None => {
            let repr = object.repr(vm)?;
            Err(vm.new_type_error(format!("a ContextVar key was expected, got {}", repr.as_wtf8())))
        }
    }
}

#[pyclass(with(Constructor, AsMapping, AsSequence, Iterable, Comparable))]
impl Context {
    /// Call a function with this context as the current one.
    #[pymethod]
    fn run(zelf: &Py<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        if args.args.is_empty() {
            return Err(vm.new_type_error("run() missing 1 required positional argument"));
        }
        let callable = args.shift();
        run(zelf.as_object(), &callable, args, vm)
    }

    /// Return a shallow copy of the context object.
    #[pymethod(name = "copy")]
    fn py_copy(zelf: &Py<Self>) -> Self {
        Self::new(zelf.table(), false)
    }

    /// The value of a variable in this context, or the default.
    #[pymethod]
    fn get(
        zelf: &Py<Self>,
        variable: PyObjectRef,
        default: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        let table = zelf.table();
        let found = table.get(key(&variable, vm)?).cloned();
        Ok(found.unwrap_or_else(|| default.unwrap_or_none(vm)))
    }

    #[pymethod]
    fn keys(zelf: &Py<Self>, vm: &VirtualMachine) -> PyListRef {
        let table = zelf.table();
        vm.ctx.new_list(table.rows.iter().map(|(variable, _)| variable.clone().into()).collect())
    }

    #[pymethod]
    fn values(zelf: &Py<Self>, vm: &VirtualMachine) -> PyListRef {
        let table = zelf.table();
        vm.ctx.new_list(table.rows.iter().map(|(_, value)| value.clone()).collect())
    }

    #[pymethod]
    fn items(zelf: &Py<Self>, vm: &VirtualMachine) -> PyListRef {
        let table = zelf.table();
        let pair = |(variable, value): &(PyRef<ContextVar>, PyObjectRef)| {
            vm.ctx.new_tuple(vec![variable.clone().into(), value.clone()]).into()
        };
        vm.ctx.new_list(table.rows.iter().map(pair).collect())
    }
}

impl Constructor for Context {
    type Args = FuncArgs;

    fn py_new(
        _class: &Py<rustpython_vm::builtins::PyType>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<Self> {
        if !args.args.is_empty() || !args.kwargs.is_empty() {
            return Err(vm.new_type_error("Context() does not accept any arguments"));
        }
        Ok(Self::new(Table::default().into_ref(&vm.ctx), false))
    }
}

impl AsMapping for Context {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: PyMappingMethods = PyMappingMethods {
            length: atomic_func!(|mapping, _vm| Ok(Context::mapping_downcast(mapping)
                .table()
                .rows
                .len())),
            subscript: atomic_func!(|mapping, needle, vm| {
                let variable = key(needle, vm)?;
                let found = Context::mapping_downcast(mapping).table().get(variable).cloned();
                found.ok_or_else(|| vm.new_key_error(needle.to_owned()))
            }),
            ass_subscript: None,
        };
        &METHODS
    }
}

impl AsSequence for Context {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            contains: atomic_func!(|sequence, needle, vm| {
                let variable = key(needle, vm)?;
                Ok(Context::sequence_downcast(sequence).table().get(variable).is_some())
            }),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl Iterable for Context {
    fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        Iterable::iter(Self::keys(&zelf, vm), vm)
    }
}

impl Comparable for Context {
    fn cmp(
        zelf: &Py<Self>,
        other: &PyObject,
        op: PyComparisonOp,
        vm: &VirtualMachine,
    ) -> PyResult<PyComparisonValue> {
        let Some(other) = other.downcast_ref::<Self>() else {
            return Ok(PyComparisonValue::NotImplemented);
        };
        op.eq_only(|| {
            let (left, right) = (zelf.table(), other.table());
            if left.is(&right) {
                return Ok(true.into());
            }
            if left.rows.len() != right.rows.len() {
                return Ok(false.into());
            }
            for (variable, value) in &left.rows {
                match right.get(variable) {
                    Some(other) if vm.bool_eq(value, other)? => {}
                    _ => return Ok(false.into()),
                }
            }
            Ok(true.into())
        })
    }
}

#[rustpython_vm::pymodule(name = "_contextvars")]
pub(crate) mod _contextvars {
    use super::variable::{ContextVar, Missing, Token};
    use super::{Context, Table};
    use rustpython_vm::builtins::PyModule;
    use rustpython_vm::class::PyClassImpl;
    use rustpython_vm::{Py, PyPayload, PyRef, PyResult, VirtualMachine};

    /// A copy of the current context.
    #[pyfunction]
    fn copy_context(vm: &VirtualMachine) -> PyRef<Context> {
        super::copy(vm)
    }

    pub(crate) fn module_exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
        __module_exec(vm, module);
        let _ = Table::make_static_type();
        let token = Token::make_static_type();
        let _ = Missing::make_static_type();
        token.set_attr(vm.ctx.intern_str("MISSING"), Missing.into_pyobject(vm));
        rustpython_vm::extend_module!(vm, module, {
            "Context" => Context::make_static_type(),
            "ContextVar" => ContextVar::make_static_type(),
            "Token" => token,
        });
        Ok(())
    }
}
