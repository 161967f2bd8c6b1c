//! A lock's state, and how threads wait for it.
//!
//! Taking and freeing an uncontended lock is one atomic operation. Waiters stand in a queue, in
//! one table for all locks: a lock that is freed wakes the first, and goes straight to it once it
//! has waited for a millisecond, so that nobody starves. The table is only locked by threads that
//! are attached to the interpreter, for moments in which no Python runs: a stop of the world (a
//! collection, a fork) therefore never finds it locked.

use super::baton::{self, Watch, Woken};
use super::deadlock::{self, Suspicion, Wait};
use super::futex;
use crate::{clock, record, subshell};
use rustpython_vm::{PyResult, VirtualMachine};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A waiter of this age gets the lock handed over, in nanoseconds.
const PATIENCE: u64 = 1_000_000;

/// How often the main thread looks for signals. A signal ends the wait by itself, except in the
/// moment between looking and falling asleep, or when another thread took it.
const SIGNAL_CHECK: Duration = Duration::from_millis(50);

const LOCKED: u8 = 1;
/// Threads may be in the queue.
const PARKED: u8 = 2;

/// How the lock came to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Hold {
    /// By `acquire()`: any thread may free it.
    Call = 0,
    /// By `with`, by an RLock or by a running thread: only the holder will free it.
    Owner = 1,
}

#[derive(Debug)]
pub(super) struct Core {
    state: AtomicU8,
    hold: AtomicU8,
    /// Once freed by a thread that did not hold it: it is a signal, not a mutex.
    foreign: AtomicBool,
    /// The holder's [`this_thread`], 0 when unknown.
    owner: AtomicU64,
}

