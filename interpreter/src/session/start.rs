//! How the interpreter of a session starts.

use super::Options;
use crate::history;
use cellist_history::Shell;
use rustpython_vm::{PyResult, Settings, VirtualMachine};

/// What the interpreter of a session is made with.
pub(super) fn settings(options: &Options) -> Settings {
    let mut settings = Settings::default();
    settings.hash_seed = options.hash_seed;
    settings.isolated = options.isolated;
    settings.ignore_environment = options.isolated;
    settings.user_site_directory = !options.isolated;
    settings.safe_path = options.isolated;
    // A thread's output belongs to the cell that started it: it starts with that cell's context.
    settings.thread_inherit_context = true;
    settings.argv = vec![String::new()];
    settings
}

/// Makes the Python side of a session, whose cells are those of `shell` in the history.
pub(super) fn start_python(vm: &VirtualMachine, isolated: bool, shell: Option<Shell>) -> PyResult {
    let scope = vm.new_scope_with_main()?;
    let clock = vm.import("cellist.clock", 0)?;
    let clock = clock.get_attr("clock", vm)?;
    vm.call_method(&clock, "install", ())?;
    if !isolated {
        // As `python` does; a broken site folder must not keep the session from starting.
        if let Err(exc) = vm.import("site", 0) {
            vm.print_exception(&exc);
        }
        vm.insert_sys_path(vm.ctx.new_str("").into())?;
    }
    let package = vm.import("cellist.session", 0)?;
    let session = package.get_attr("session", vm)?;
    let log = history::log(shell, vm);
    vm.call_method(&session, "start", (scope.globals.clone(), log))
}
