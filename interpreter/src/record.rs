//! What happened: records of 32 bytes in a ring, always on.
//!
//! Writing one takes some twenty nanoseconds: a counter, four stores, and most of it the processor's
//! own clock. `tests/bench/record.py` measures what that comes to.
//! Places in source are kept in a table of limited size. Readers take a copy; what was written
//! over meanwhile is left out.

mod kind;
mod known;
mod lanes;
mod module;
mod moment;
mod neglected;
mod ring;
mod site;
mod switch;
mod waiting;
mod watchdog;
mod what;

pub(crate) use kind::Ending;
use kind::KINDS;
pub use kind::Kind;
pub(crate) use known::{is_watched, tell, thread_begins, thread_ends};
pub(crate) use module::_cellist_trace;
pub(crate) use moment::{Moment, begin};
pub(crate) use neglected::{install, lost, never_awaited, unretrieved};
pub(crate) use watchdog::{after_fork, is_slow, sample};

use crate::clock::Clock;
use moment::{Scale, ticks};
use ring::Raw;
use rustpython_vm::builtins::PyBaseException;
use rustpython_vm::{Py, PyObject, VirtualMachine};
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A place in source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The file's name, or the cell's.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The function's qualified name.
    pub function: String,
}

/// One record, as a reader gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its number: records are numbered from 0 in the order in which they were begun.
    pub number: u64,
    /// What happened.
    pub kind: Kind,
    /// The clock of its times.
    pub clock: Clock,
    /// When it happened, or began, since the process's first record, or in virtual time.
    pub time: Duration,
    /// How long it took, for [`Kind::Step`], [`Kind::Stall`], [`Kind::LockWait`] and
    /// [`Kind::Block`].
    pub took: Duration,
    /// The number of the thread, in the order of their first records.
    pub thread: u16,
    /// The number of the task it is about, 0 for none.
    pub task: u32,
    /// The number of the other task, 0 for none.
    pub other: u32,
    /// Where, if that is known.
    pub site: Option<Site>,
    /// What is waited for, if that is known: a function of the library.
    pub what: Option<String>,
    /// For [`Kind::Stall`] and [`Kind::Block`]: it is the cell itself that does not go on, and no
    /// coroutine.
    pub is_top: bool,
}

impl Record {
    /// How long ago it was, in seconds; none if another clock runs now.
    fn age(&self) -> Option<f64> {
        let now = Moment::now();
        let is_same = now.is_virtual == (self.clock == Clock::Virtual);
        is_same.then(|| Scale::now().moment(now).saturating_sub(self.time).as_secs_f64())
    }
}

/// The number that the next record gets.
pub fn position() -> u64 {
    ring::position()
}

/// The records from number `since` on that are still there, in order.
pub fn since(since: u64) -> Vec<Record> {
    let scale = Scale::now();
    ring::read(since).into_iter().filter_map(|(number, raw)| scale.record(number, raw)).collect()
}

/// The last record, of those that are still there, for whose kind and task that holds.
fn last(wanted: impl Fn(Kind, u32) -> bool) -> Option<Record> {
    let kind = |raw: &Raw| KINDS.into_iter().find(|kind| *kind as u8 == raw.kind);
    let rows = ring::read(0);
    let mut rows = rows.into_iter().rev();
    let (number, raw) =
        rows.find(|(_, raw)| kind(raw).is_some_and(|kind| wanted(kind, raw.task)))?;
    Scale::now().record(number, raw)
}

/// Of the records from number `since` on, those of what tasks did that kept an event loop from
/// going on; a long step with all of its length.
fn blockages(since: u64) -> Vec<Record> {
    let scale = Scale::now();
    let kinds = [Kind::Stall, Kind::Block, Kind::LockWait].map(|kind| kind as u8);
    let all = ring::read(since);
    let rows = all.iter().filter(|(_, raw)| raw.task != 0 && kinds.contains(&raw.kind));
    let rows = rows.filter_map(|(number, raw)| {
        let mut record = scale.record(*number, *raw)?;
        if record.kind == Kind::Stall {
            // When it was looked at, the step went on.
            let is_step = |other: &Raw| {
                (other.kind, other.task, other.time) == (Kind::Step as u8, raw.task, raw.time)
            };
            let step = all.iter().find(|(_, other)| is_step(other));
            let step = step.and_then(|(number, other)| scale.record(*number, *other));
            record.took = step.map_or(record.took, |step| step.took);
        }
        Some(record)
    });
    rows.collect()
}

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current::NONE) };
    static THREAD: Cell<u16> = const { Cell::new(0) };
}

/// The step that this thread is in.
#[derive(Clone, Copy)]
struct Current {
    task: u32,
    /// In ticks, also on the virtual clock.
    began: u64,
    moment: Moment,
}

impl Current {
    const NONE: Self = Self { task: 0, began: 0, moment: Moment { time: 0, is_virtual: false } };
}

/// In the byte for more: the time is virtual; it is the cell itself; the number of what it waits
/// for.
const VIRTUAL: u8 = 0x80;
const TOP: u8 = 0x40;
const WHAT: u8 = 0x3f;

/// The number of the task that was made last.
static LAST_TASK: AtomicU32 = AtomicU32::new(0);

/// A number for a new task.
fn fresh() -> u32 {
    LAST_TASK.fetch_add(1, Ordering::Relaxed) + 1
}

fn thread() -> u16 {
    let thread = THREAD.get();
    if thread != 0 {
        return thread;
    }
    static LAST: AtomicU32 = AtomicU32::new(0);
    let thread = (LAST.fetch_add(1, Ordering::Relaxed) + 1) as u16;
    THREAD.set(thread);
    known::new_thread(thread);
    thread
}

