//! Context variables, and the tokens that undo a change of one.

use super::{Context, Table};
use rustpython_vm::builtins::{PyGenericAlias, PyStr, PyStrRef, PyType, PyTypeRef};
use rustpython_vm::class::StaticType;
use rustpython_vm::common::hash::{PyHash, hash_pointer};
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::{Constructor, Hashable, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, Traverse, VirtualMachine, pyclass,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// `contextvars.ContextVar`.
#[pyclass(module = "_contextvars", name = "ContextVar", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct ContextVar {
    name: PyStrRef,
    default: Option<PyObjectRef>,
}

impl ContextVar {
    /// Sets it in `context`, or takes it away.
    fn put(zelf: &Py<Self>, context: &Context, value: Option<PyObjectRef>, vm: &VirtualMachine) {
        let table: Table = context.table().with(zelf, value);
        context.replace(table.into_ref(&vm.ctx));
    }
}

#[pyclass(with(Constructor, Hashable, Representable))]
impl ContextVar {
    #[pygetset]
    fn name(zelf: &Py<Self>) -> PyStrRef {
        zelf.name.clone()
    }

    /// The variable's value in the current context.
    #[pymethod]
    fn get(zelf: &Py<Self>, default: OptionalArg, vm: &VirtualMachine) -> PyResult {
        let found = Context::value(vm, zelf);
        let found = found.or_else(|| default.into_option()).or_else(|| zelf.default.clone());
        match found {
            Some(value) => Ok(value),
            None => Err(vm.new_lookup_error(zelf.as_object().repr(vm)?.as_wtf8().to_owned())),
        }
    }

    /// Sets it in the current context; the token undoes that.
    #[pymethod]
    fn set(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyRef<Token> {
        let context = Context::current(vm);
        let before = context.table().get(zelf).cloned();
        Self::put(zelf, &context, Some(value), vm);
        let used = AtomicBool::new(false);
        Token { context, variable: zelf.to_owned(), before, used }.into_ref(&vm.ctx)
    }

    /// Undoes the `set` that gave the token.
    #[pymethod]
    fn reset(zelf: &Py<Self>, token: PyRef<Token>, vm: &VirtualMachine) -> PyResult<()> {
        if token.used.load(Ordering::Acquire) {
            let repr = token.as_object().repr(vm)?;
            let text = format!("{} has already been used once", repr.as_wtf8());
            return Err(vm.new_runtime_error(text));
        }
        let elsewhere = if !zelf.is(&token.variable) {
            "by a different ContextVar"
        } else if !Context::current(vm).is(&token.context) {
            "in a different Context"
        } else {
            token.used.store(true, Ordering::Release);
            Self::put(zelf, &token.context, token.before.clone(), vm);
            return Ok(());
        };
        let repr = token.as_object().repr(vm)?;
        Err(vm.new_value_error(format!("{} was created {elsewhere}", repr.as_wtf8())))
    }

    #[pyclassmethod]
    fn __class_getitem__(
        class: PyTypeRef,
        object: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyGenericAlias> {
        PyGenericAlias::from_args(class, object, vm)
    }
}

impl Constructor for ContextVar {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        if args.args.len() != 1 {
            return Err(vm.new_type_error(format!(
                "ContextVar() takes exactly 1 argument ({} given)",
                args.args.len()
            )));
        }
        let default = args.take_keyword("default");
        if let Some((name, _)) = args.kwargs.first() {
            return Err(vm.new_type_error(format!(
                "ContextVar() got an unexpected keyword argument '{name}'"
            )));
        }
        let name = args.shift();
        // As CPython, which hashes the name: a subclass of str may refuse.
        name.hash(vm)?;
        let name = name
            .downcast::<PyStr>()
            .map_err(|_| vm.new_type_error("context variable name must be a str"))?;
        Ok(Self { name, default })
    }
}

impl Hashable for ContextVar {
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok(hash_pointer(zelf.get_id()))
    }
}

impl Representable for ContextVar {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        let mut text = Wtf8Buf::from("<ContextVar name=");
        text.push_wtf8(zelf.name.as_object().repr(vm)?.as_wtf8());
        if let Some(default) = &zelf.default {
            text.push_str(" default=");
            text.push_wtf8(default.repr(vm)?.as_wtf8());
        }
        text.push_str(&format!(" at {:#x}>", zelf.get_id()));
        Ok(text)
    }
}

/// `contextvars.Token`.
#[pyclass(module = "_contextvars", name = "Token", traverse)]
#[derive(Debug, PyPayload)]
pub(crate) struct Token {
    context: PyRef<Context>,
    variable: PyRef<ContextVar>,
    before: Option<PyObjectRef>,
    #[pytraverse(skip)]
    used: AtomicBool,
}

#[pyclass(with(Constructor, Representable))]
impl Token {
    #[pygetset]
    fn var(zelf: &Py<Self>) -> PyRef<ContextVar> {
        zelf.variable.clone()
    }

    #[pygetset]
    fn old_value(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        match &zelf.before {
            Some(value) => Ok(value.clone()),
            None => Self::static_type().as_object().get_attr("MISSING", vm),
        }
    }

    #[pymethod]
    fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        ContextVar::reset(&zelf.variable, zelf.to_owned(), vm)
    }

    #[pyclassmethod]
    fn __class_getitem__(
        class: PyTypeRef,
        object: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyGenericAlias> {
        PyGenericAlias::from_args(class, object, vm)
    }
}

impl Constructor for Token {
    type Args = FuncArgs;

    fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_runtime_error("Tokens can only be created by ContextVars"))
    }
}

impl Representable for Token {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        let used = if zelf.used.load(Ordering::Acquire) { " used" } else { "" };
        let mut text = Wtf8Buf::from(format!("<Token{used} var="));
        text.push_wtf8(zelf.variable.as_object().repr(vm)?.as_wtf8());
        text.push_str(&format!(" at {:#x}>", zelf.get_id()));
        Ok(text)
    }
}

/// `Token.MISSING`: the value of a variable that had none.
#[pyclass(module = "_contextvars", name = "Token.MISSING")]
#[derive(Debug, PyPayload)]
pub(crate) struct Missing;

#[pyclass(with(Representable))]
impl Missing {}

impl Representable for Missing {
    fn repr_str(_zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok("<Token.MISSING>".to_owned())
    }
}