impl Core {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(0),
            hold: AtomicU8::new(0),
            foreign: AtomicBool::new(false),
            owner: AtomicU64::new(0),
        })
    }

    pub(super) fn is_locked(&self) -> bool {
        self.state.load(Ordering::Acquire) & LOCKED != 0
    }

    /// The holder, 0 when free or unknown.
    pub(super) fn owner(&self) -> u64 {
        self.owner.load(Ordering::Acquire)
    }

    pub(super) fn is_mine(&self) -> bool {
        self.owner() == this_thread()
    }

    /// Only the holder frees it.
    pub(super) fn is_owned(&self) -> bool {
        self.hold.load(Ordering::Relaxed) == Hold::Owner as u8
    }

    pub(super) fn is_mutex(&self) -> bool {
        !self.foreign.load(Ordering::Relaxed)
    }

    /// Held from now on by `owner`, which the queue does not need to know.
    pub(super) fn adopt(&self, owner: u64) {
        self.state.fetch_or(LOCKED, Ordering::AcqRel);
        self.hold.store(Hold::Owner as u8, Ordering::Relaxed);
        self.owner.store(owner, Ordering::Release);
    }

    #[inline]
    pub(super) fn try_acquire(&self, hold: Hold) -> bool {
        self.try_acquire_for(this_thread(), hold)
    }

    #[inline]
    fn try_acquire_for(&self, thread: u64, hold: Hold) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LOCKED == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | LOCKED,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.hold.store(hold as u8, Ordering::Relaxed);
                    self.owner.store(thread, Ordering::Release);
                    return true;
                }
                Err(now) => state = now,
            }
        }
        false
    }

    /// Frees the lock; false when it was free.
    #[inline]
    pub(super) fn release(&self) -> bool {
        self.release_by(this_thread())
    }

    #[inline]
    fn release_by(&self, thread: u64) -> bool {
        if !self.is_locked() {
            return false;
        }
        if self.owner.swap(0, Ordering::AcqRel) != thread {
            self.foreign.store(true, Ordering::Relaxed);
        }
        self.state.compare_exchange(LOCKED, 0, Ordering::Release, Ordering::Relaxed).is_ok()
            || self.release_parked()
    }

    #[cold]
    fn release_parked(&self) -> bool {
        let mut table = table();
        if !self.is_locked() {
            return false;
        }
        let Some((first, more)) = table.pop(self) else {
            self.state.store(0, Ordering::Release);
            return true;
        };
        let parked = if more { PARKED } else { 0 };
        table.waits.remove(&first.thread);
        if clock::now().saturating_sub(first.since) > PATIENCE {
            self.hold.store(first.hold as u8, Ordering::Relaxed);
            self.owner.store(first.thread, Ordering::Release);
            self.state.store(LOCKED | parked, Ordering::Release);
            first.word.store(Word::Granted as u32, Ordering::Release);
        } else {
            self.state.store(parked, Ordering::Release);
            first.word.store(Word::Woken as u32, Ordering::Release);
        }
        drop(table);
        first.wake();
        true
    }

    /// In the child of a fork: free, whoever held it.
    pub(super) fn reset(&self) {
        self.owner.store(0, Ordering::Relaxed);
        self.state.store(0, Ordering::Release);
    }

    /// Waits for the lock until `limit` (nanoseconds of the clock); false when that passed.
    /// `label` names the lock, the empty one the end of a thread.
    ///
    /// # Errors
    /// What a signal handler raised, and `DeadlockError`.
    #[cold]
    pub(super) fn wait(
        self: &Arc<Self>,
        limit: Option<u64>,
        hold: Hold,
        label: &dyn Fn() -> String,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let Some(waiter) = self.enqueue(this_thread(), hold) else {
            return Ok(true);
        };
        let _wait = record::lock_wait(label);
        // A wait that ends by itself is no part of a deadlock.
        let wait = limit.is_none().then(|| Wait::here(self, label(), vm));
        let outcome = self.wait_in_queue(&waiter, limit, wait.as_ref(), vm);
        if matches!(outcome, Ok(true)) {
            return outcome;
        }
        if self.leave(&waiter) {
            if outcome.is_ok() {
                return Ok(true);
            }
            self.release();
        }
        outcome
    }

    fn wait_in_queue(
        self: &Arc<Self>,
        waiter: &Arc<Waiter>,
        limit: Option<u64>,
        wait: Option<&Wait>,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let mut suspicion = Suspicion::default();
        loop {
            if let Some(wait) = wait
                && let Some(cycle) = Self::look(waiter, wait, &mut suspicion, vm)
            {
                return Err(deadlock::error(&cycle, vm));
            }
            let stalled = if baton::is_member(vm) {
                baton::park(limit, Watch::default(), vm).map(|woken| woken == Woken::Stalled)
            } else {
                let rest = limit.map(|limit| limit.saturating_sub(clock::now()));
                let rest = [
                    rest.map(Duration::from_nanos),
                    is_main_thread(vm).then_some(SIGNAL_CHECK),
                    subshell::patience(),
                    suspicion.rest(),
                ];
                let rest = rest.into_iter().flatten().min();
                vm.allow_threads(|| futex::sleep(&waiter.word, Word::Waiting as u32, rest));
                Ok(false)
            };
            let raised = match stalled {
                Ok(false) => None,
                Ok(true) => Some(deadlock::stalled(vm)),
                Err(raised) => Some(raised),
            };
            if wait.is_some() {
                table().waits.remove(&waiter.thread);
            }
            if let Some(raised) = raised {
                return Err(raised);
            }
            match waiter.word() {
                Word::Granted => return Ok(true),
                Word::Woken if self.retry(waiter) => return Ok(true),
                _ => {}
            }
            if limit.is_some_and(|limit| limit <= clock::now()) {
                return Ok(false);
            }
            vm.check_signals()?;
            subshell::check(vm)?;
        }
    }

    /// The deadlock that the wait closes, if it still is one: the lock may have come meanwhile.
    fn look(
        waiter: &Waiter,
        wait: &Wait,
        suspicion: &mut Suspicion,
        vm: &VirtualMachine,
    ) -> Option<Vec<Wait>> {
        let mut table = table();
        if waiter.word() != Word::Waiting {
            return None;
        }
        deadlock::enter(&mut table, wait, suspicion, vm)
    }

    /// Takes the lock (`None`) or a place at the end of its queue.
    fn enqueue(&self, thread: u64, hold: Hold) -> Option<Arc<Waiter>> {
        let mut table = table();
        // With the bit set, whoever frees the lock comes to the table.
        self.state.fetch_or(PARKED, Ordering::AcqRel);
        if self.try_acquire_for(thread, hold) {
            return None;
        }
        let waiter = Arc::new(Waiter {
            word: AtomicU32::new(Word::Waiting as u32),
            thread,
            hold,
            since: clock::now(),
        });
        table.queues.entry(self.address()).or_default().push_back(Arc::clone(&waiter));
        Some(waiter)
    }

    /// After a wake-up: takes the lock, or the first place in the queue.
    fn retry(&self, waiter: &Arc<Waiter>) -> bool {
        let mut table = table();
        self.state.fetch_or(PARKED, Ordering::AcqRel);
        if self.try_acquire_for(waiter.thread, waiter.hold) {
            return true;
        }
        waiter.word.store(Word::Waiting as u32, Ordering::Release);
        table.queues.entry(self.address()).or_default().push_front(Arc::clone(waiter));
        false
    }

    /// Gives up waiting; true when the lock has come to this thread all the same. One that was
    /// woken must take the lock if it is free: the wake-up would be lost to the others.
    fn leave(&self, waiter: &Arc<Waiter>) -> bool {
        let mut table = table();
        match waiter.word() {
            Word::Granted => true,
            Word::Woken => self.try_acquire_for(waiter.thread, waiter.hold),
            Word::Waiting => {
                table.remove(self, waiter);
                false
            }
        }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Word {
    Waiting = 0,
    /// Out of the queue: try again.
    Woken = 1,
    /// Out of the queue, and holding the lock.
    Granted = 2,
}

#[derive(Debug)]
struct Waiter {
    /// A [`Word`], and what the kernel waits on. Changed under the table's lock.
    word: AtomicU32,
    thread: u64,
    hold: Hold,
    /// Nanoseconds of the clock.
    since: u64,
}

impl Waiter {
    fn word(&self) -> Word {
        match self.word.load(Ordering::Acquire) {
            0 => Word::Waiting,
            1 => Word::Woken,
            _ => Word::Granted,
        }
    }

    fn wake(&self) {
        futex::wake(&self.word);
        baton::wake(self.thread);
    }
}

/// Who waits for what.
#[derive(Default)]
pub(super) struct Table {
    /// By the lock's address; a queue exists only as long as it has waiters.
    queues: HashMap<usize, VecDeque<Arc<Waiter>>>,
    /// By the waiting thread: waits without a limit.
    pub(super) waits: BTreeMap<u64, Wait>,
    process: u32,
}

impl Table {
    fn pop(&mut self, core: &Core) -> Option<(Arc<Waiter>, bool)> {
        let queue = self.queues.get_mut(&core.address())?;
        let first = queue.pop_front()?;
        let more = !queue.is_empty();
        if !more {
            self.queues.remove(&core.address());
        }
        Some((first, more))
    }

    fn remove(&mut self, core: &Core, waiter: &Arc<Waiter>) {
        if let Some(queue) = self.queues.get_mut(&core.address()) {
            queue.retain(|other| !Arc::ptr_eq(other, waiter));
            if queue.is_empty() {
                self.queues.remove(&core.address());
            }
        }
    }
}

pub(super) fn table() -> MutexGuard<'static, Table> {
    static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);
    // Nothing that can panic leaves the table half changed.
    let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if table.process != process {
        // A fork: the threads that waited do not exist here.
        *table = Table { process, ..Table::default() };
    }
    table
}

thread_local!(static NUMBER: Cell<u64> = const { Cell::new(0) });

/// A number for the calling thread, never used again for another.
#[inline]
pub(super) fn this_thread() -> u64 {
    if NUMBER.get() == 0 {
        NUMBER.set(next_thread());
    }
    NUMBER.get()
}

/// A number for a thread about to be started, which then calls [`become_thread`].
pub(super) fn next_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn become_thread(number: u64) {
    NUMBER.set(number);
}

pub(super) fn is_main_thread(vm: &VirtualMachine) -> bool {
    vm.state.main_thread_ident.load() == rustpython_vm::stdlib::_thread::get_ident()
}

#[cfg(test)]
mod tests;
