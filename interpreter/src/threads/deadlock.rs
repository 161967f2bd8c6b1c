//! The wait-for graph: each waiting thread points to the holder of what it waits for. A thread
//! that closes a cycle by its wait finds it, since it waits last.

use super::baton;
use super::core::{Core, Table, is_main_thread, table, this_thread};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::collections::BTreeMap;
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
    /// The library's function that the user's code called and that waits (`Queue.get`, say), whose
    /// locks are signals.
    library: Option<String>,
}

impl Wait {
    pub(super) fn here(core: &Arc<Core>, label: String, vm: &VirtualMachine) -> Self {
        let unknown = || ("an unknown place".to_owned(), Some(String::new()));
        let (place, library) = place(vm).unwrap_or_else(|_| unknown());
        let ident = rustpython_vm::stdlib::_thread::get_ident();
        Self { thread: this_thread(), ident, core: Arc::clone(core), label, place, library }
    }

    /// Only a certain thread will end it.
    fn is_for_somebody(&self) -> bool {
        self.core.is_owned() || (self.core.is_mutex() && self.library.is_none())
    }

    /// What is waited for, and where.
    fn describe(&self, holder: Option<&str>) -> String {
        let within = self.library.as_deref().filter(|name| !name.is_empty());
        let within = within.map(|name| format!(" in {name}()")).unwrap_or_default();
        let place = &self.place;
        match holder {
            Some(holder) if self.label.is_empty() => {
                format!("waits at {place} for {holder} to end")
            }
            None if self.label.is_empty() => format!("waits at {place} for a thread to end"),
            Some(holder) => {
                format!("waits at {place}{within} for {}, held by {holder}", self.label)
            }
            None if within.is_empty() => format!("waits at {place} for {}", self.label),
            None => format!("waits at {place}{within}"),
        }
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

/// What a thread waits for, step by step.
struct Chain {
    path: Vec<Wait>,
    /// It comes back to its beginning.
    is_closed: bool,
}

impl Chain {
    fn is_certain(&self) -> bool {
        self.is_closed && self.path.iter().all(|wait| wait.core.is_owned())
    }

    fn is_likely(&self) -> bool {
        self.is_closed && self.path.iter().all(Wait::is_for_somebody)
    }
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
    let chain = follow(&table.waits, wait);
    // Any thread could free a lock that a thread waits for a second time. Under the baton somebody
    // finds out when none can.
    let is_likely = || {
        let alone = is_main_thread(vm) && vm.state.thread_count.load() == 0;
        chain.is_likely() && (chain.path.len() > 1 || alone) && !baton::is_member(vm)
    };
    let closed = if chain.is_certain() {
        true
    } else if is_likely() {
        suspicion.0.get_or_insert_with(Instant::now).elapsed() >= GRACE
    } else {
        suspicion.0 = None;
        false
    };
    if !closed {
        return None;
    }
    table.waits.remove(&wait.thread);
    Some(chain.path)
}

fn follow(waits: &BTreeMap<u64, Wait>, wait: &Wait) -> Chain {
    let mut path = vec![wait.clone()];
    let mut next = wait.core.owner();
    while next != wait.thread {
        let Some(wait) = waits.get(&next) else { return Chain { path, is_closed: false } };
        // A cycle further on, not through this thread.
        if path.iter().any(|seen| seen.thread == next) {
            return Chain { path, is_closed: false };
        }
        next = wait.core.owner();
        path.push(wait.clone());
    }
    Chain { path, is_closed: true }
}

/// Of threads that nothing can wake, in the order in which they parked: the one to tell. The last
/// of a cycle closed it; without one it is the first thread of all, which the others serve.
pub(super) fn victim(parked: &[u64]) -> Option<u64> {
    let table = table();
    let waits = &table.waits;
    let in_cycle = |thread: &&u64| waits.get(thread).is_some_and(|w| follow(waits, w).is_likely());
    parked.iter().rev().find(in_cycle).or_else(|| parked.iter().min()).copied()
}

/// The `DeadlockError` of a thread that nothing can wake.
pub(crate) fn stalled(vm: &VirtualMachine) -> PyBaseExceptionRef {
    let waits = table().waits.clone();
    let mine = waits.get(&this_thread()).map(|wait| follow(&waits, wait));
    if let Some(cycle) = mine.filter(Chain::is_likely) {
        return error(&cycle.path, vm);
    }
    let lines = describe_all(true, vm);
    new_error(format!("deadlock: nothing can wake any of these\n{}", lines.join("\n")), vm)
}

/// A line for each thread that waits for others, and for each task of a loop that waits. With
/// `mine` also for the calling thread.
pub(crate) fn describe_all(mine: bool, vm: &VirtualMachine) -> Vec<String> {
    let waits = table().waits.clone();
    let me = this_thread();
    let mut lines = Vec::new();
    for wait in waits.values().filter(|wait| mine || wait.thread != me) {
        let owner = Some(wait.core.owner()).filter(|owner| *owner != wait.thread);
        let holder = owner.filter(|owner| *owner != 0).map(|owner| {
            let ident = waits.get(&owner).map(|wait| wait.ident).or_else(|| baton::ident_of(owner));
            ident.map_or_else(
                || "a thread that has ended".to_owned(),
                |ident| thread_name(ident, vm),
            )
        });
        let name = thread_name(wait.ident, vm);
        lines.push(format!("  {name} {}", wait.describe(holder.as_deref())));
    }
    for (thread, event_loop) in baton::parked() {
        let Some(event_loop) = event_loop.filter(|_| mine || thread != me) else { continue };
        lines.extend(describe_tasks(event_loop, vm).unwrap_or_default());
    }
    lines
}

fn describe_tasks(event_loop: PyObjectRef, vm: &VirtualMachine) -> PyResult<Vec<String>> {
    vm.import("cellist.stall", 0)?;
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let stall = modules.get_item("cellist.stall", vm)?;
    vm.call_method(&stall, "tasks", (event_loop,))?.try_into_value(vm)
}

/// The `DeadlockError` that names the cycle.
pub(super) fn error(cycle: &[Wait], vm: &VirtualMachine) -> PyBaseExceptionRef {
    let names: Vec<String> = cycle.iter().map(|wait| thread_name(wait.ident, vm)).collect();
    let mut text = "deadlock: none of these can go on".to_owned();
    for (at, wait) in cycle.iter().enumerate() {
        let holder = &names[(at + 1) % names.len()];
        text += &format!("\n  {} {}", names[at], wait.describe(Some(holder)));
    }
    new_error(text, vm)
}

fn new_error(text: String, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = vm.try_class("_thread", "_DeadlockError");
    let class = class.unwrap_or_else(|_| vm.ctx.exceptions.runtime_error.to_owned());
    vm.new_exception_msg(class, text.into())
}

/// The name that `threading` knows a thread by.
pub(super) fn thread_name(ident: u64, vm: &VirtualMachine) -> String {
    let name = || -> PyResult<String> {
        let threading = vm.import("threading", 0)?;
        let active = threading.get_attr("_active", vm)?;
        let thread = vm.call_method(&active, "get", (ident,))?;
        thread.get_attr("name", vm)?.try_into_value(vm)
    };
    name().unwrap_or_else(|_| format!("thread {ident}"))
}

/// The innermost line of the user's code, and the library's function that it called, if any.
fn place(vm: &VirtualMachine) -> PyResult<(String, Option<String>)> {
    let mut found = ("an unknown place".to_owned(), Some(String::new()));
    let mut frame: Option<PyObjectRef> = vm.current_frame().map(Into::into);
    while let Some(here) = frame {
        let code = here.get_attr("f_code", vm)?;
        let path: String = code.get_attr("co_filename", vm)?.try_into_value(vm)?;
        let line: u32 = here.get_attr("f_lineno", vm)?.try_into_value(vm)?;
        let name: String = code.get_attr("co_qualname", vm)?.try_into_value(vm)?;
        let place = format!("{path}:{line}");
        if !is_library(&path) {
            let within = found.1.filter(|name| !name.is_empty());
            return Ok((place, within));
        }
        // What every thread begins with says nothing.
        if !name.starts_with("Thread._bootstrap") && name != "Thread.run" {
            found = (place, Some(name));
        }
        frame = Some(here.get_attr("f_back", vm)?).filter(|back| !vm.is_none(back));
    }
    Ok(found)
}

/// The frozen library's code has its module's dotted name for a file name.
pub(crate) fn is_library(path: &str) -> bool {
    path.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) && !path.ends_with(".py")
}
