//! `_cellist_history`: the Python side's way to the history.

use cellist_history::{History, Shell};
use rustpython_vm::{PyObjectRef, VirtualMachine};
use std::sync::{Arc, OnceLock};

/// The history of the process's session; without one, cells are remembered by the session alone.
static HISTORY: OnceLock<Arc<History>> = OnceLock::new();

/// Registers the history, and begins a line of cells in it.
pub(crate) fn set(history: &Arc<History>) -> Shell {
    HISTORY.get_or_init(|| Arc::clone(history)).shell()
}

/// A shell as the functions below take it from Python: its number, or None where there is none.
pub(crate) fn log(shell: Option<Shell>, vm: &VirtualMachine) -> PyObjectRef {
    shell.map_or_else(|| vm.ctx.none(), |shell| vm.ctx.new_int(shell.0).into())
}

#[rustpython_vm::pymodule(name = "_cellist_history")]
pub(crate) mod _cellist_history {
    use super::{Arc, HISTORY, History};
    use cellist_history::{Error, Query, Row, Shell, Text};
    use rustpython_vm::builtins::PyStrRef;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    fn history(vm: &VirtualMachine) -> PyResult<&'static Arc<History>> {
        HISTORY.get().ok_or_else(|| vm.new_runtime_error("this session keeps no history"))
    }

    fn text(source: &PyStrRef) -> String {
        source.to_string_lossy().into_owned()
    }

    fn asked<T: Send>(
        vm: &VirtualMachine,
        ask: impl FnOnce(&History) -> Result<T, Error>,
    ) -> PyResult<T> {
        let history = history(vm)?;
        vm.allow_threads(|| ask(history)).map_err(|error| vm.new_runtime_error(error.to_string()))
    }

    /// Notes a cell that is about to run.
    #[pyfunction]
    fn note(shell: u32, line: u32, raw: PyStrRef) {
        if let Some(history) = HISTORY.get() {
            history.input(Shell(shell), line, text(&raw));
        }
    }

    /// Notes what a cell was made into before it ran.
    #[pyfunction]
    fn note_transformed(shell: u32, line: u32, source: PyStrRef) {
        if let Some(history) = HISTORY.get() {
            history.transformed(Shell(shell), line, text(&source));
        }
    }

    /// Notes a value that was shown; `kept` says whether it is for the file too.
    #[pyfunction]
    fn note_output(shell: u32, line: u32, output: PyStrRef, kept: bool) {
        if let Some(history) = HISTORY.get() {
            history.output(Shell(shell), line, text(&output), kept);
        }
    }

    /// From now on, cells go into the file, or do not.
    #[pyfunction]
    fn enable(enabled: bool) {
        if let Some(history) = HISTORY.get() {
            history.enable(enabled);
        }
    }

    /// `(session, file or None, enabled, trouble or None)`.
    #[pyfunction]
    fn state(shell: u32, vm: &VirtualMachine) -> PyResult {
        let state = asked(vm, |history| history.state(Shell(shell)))?;
        let optional = |text: Option<String>| -> PyObjectRef {
            text.map_or_else(|| vm.ctx.none(), |text| vm.ctx.new_str(text).into())
        };
        let file = optional(state.file.map(|file| file.display().to_string()));
        let enabled = vm.ctx.new_bool(state.enabled).into();
        let session = vm.ctx.new_int(state.session).into();
        Ok(vm.ctx.new_tuple(vec![session, file, enabled, optional(state.trouble)]).into())
    }

    /// `(session, start, end, cells, name)`.
    #[pyfunction]
    fn session_info(shell: u32, session: i64, vm: &VirtualMachine) -> PyResult {
        let info = asked(vm, |history| history.session_info(Shell(shell), session))?;
        let optional = |text: Option<String>| -> PyObjectRef {
            text.map_or_else(|| vm.ctx.none(), |text| vm.ctx.new_str(text).into())
        };
        let (start, end) = (optional(info.start), optional(info.end));
        let cells = info.cells.map_or_else(|| vm.ctx.none(), |n| vm.ctx.new_int(n).into());
        let session = vm.ctx.new_int(info.session).into();
        Ok(vm.ctx.new_tuple(vec![session, start, end, cells, optional(info.remark)]).into())
    }

    /// Rows of a session, as tuples `(session, line, source, output or None)`.
    #[pyfunction]
    fn get_range(
        shell: u32,
        session: i64,
        start: i64,
        stop: Option<i64>,
        raw: bool,
        vm: &VirtualMachine,
    ) -> PyResult {
        find(shell, Query::Range { session, start, stop }, raw, vm)
    }

    /// The last rows of all sessions.
    #[pyfunction]
    fn tail(shell: u32, n: usize, latest: bool, raw: bool, vm: &VirtualMachine) -> PyResult {
        find(shell, Query::Tail { n, include_latest: latest }, raw, vm)
    }

    /// The rows that a glob pattern matches.
    #[pyfunction]
    fn search(
        shell: u32,
        pattern: PyStrRef,
        n: Option<usize>,
        unique: bool,
        raw: bool,
        vm: &VirtualMachine,
    ) -> PyResult {
        find(shell, Query::Search { pattern: text(&pattern), n, unique }, raw, vm)
    }

    fn find(shell: u32, query: Query, raw: bool, vm: &VirtualMachine) -> PyResult {
        let text = if raw { Text::Raw } else { Text::Transformed };
        let rows = asked(vm, |history| history.find(Shell(shell), query, text))?;
        let row = |row: Row| -> PyObjectRef {
            let output = row.output;
            let output = output.map_or_else(|| vm.ctx.none(), |text| vm.ctx.new_str(text).into());
            let session = vm.ctx.new_int(row.session).into();
            let line = vm.ctx.new_int(row.line).into();
            let source = vm.ctx.new_str(row.source).into();
            vm.ctx.new_tuple(vec![session, line, source, output]).into()
        };
        Ok(vm.ctx.new_list(rows.into_iter().map(row).collect()).into())
    }
}
