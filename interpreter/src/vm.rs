//! Building the virtual machine: modules, TLS, settings. Everything that knows undocumented
//! parts of RustPython stands here.

use crate::threads::has_thread_failed;
use crate::{
    clock, contexts, event_loop, history, interrupt, limits, native, primitives, print, profiler,
    record, sources, streams, subshell, sysconfig, tasks, threads, tls, traces,
};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{Interpreter, Py, PyResult, Settings, VirtualMachine, py_freeze};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

/// The version of the Python language and library that the interpreter implements.
pub fn python_version() -> &'static str {
    "3.14.0"
}

/// Name of the link to the executable that makes it behave as `python`.
pub const PYTHON_LINK: &str = "cellist-python";

/// A builder with the standard library, our modules and TLS.
pub(crate) fn builder() -> InterpreterBuilder {
    let builder = InterpreterBuilder::new().init_stdlib();
    let definition = native::_cellist::module_def(&builder.ctx);
    let event_loop = event_loop::module_def(&builder.ctx);
    let own = [
        definition,
        event_loop,
        limits::_cellist_limits::module_def(&builder.ctx),
        history::_cellist_history::module_def(&builder.ctx),
        interrupt::_cellist_interrupt::module_def(&builder.ctx),
        record::_cellist_trace::module_def(&builder.ctx),
        primitives::module_def(&builder.ctx),
        streams::module_def(&builder.ctx),
        subshell::_cellist_subshell::module_def(&builder.ctx),
        print::_cellist_print::module_def(&builder.ctx),
        profiler::module_def(&builder.ctx),
        traces::module_def(&builder.ctx),
    ];
    let natives = [contexts::module_def(&builder.ctx), tasks::module_def(&builder.ctx)];
    let mut builder = own.into_iter().fold(builder, InterpreterBuilder::add_native_module);
    if !tasks::are_stock() {
        // The later of two modules with the same name counts.
        builder = natives.into_iter().fold(builder, InterpreterBuilder::add_native_module);
    }
    builder
        .add_frozen_modules(py_freeze!(dir = "../python"))
        .init_hook(tls::install)
        .init_hook(threads::install)
        .init_hook(record::install)
        .init_hook(limits::hook)
        .init_hook(sysconfig::install)
        .init_hook(sources::install)
        .init_hook(traces::install)
}

/// An interpreter with these settings, whose `sys.executable` is `executable`.
pub(crate) fn interpreter(settings: Settings, executable: Option<PathBuf>) -> Interpreter {
    builder()
        .settings(settings)
        .init_hook(move |vm| {
            if let Some(path) = executable.as_deref().and_then(Path::to_str)
                && let Some(state) = PyRc::get_mut(&mut vm.state)
            {
                state.config.paths.executable = path.to_owned();
                state.config.paths.base_executable = path.to_owned();
            }
        })
        .interpreter()
}

/// Set to `virtual` in the environment of `python`, it runs on the virtual clock.
pub const CLOCK_VARIABLE: &str = "CELLIST_CLOCK";

/// The seed of the threads' schedule, for `python` on the virtual clock.
pub const SCHEDULE_VARIABLE: &str = "CELLIST_SCHEDULE";

/// Becomes `python`: reads the process's arguments as CPython does.
///
/// The program's own name must be the first argument and no subcommand may follow it: see
/// [`PYTHON_LINK`].
pub fn python_main() -> ExitCode {
    limits::grow_stack();
    if std::env::var_os(CLOCK_VARIABLE).is_none_or(|clock| clock != "virtual") {
        return rustpython::run(builder());
    }
    let seed = std::env::var(SCHEDULE_VARIABLE).ok().and_then(|seed| seed.parse().ok());
    clock::set_seed(seed);
    clock::set(clock::Clock::Virtual);
    // `site` imports it before the program runs; nothing else does before.
    let code = rustpython::run(builder().add_frozen_modules(py_freeze!(
        source = "from cellist import script; script.start()",
        module_name = "sitecustomize"
    )));
    if code == ExitCode::SUCCESS && has_thread_failed() { ExitCode::FAILURE } else { code }
}

/// The path under which this executable is `python`: a link beside it if the installation made
/// one, else a link made in the user's cache. It becomes `sys.executable`, so that
/// multiprocessing and `subprocess.run([sys.executable, …])` start Python and not the front end.
///
/// # Errors
/// When the link is missing and cannot be made.
pub fn python_program() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    if let Some(beside) = program.parent().map(|folder| folder.join(PYTHON_LINK))
        && same_file(&beside, &program)
    {
        return Ok(beside);
    }
    let folder = cache_folder().join("python");
    // One link per executable: several builds on one machine must not take each other's.
    let folder = folder.join(format!("{:016x}", fingerprint(&program)));
    let link = folder.join(PYTHON_LINK);
    if same_file(&link, &program) {
        return Ok(link);
    }
    std::fs::create_dir_all(&folder)?;
    let fresh = folder.join(format!("{PYTHON_LINK}.{}", std::process::id()));
    symlink(&program, &fresh)?;
    std::fs::rename(&fresh, &link)?;
    Ok(link)
}

fn same_file(link: &Path, program: &Path) -> bool {
    matches!((link.canonicalize(), program.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn fingerprint(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    // `new` has fixed keys: every process must come to the same link.
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

fn cache_folder() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("cellist")
}

/// For an initialisation hook: the native module `name` starts by `exec`, which calls the stock
/// one, kept in `stock`. Subinterpreters inherit it.
pub(crate) fn complete(
    vm: &mut VirtualMachine,
    name: &'static str,
    stock: &OnceLock<&'static PyModuleDef>,
    exec: fn(&VirtualMachine, &Py<PyModule>) -> PyResult<()>,
) {
    let Some(state) = PyRc::get_mut(&mut vm.state) else {
        return;
    };
    let Some(&definition) = state.module_defs.get(name) else {
        return;
    };
    let definition = *stock.get_or_init(|| definition);
    let ours = PyModuleDef {
        name: definition.name,
        doc: definition.doc,
        methods: definition.methods,
        slots: PyModuleSlots { create: definition.slots.create, exec: Some(exec) },
    };
    // Definitions live as long as the process; there is one for each interpreter that is built.
    state.module_defs.insert(name, Box::leak(Box::new(ours)));
}
