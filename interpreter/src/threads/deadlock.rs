//! The wait-for graph: each waiting thread points to the holder of what it waits for. A thread
//! that closes a cycle by its wait finds it, since it waits last.

use super::core::{Core, Table, is_main_thread, this_thread};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A lock taken by `acquire()` may be freed by any thread: a cycle through it counts once it has
/// stood this long.
const GRACE: Duration = Duration::from_millis(500);

/// One thread's wait without a limit.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    thread: u64,
    /// What `threading.get_ident()` says in that thread.
    ident: u64,
    core: Arc<Core>,
    /// The lock, for the message; empty for the end of a thread.
    label: String,
    /// `file:line` of the user's code.
    place: String,
    /// The library's code waits (a Condition, say), whose locks are signals.
    by_library: bool,
}

impl Wait {
    pub(super) fn here(core: &Arc<Core>, label: String, vm: &VirtualMachine) -> Self {
        let (place, by_library) =
            place(vm).unwrap_or_else(|_| ("an unknown place".to_owned(), true));
        let ident = rustpython_vm::stdlib::_thread::get_ident();
        Self { thread: this_thread(), ident, core: Arc::clone(core), label, place, by_library }
    }
}

/// Since when a likely cycle has stood.
#[derive(Debug, Default)]
pub(super) struct Suspicion(Option<Instant>);

impl Suspicion {
    /// Time until it is certain.
    pub(super) fn rest(&self) -> Option<Duration> {
        self.0.map(|since| GRACE.saturating_sub(since.elapsed()))
    }
}

enum Cycle {
    None,
    Likely,
    Certain,
}

/// Records the wait. Returns the cycle that it closes, its own wait first, and then does not
/// record it.
pub(super) fn enter(
    table: &mut Table,
    wait: &Wait,
    suspicion: &mut Suspicion,
    vm: &VirtualMachine,
) -> Option<Vec<Wait>> {
    table.waits.insert(wait.thread, wait.clone());
    let (kind, path) = follow(table, wait, vm);
    let closed = match kind {
        Cycle::None => {
            suspicion.0 = None;
            false
        }
        Cycle::Likely => suspicion.0.get_or_insert_with(Instant::now).elapsed() >= GRACE,
        Cycle::Certain => true,
    };
    if !closed {
        return None;
    }
    table.waits.remove(&wait.thread);
    Some(path)
}

fn follow(table: &Table, wait: &Wait, vm: &VirtualMachine) -> (Cycle, Vec<Wait>) {
    let mut path = vec![wait.clone()];
    let mut certain = wait.core.is_owned();
    let mut next = wait.core.owner();
    while next != wait.thread {
        let Some(wait) = table.waits.get(&next) else {
            return (Cycle::None, path);
        };
        // A cycle further on, not through this thread.
        if path.iter().any(|seen| seen.thread == next) {
            return (Cycle::None, path);
        }
        certain &= wait.core.is_owned();
        next = wait.core.owner();
        path.push(wait.clone());
    }
    if certain {
        return (Cycle::Certain, path);
    }
    let likely =
        path.iter().all(|wait| wait.core.is_owned() || (wait.core.is_mutex() && !wait.by_library));
    // Any thread could free a lock that a thread waits for a second time.
    let alone = path.len() > 1 || (is_main_thread(vm) && vm.state.thread_count.load() == 0);
    (if likely && alone { Cycle::Likely } else { Cycle::None }, path)
}

/// The `DeadlockError` that names the cycle.
pub(super) fn error(cycle: &[Wait], vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = vm.try_class("_thread", "_DeadlockError");
    let class = class.unwrap_or_else(|_| vm.ctx.exceptions.runtime_error.to_owned());
    let names: Vec<String> = cycle.iter().map(|wait| thread_name(wait.ident, vm)).collect();
    let mut text = "deadlock: none of these can go on".to_owned();
    for (at, wait) in cycle.iter().enumerate() {
        let holder = &names[(at + 1) % names.len()];
        let what = if wait.label.is_empty() {
            format!("{holder} to end")
        } else {
            format!("{}, held by {holder}", wait.label)
        };
        text += &format!("\n  {} waits at {} for {what}", names[at], wait.place);
    }
    vm.new_exception_msg(class, text.into())
}

/// The name that `threading` knows a thread by.
fn thread_name(ident: u64, vm: &VirtualMachine) -> String {
    let name = || -> PyResult<String> {
        let threading = vm.import("threading", 0)?;
        let active = threading.get_attr("_active", vm)?;
        let thread = vm.call_method(&active, "get", (ident,))?;
        thread.get_attr("name", vm)?.try_into_value(vm)
    };
    name().unwrap_or_else(|_| format!("thread {ident}"))
}

/// The innermost line of the user's code, and whether library code lies between.
fn place(vm: &VirtualMachine) -> PyResult<(String, bool)> {
    let mut frame: PyObjectRef = match vm.current_frame() {
        Some(frame) => frame.into(),
        None => return Ok(("an unknown place".to_owned(), true)),
    };
    let mut by_library = false;
    loop {
        let path: String =
            frame.get_attr("f_code", vm)?.get_attr("co_filename", vm)?.try_into_value(vm)?;
        let line: u32 = frame.get_attr("f_lineno", vm)?.try_into_value(vm)?;
        let place = format!("{path}:{line}");
        if !is_library(&path) {
            return Ok((place, by_library));
        }
        by_library = true;
        let back = frame.get_attr("f_back", vm)?;
        if vm.is_none(&back) {
            return Ok((place, by_library));
        }
        frame = back;
    }
}

/// The frozen library's code has its module's dotted name for a file name.
fn is_library(path: &str) -> bool {
    path.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) && !path.ends_with(".py")
}