#[inline]
fn write(kind: Kind, task: u32, other: u32, site: u32, extra: u8) {
    let Moment { time, is_virtual } = Moment::now();
    let extra = if is_virtual { extra | VIRTUAL } else { extra };
    ring::write(Raw {
        time,
        task,
        other,
        site,
        took: 0,
        thread: thread(),
        kind: kind as u8,
        extra,
    });
}

/// What began then and ends now.
#[inline]
fn write_span(kind: Kind, began: Moment, task: u32, site: u32, extra: u8) {
    let elapsed = began.until(Moment::now());
    let extra = if began.is_virtual { extra | VIRTUAL } else { extra };
    // Two halves: what lasts has no other task.
    let (other, took) = ((elapsed >> 32) as u32, elapsed as u32);
    let (time, thread, kind) = (began.time, thread(), kind as u8);
    ring::write(Raw { time, task, other, site, took, thread, kind, extra });
}

/// A task is made here; returns its number.
#[inline]
pub(crate) fn create() -> u32 {
    let task = fresh();
    if !switch::is_on() {
        return task;
    }
    write(Kind::Create, task, CURRENT.get().task, site::caller(), 0);
    task
}

/// A task's step begins; it ends when the value is dropped.
#[inline]
pub(crate) fn step(task: u32) -> Step {
    if !switch::is_on() {
        return Step(Current::NONE);
    }
    watchdog::busy();
    let moment = Moment::now();
    let began = if moment.is_virtual { ticks() } else { moment.time };
    Step(CURRENT.replace(Current { task, began, moment }))
}

/// Holds the step around this one: loops nest.
pub(crate) struct Step(Current);

impl Drop for Step {
    #[inline]
    fn drop(&mut self) {
        if !switch::is_on() {
            return;
        }
        let Current { task, moment, .. } = CURRENT.replace(self.0);
        write_span(Kind::Step, moment, task, 0, 0);
    }
}

/// The task waits for a future, which is a task's if `target` is not 0.
#[inline]
pub(crate) fn wait(
    task: u32,
    target: u32,
    coroutine: Option<&PyObject>,
    future: &PyObject,
    vm: &VirtualMachine,
) {
    if !switch::is_on() {
        return;
    }
    let (site, what) = match coroutine {
        Some(coroutine) if known::is_watched() => waiting::of(coroutine, future, vm),
        Some(coroutine) => (site::of_coroutine(coroutine, vm), 0),
        None => (0, 0),
    };
    write(Kind::Wait, task, target, site, what);
}

/// What the task waited for is done.
#[inline]
pub(crate) fn wake(task: u32) {
    if !switch::is_on() {
        return;
    }
    write(Kind::Wake, task, CURRENT.get().task, 0, 0);
}

/// The task was asked to end.
pub(crate) fn cancel(task: u32) {
    write(Kind::Cancel, task, CURRENT.get().task, site::caller(), 0);
}

/// The task ended.
#[inline]
pub(crate) fn done(task: u32, ending: Ending, error: Option<&Py<PyBaseException>>) {
    if !switch::is_on() {
        return;
    }
    write(Kind::Done, task, ending as u32, error.map_or(0, site::of_exception), 0);
}

/// This thread begins (or ends) to run Python.
fn thread_runs(kind: Kind) {
    write(kind, 0, 0, 0, 0);
}

/// This thread waits for a lock until the value is dropped. `label` names it; the empty one is the
/// end of a thread.
pub(crate) fn lock_wait(label: &dyn Fn() -> String) -> LockWait {
    let began = Moment::now();
    if !known::is_watched() {
        return LockWait { began, site: site::caller(), what: 0 };
    }
    let (site, what) = waiting::for_lock(label);
    write(Kind::Wait, 0, 0, site, what);
    LockWait { began, site, what }
}

pub(crate) struct LockWait {
    began: Moment,
    site: u32,
    what: u8,
}

impl Drop for LockWait {
    fn drop(&mut self) {
        write_span(Kind::LockWait, self.began, CURRENT.get().task, self.site, self.what);
    }
}

/// This thread begins a call that waits, and so lets no other task have its turn.
fn block(name: &str) -> Block {
    let here = site::standing();
    let what = what::number(name);
    if known::is_watched() {
        write(Kind::Wait, 0, 0, here.site, what);
    }
    let extra = if here.is_top { what | TOP } else { what };
    Block { began: Moment::now(), site: here.site, extra }
}

/// Until it is dropped.
#[derive(Debug)]
struct Block {
    began: Moment,
    site: u32,
    extra: u8,
}

impl Drop for Block {
    fn drop(&mut self) {
        write_span(Kind::Block, self.began, CURRENT.get().task, self.site, self.extra);
    }
}

impl Scale {
    fn record(&self, number: u64, raw: Raw) -> Option<Record> {
        let kind = KINDS.into_iter().find(|kind| *kind as u8 == raw.kind)?;
        let is_virtual = raw.extra & VIRTUAL != 0;
        let length =
            |units| if is_virtual { Duration::from_nanos(units) } else { self.time(units) };
        let (other, took) = match kind.lasts() {
            true => (0, u64::from(raw.other) << 32 | u64::from(raw.took)),
            false => (raw.other, 0),
        };
        Some(Record {
            number,
            kind,
            clock: if is_virtual { Clock::Virtual } else { Clock::Wall },
            time: length(if is_virtual { raw.time } else { raw.time.saturating_sub(self.start) }),
            took: length(took),
            thread: raw.thread,
            task: raw.task,
            other,
            site: site::look_up(raw.site),
            what: what::look_up(raw.extra & WHAT),
            is_top: raw.extra & TOP != 0,
        })
    }
}
