//! What happened: records of 32 bytes in a ring, always on.
//!
//! Writing one takes some ten nanoseconds: a counter, four stores, and the processor's own clock.
//! Places in source are kept in a table of limited size. Readers take a copy; what was written
//! over meanwhile is left out.

mod module;
mod neglected;
mod ring;
mod site;
mod watchdog;

pub(crate) use module::_cellist_trace;
pub(crate) use neglected::{install, never_awaited, unretrieved};
pub(crate) use watchdog::{after_fork, is_slow, sample};

use ring::Raw;
use rustpython_vm::{PyObject, VirtualMachine};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A task was made, by the task that ran; the place is where.
    Create = 1,
    /// A task ran for a while without yielding.
    Step = 2,
    /// A task waits, for another task or for a plain future (0).
    Wait = 3,
    /// What a task waited for is done: by the task that ran, or by the loop (0).
    Wake = 4,
    /// A task was asked to end, by the task that ran.
    Cancel = 5,
    /// A task ended.
    Done = 6,
    /// A task ran for long without yielding: the place is where it stood at that moment.
    Stall = 7,
    /// A thread began to run Python.
    ThreadStart = 8,
    /// A thread waited for a lock or another thread.
    LockWait = 9,
    /// A thread ended.
    ThreadEnd = 10,
    /// A coroutine ended that was never begun: the place is where the last reference to it went, or
    /// that of its definition.
    NeverAwaited = 11,
    /// A future, or a task, ended whose exception nobody looked at: the place is where that was
    /// raised.
    Unretrieved = 12,
}

const KINDS: [Kind; 12] = [
    Kind::Create,
    Kind::Step,
    Kind::Wait,
    Kind::Wake,
    Kind::Cancel,
    Kind::Done,
    Kind::Stall,
    Kind::ThreadStart,
    Kind::LockWait,
    Kind::ThreadEnd,
    Kind::NeverAwaited,
    Kind::Unretrieved,
];

impl Kind {
    /// Its name in Python.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Step => "step",
            Self::Wait => "wait",
            Self::Wake => "wake",
            Self::Cancel => "cancel",
            Self::Done => "done",
            Self::Stall => "stall",
            Self::ThreadStart => "thread start",
            Self::LockWait => "lock wait",
            Self::ThreadEnd => "thread end",
            Self::NeverAwaited => "never awaited",
            Self::Unretrieved => "unretrieved",
        }
    }
}

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
    /// When it happened, or began, since the process's first record.
    pub time: Duration,
    /// How long it took, for [`Kind::Step`], [`Kind::Stall`] and [`Kind::LockWait`].
    pub took: Duration,
    /// The number of the thread, in the order of their first records.
    pub thread: u16,
    /// The number of the task it is about, 0 for none.
    pub task: u32,
    /// The number of the other task, 0 for none.
    pub other: u32,
    /// Where, if that is known.
    pub site: Option<Site>,
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

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current { task: 0, began: 0 }) };
    static THREAD: Cell<u16> = const { Cell::new(0) };
}

/// The step that this thread is in.
#[derive(Clone, Copy)]
struct Current {
    task: u32,
    began: u64,
}

/// A number for a new task.
fn fresh() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

fn thread() -> u16 {
    let thread = THREAD.get();
    if thread != 0 {
        return thread;
    }
    static LAST: AtomicU32 = AtomicU32::new(0);
    let thread = (LAST.fetch_add(1, Ordering::Relaxed) + 1) as u16;
    THREAD.set(thread);
    thread
}

#[inline]
fn write(kind: Kind, time: u64, task: u32, other: u32, site: u32, ticks: u64) {
    // In units of 256 ticks, some 0.1 µs.
    let took = u32::try_from(ticks >> 8).unwrap_or(u32::MAX);
    ring::write(Raw { time, task, other, site, took, thread: thread(), kind: kind as u8 });
}

