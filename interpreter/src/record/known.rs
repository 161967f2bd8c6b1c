//! What a timeline tells of tasks and threads that records have no room for: names, and errors.
//! Only kept while one is taken.

use super::{Kind, LAST_TASK, Moment, position, thread_runs};
use crate::tasks::{self, Task};
use rustpython_vm::builtins::PyBaseException;
use rustpython_vm::{AsObject, Py, PyObject, VirtualMachine};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Characters of an exception's text that are kept.
const ERROR: usize = 200;

/// How many timelines are taken.
static WATCHERS: AtomicUsize = AtomicUsize::new(0);

/// The threads that have recorded something: identifier of the system, and number.
static THREADS: Mutex<Vec<(u64, u16)>> = Mutex::new(Vec::new());

/// What is known of a task or thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) function: String,
    pub(super) error: Option<String>,
}

/// By their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) tasks: HashMap<u32, Known>,
    pub(super) threads: HashMap<u16, Known>,
}

static NAMES: Mutex<Option<Names>> = Mutex::new(None);

fn names() -> MutexGuard<'static, Option<Names>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a timeline is taken.
#[inline]
pub(crate) fn is_watched() -> bool {
    WATCHERS.load(Ordering::Relaxed) > 0
}

/// Where a timeline begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    /// The number of its first record.
    pub(super) record: u64,
    /// The number of the last task that was made before.
    pub(super) task: u32,
    /// When that was.
    pub(super) moment: Moment,
}

/// A timeline begins here.
pub(super) fn watch() -> Begin {
    names().get_or_insert_default();
    WATCHERS.fetch_add(1, Ordering::SeqCst);
    let task = LAST_TASK.load(Ordering::Relaxed);
    Begin { record: position(), task, moment: Moment::now() }
}

/// It ends.
pub(super) fn unwatch() {
    let mut names = names();
    if WATCHERS.fetch_sub(1, Ordering::SeqCst) == 1 {
        *names = None;
    }
}

/// All that is known at this moment, of tasks that have not ended, too.
pub(super) fn all(vm: &VirtualMachine) -> Names {
    for task in tasks::pending() {
        if let Some(task) = task.downcast_ref::<Task>() {
            tell(task, None, vm);
        }
    }
    names().clone().unwrap_or_default()
}

/// Keeps what is known of a task, that ended with this exception, if any.
pub(crate) fn tell(task: &Py<Task>, error: Option<&Py<PyBaseException>>, vm: &VirtualMachine) {
    let attribute = |name: &'static str| vm.call_method(task.as_object(), name, ()).ok();
    let name = attribute("get_name").map(|name| text(&name, vm)).unwrap_or_default();
    let coroutine = attribute("get_coro");
    let function = coroutine.map(|coroutine| function(&coroutine, vm)).unwrap_or_default();
    let error = error.map(|error| describe(error, vm));
    let known = Known { name, function, error };
    if let Some(names) = names().as_mut() {
        names.tasks.insert(task.number(), known);
    }
}

fn function(object: &PyObject, vm: &VirtualMachine) -> String {
    let name = object.get_attr("__qualname__", vm).map(|name| text(&name, vm)).unwrap_or_default();
    // A cell's own code is no function, and of one in another only the inner name is short.
    let short = name.rsplit("<locals>.").next().unwrap_or_default();
    if short == "<module>" { String::new() } else { short.to_owned() }
}

fn text(object: &PyObject, vm: &VirtualMachine) -> String {
    object.str(vm).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

fn describe(error: &Py<PyBaseException>, vm: &VirtualMachine) -> String {
    let class = error.class().name().to_string();
    let said = text(error.as_object(), vm);
    let whole = if said.is_empty() { class } else { format!("{class}: {said}") };
    whole.chars().take(ERROR).collect()
}

/// A thread records something for the first time.
#[cold]
pub(super) fn new_thread(number: u16) {
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.push((rustpython_vm::stdlib::_thread::get_ident(), number));
}

/// The number of a thread by the identifier that Python knows; the last that had it.
pub(super) fn number_of(ident: u64) -> Option<u16> {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.iter().rev().find(|(other, _)| *other == ident).map(|(_, number)| *number)
}

/// This thread begins to run this function.
pub(crate) fn thread_begins(function: &PyObject, vm: &VirtualMachine) {
    thread_runs(Kind::ThreadStart);
    tell_of_thread(function, vm);
}

/// It has run it.
pub(crate) fn thread_ends(function: &PyObject, vm: &VirtualMachine) {
    tell_of_thread(function, vm);
    thread_runs(Kind::ThreadEnd);
}

fn tell_of_thread(start: &PyObject, vm: &VirtualMachine) {
    if !is_watched() {
        return;
    }
    let own = |name| -> Option<String> {
        let thread = start.get_attr("__self__", vm).ok()?;
        let value = thread.get_attr(name, vm).ok()?;
        Some(text(&value, vm))
    };
    let target = || -> Option<String> {
        let thread = start.get_attr("__self__", vm).ok()?;
        let target = thread.get_attr("_target", vm).ok()?;
        (!vm.is_none(&target)).then(|| function(&target, vm))
    };
    let known = match own("name") {
        Some(name) => Known { name, function: target().unwrap_or_default(), error: None },
        None => Known { name: "thread".to_owned(), function: function(start, vm), error: None },
    };
    name_thread(super::thread(), known);
}

/// Keeps what is known of a thread. At its end it has forgotten what it ran.
pub(super) fn name_thread(number: u16, mut known: Known) {
    if let Some(names) = names().as_mut() {
        if let Some(before) = names.threads.get(&number)
            && known.function.is_empty()
        {
            known.function.clone_from(&before.function);
        }
        names.threads.insert(number, known);
    }
}
