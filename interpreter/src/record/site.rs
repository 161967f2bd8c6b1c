//! Places in source, as numbers.

use super::Site;
use crate::threads::deadlock;
use rustpython_vm::builtins::{PyBaseException, PyCode, PyCoroutine};
use rustpython_vm::bytecode::CodeFlags;
use rustpython_vm::vm::thread::get_current_frame;
use rustpython_vm::{AsObject, Py, PyObject, PyRef, VirtualMachine};
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Places that one cell can have at most; further ones have the number 0, as what is no place.
const MOST: usize = 8192;

/// So many are still known after the cell: each keeps code alive, and a session may have any number.
const KEPT: usize = 1024;

/// How many of the library's frames may lie between a record and the user's code.
const DEPTH: usize = 6;

#[derive(Default)]
struct Table {
    numbers: HashMap<(usize, u32), u32>,
    /// The latest, in the order of their numbers, which begin behind [`FORGOTTEN`]. The code objects
    /// are kept: another one must not come to lie at the same address.
    places: VecDeque<(PyRef<PyCode>, u32)>,
}

/// The number of the latest place that is not known any more. Changed while the table is locked.
static FORGOTTEN: AtomicU32 = AtomicU32::new(0);

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

thread_local! {
    /// The place asked for last, and its number.
    static LAST: Cell<((usize, u32), u32)> = const { Cell::new(((0, 0), 0)) };
}

/// Only ever locked for moments in which no Python runs.
fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the user's code stands on this thread.
pub(super) fn caller() -> u32 {
    let mut frame = get_current_frame();
    for _ in 0..DEPTH {
        #[expect(unsafe_code, reason = "the chain of frames is one of pointers")]
        // SAFETY: this thread's frames live as long as they are in the chain, whose top this
        // thread reads while it runs none of them.
        let Some(now) = (unsafe { frame.as_ref() }) else { return 0 };
        let code = now.code();
        if !is_library(code) {
            return number(code, now.lasti.load(Ordering::Relaxed));
        }
        frame = now.previous();
    }
    0
}

/// Where a thread stands, as far as that is the user's.
pub(super) struct Standing {
    /// The innermost line of the user's, 0 if there is none.
    pub(super) site: u32,
    /// The function of the library that it called.
    pub(super) called: Option<String>,
    /// No coroutine of the user's is on its way, but at most a cell itself.
    pub(super) is_top: bool,
}

/// How many frames are looked through for the user's.
const FAR: usize = 200;

/// Where this thread stands, through all of the library.
pub(super) fn standing() -> Standing {
    let mut found = Standing { site: 0, called: None, is_top: true };
    let mut frame = get_current_frame();
    for _ in 0..FAR {
        #[expect(unsafe_code, reason = "the chain of frames is one of pointers")]
        // SAFETY: as in `caller`.
        let Some(now) = (unsafe { frame.as_ref() }) else { break };
        let code = now.code();
        if found.site == 0 {
            if is_users(code) {
                found.site = number(code, now.lasti.load(Ordering::Relaxed));
            } else {
                found.called = Some(code.code.qualname.as_str().to_owned());
            }
        }
        if code.code.flags.contains(CodeFlags::COROUTINE) && is_users(code) {
            found.is_top = code.code.qualname.as_str() == "<module>";
            if found.site != 0 {
                break;
            }
        }
        frame = now.previous();
    }
    found
}

/// Neither the library's nor an installed package's.
pub(super) fn is_users(code: &Py<PyCode>) -> bool {
    let file = code.source_path().as_str();
    !deadlock::is_library(file) && !file.contains("/site-packages/") && !file.starts_with("<frozen")
}

fn is_library(code: &Py<PyCode>) -> bool {
    let file = code.source_path().as_str();
    file.starts_with("asyncio") || file.starts_with("cellist.") || file == "threading"
}

/// Where the coroutine stands.
pub(super) fn of_coroutine(coroutine: &PyObject, vm: &VirtualMachine) -> u32 {
    let Some(coroutine) = coroutine.downcast_ref_if_exact::<PyCoroutine>(vm) else { return 0 };
    let coroutine = coroutine.as_coro();
    match coroutine.frame_opt() {
        Some(frame) => number(&coroutine.code(), frame.lasti()),
        None => 0,
    }
}

/// Where the coroutine's definition begins.
pub(super) fn of_definition(coroutine: &PyCoroutine) -> u32 {
    number(&coroutine.as_coro().code(), 0)
}

/// Where the exception was raised, as far as that was in the user's code.
pub(super) fn of_exception(exception: &Py<PyBaseException>) -> u32 {
    let mut found = 0;
    let mut entry = exception.__traceback__();
    while let Some(now) = entry {
        let code = now.frame.f_code();
        if !is_library(&code) {
            // It has the instruction itself, in bytes.
            found = number(&code, now.lasti as u32 / 2 + 1);
        }
        entry = now.next.lock().clone();
    }
    found
}

pub(super) fn number(code: &Py<PyCode>, instruction: u32) -> u32 {
    let key = (code.as_object().get_id(), instruction);
    let (last, found) = LAST.get();
    // Who holds a code object that took the address of another has seen that one forgotten.
    if last == key && found > FORGOTTEN.load(Ordering::Relaxed) {
        return found;
    }
    let mut table = table();
    let number = match table.numbers.get(&key) {
        Some(&number) => number,
        None if table.places.len() == MOST => 0,
        None => {
            let places = table.places.len() as u32;
            let next = FORGOTTEN.load(Ordering::Relaxed).wrapping_add(places + 1);
            table.numbers.insert(key, next);
            table.places.push_back((code.to_owned(), instruction));
            next
        }
    };
    drop(table);
    LAST.set((key, number));
    number
}

pub(super) fn look_up(number: u32) -> Option<Site> {
    let table = table();
    let place = number.checked_sub(FORGOTTEN.load(Ordering::Relaxed))?.checked_sub(1)?;
    let (code, instruction) = table.places.get(place as usize)?.clone();
    drop(table);
    // It points behind the instruction, each of which is two bytes.
    let line = code.addr2line(instruction as i32 * 2 - 2);
    Some(Site {
        file: code.source_path().as_str().to_owned(),
        line: u32::try_from(line).unwrap_or(0),
        function: code.code.qualname.as_str().to_owned(),
    })
}

/// Forgets the oldest places, but for the latest 1,024: one that comes again gets a new number.
pub(super) fn forget() {
    let mut table = table();
    let surplus = table.places.len().saturating_sub(KEPT);
    let forgotten: Vec<_> = table.places.drain(..surplus).collect();
    for (code, instruction) in &forgotten {
        table.numbers.remove(&(code.as_object().get_id(), *instruction));
    }
    FORGOTTEN.fetch_add(surplus as u32, Ordering::Relaxed);
    // The end of a code object may run Python.
    drop(table);
    drop(forgotten);
}