/// A task is made here; returns its number.
#[inline]
pub(crate) fn create() -> u32 {
    let task = fresh();
    write(Kind::Create, ticks(), task, CURRENT.get().task, site::caller(), 0);
    task
}

/// A task's step begins; it ends when the value is dropped.
#[inline]
pub(crate) fn step(task: u32) -> Step {
    watchdog::busy();
    let began = ticks();
    Step(CURRENT.replace(Current { task, began }))
}

/// Holds the step around this one: loops nest.
pub(crate) struct Step(Current);

impl Drop for Step {
    #[inline]
    fn drop(&mut self) {
        let Current { task, began } = CURRENT.replace(self.0);
        write(Kind::Step, began, task, 0, 0, ticks().saturating_sub(began));
    }
}

/// The task waits for a task or (0) for a plain future.
#[inline]
pub(crate) fn wait(task: u32, target: u32, coroutine: Option<&PyObject>, vm: &VirtualMachine) {
    let site = coroutine.map_or(0, |coroutine| site::of_coroutine(coroutine, vm));
    write(Kind::Wait, ticks(), task, target, site, 0);
}

/// What the task waited for is done.
#[inline]
pub(crate) fn wake(task: u32) {
    write(Kind::Wake, ticks(), task, CURRENT.get().task, 0, 0);
}

/// The task was asked to end.
pub(crate) fn cancel(task: u32) {
    write(Kind::Cancel, ticks(), task, CURRENT.get().task, site::caller(), 0);
}

/// The task ended.
#[inline]
pub(crate) fn done(task: u32) {
    write(Kind::Done, ticks(), task, 0, 0, 0);
}

/// This thread begins (or ends) to run Python.
pub(crate) fn thread_runs(kind: Kind) {
    write(kind, ticks(), 0, 0, 0, 0);
}

/// This thread waits for a lock until the value is dropped.
pub(crate) fn lock_wait() -> LockWait {
    LockWait { began: ticks(), site: site::caller() }
}

pub(crate) struct LockWait {
    began: u64,
    site: u32,
}

impl Drop for LockWait {
    fn drop(&mut self) {
        let took = ticks().saturating_sub(self.began);
        write(Kind::LockWait, self.began, CURRENT.get().task, 0, self.site, took);
    }
}

/// The processor's clock, in its own unit.
#[cfg(target_arch = "x86_64")]
#[inline]
fn ticks() -> u64 {
    #[expect(unsafe_code, reason = "the clock has no safe interface")]
    // SAFETY: every x86-64 processor has it, and user code may read it on Linux.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
}

/// The system's clock, in nanoseconds.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn ticks() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// From ticks to time.
struct Scale {
    start: u64,
    nanos_per_tick: f64,
}

/// Ticks and time at one moment, early on.
static ORIGIN: OnceLock<(u64, Instant)> = OnceLock::new();

/// Time begins. Called before anything is recorded.
pub(crate) fn begin() {
    ORIGIN.get_or_init(|| (ticks(), Instant::now()));
}

impl Scale {
    fn now() -> Self {
        let &(start, moment) = ORIGIN.get_or_init(|| (ticks(), Instant::now()));
        let passed = ticks().saturating_sub(start).max(1);
        Self { start, nanos_per_tick: moment.elapsed().as_nanos() as f64 / passed as f64 }
    }

    fn time(&self, ticks: u64) -> Duration {
        Duration::from_nanos((ticks as f64 * self.nanos_per_tick) as u64)
    }

    fn record(&self, number: u64, raw: Raw) -> Option<Record> {
        Some(Record {
            number,
            kind: KINDS.into_iter().find(|kind| *kind as u8 == raw.kind)?,
            time: self.time(raw.time.saturating_sub(self.start)),
            took: self.time(u64::from(raw.took) << 8),
            thread: raw.thread,
            task: raw.task,
            other: raw.other,
            site: site::look_up(raw.site),
        })
    }
}
