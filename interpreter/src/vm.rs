//! Building the virtual machine: modules, TLS, settings. Everything that knows undocumented
//! parts of RustPython stands here.

use crate::{event_loop, native, threads};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{Interpreter, Settings, VirtualMachine, py_freeze};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    builder
        .add_native_module(definition)
        .add_native_module(event_loop)
        .add_frozen_modules(py_freeze!(dir = "../python"))
        .init_hook(install_tls)
        .init_hook(threads::install)
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

/// Becomes `python`: reads the process's arguments as CPython does.
///
/// The program's own name must be the first argument and no subcommand may follow it: see
/// [`PYTHON_LINK`].
pub fn python_main() -> ExitCode {
    rustpython::run(builder())
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

fn install_tls(_vm: &mut VirtualMachine) {
    use rustls::crypto::ring;
    use rustpython_stdlib::ssl::providers::CryptoExt;

    let extension = CryptoExt {
        all_cipher_suites: Some(ring::ALL_CIPHER_SUITES),
        default_cipher_suites: Some(ring::DEFAULT_CIPHER_SUITES),
        all_kx_groups: Some(ring::ALL_KX_GROUPS),
        any_supported_key: Some(ring::sign::any_supported_type),
        ticketer: ring::Ticketer::new,
    };
    // A second interpreter in the process finds the provider already set.
    let _ = CryptoExt::set_provider(ring::default_provider(), extension);
}
