//! The baton: on the virtual clock the threads of a program run one at a time, in an order that
//! depends on nothing but the program (and a seed). A thread passes the baton when it waits; once
//! nobody can run, the clock jumps to the first deadline.
//!
//! A real wait that is none of ours (a read, a child process) keeps the baton: the clock stands
//! still, as it must. Only when it lasts, and others want to run, the thread loses the baton (see
//! `holder`): what it waits for may need them.
//!
//! Like the locks' table this is only locked by threads that are attached to the interpreter, for
//! moments in which no Python runs.

use super::core::{is_main_thread, this_thread};
use super::holder::{Holder, Suspect};
use super::permit::{GO, OFF, Permit, WAIT};
use super::schedule::{Place, Schedule};
pub(crate) use super::watch::{Outside, Watch, Woken};
use crate::clock;
use rustpython_vm::vm::thread::CurrentFrameSlot;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// More than one thread shares the baton.
static CROWD: AtomicBool = AtomicBool::new(false);
/// Counts the switches of the clock: a thread belongs to the one in which it was started.
static GENERATION: AtomicU64 = AtomicU64::new(1);
/// Jobs in other processes that somebody will answer.
static JOBS: AtomicU64 = AtomicU64::new(0);

/// So long the clock stands still for a thread that is stuck, unless there are child processes.
const STUCK: Duration = Duration::from_secs(5);

thread_local! {
    static MEMBER: Cell<u64> = const { Cell::new(0) };
}

struct Person {
    permit: Arc<Permit>,
    holder: Option<Holder>,
    watch: Watch,
    stalled: bool,
    /// Since when it has been stuck in a real wait.
    stuck: Option<Instant>,
    /// Waits for the operating system to start or end a thread, which needs nobody's baton.
    pinned: bool,
}

impl Person {
    fn new() -> Self {
        let permit = Arc::new(Permit::default());
        let watch = Watch::default();
        Self { permit, holder: None, watch, stalled: false, stuck: None, pinned: false }
    }
}

#[derive(Default)]
struct Baton {
    schedule: Schedule,
    people: BTreeMap<u64, Person>,
    /// Python threads that run on regardless of the baton.
    strangers: BTreeMap<u64, CurrentFrameSlot>,
    suspect: Option<Suspect>,
    /// Nobody can run until something comes from outside.
    idle: bool,
    process: u32,
}

fn baton() -> MutexGuard<'static, Baton> {
    static BATON: LazyLock<Mutex<Baton>> = LazyLock::new(Mutex::default);
    // Nothing that can panic leaves it half changed.
    let mut baton = BATON.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if baton.process != process {
        let forked = baton.process != 0;
        let seed = clock::seed();
        // The objects of threads that do not exist here are nobody's to drop.
        let before = std::mem::replace(
            &mut *baton,
            Baton { process, schedule: Schedule::new(seed), ..Baton::default() },
        );
        std::mem::forget(before);
        // Nor are the jobs of the parent.
        JOBS.store(0, Ordering::SeqCst);
        clock::outside::set_forked(forked);
        if forked && MEMBER.get() == GENERATION.load(Ordering::SeqCst) {
            baton.add(this_thread());
        }
    }
    baton
}

/// After a fork of which the program knows nothing: the child is the program now.
pub(crate) fn adopt_process() {
    drop(baton());
    clock::outside::set_forked(false);
}

/// The clock was switched: threads of the old one run on without the baton.
pub(crate) fn reset() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    let mut baton = baton();
    let people = std::mem::take(&mut baton.people);
    for (thread, person) in &people {
        if let Some(holder) = person.holder.as_ref().filter(|_| *thread != this_thread()) {
            baton.strangers.insert(*thread, holder.slot());
        }
        person.permit.give(OFF);
    }
    baton.schedule = Schedule::new(clock::seed());
    baton.idle = false;
    CROWD.store(false, Ordering::SeqCst);
    drop(baton);
    // Dropping an event loop may run Python.
    drop(people);
}

/// Whether this thread runs under the baton. The main thread does from the first time it is asked.
pub(crate) fn is_member(vm: &VirtualMachine) -> bool {
    if clock::virtual_now().is_none() {
        return false;
    }
    let generation = GENERATION.load(Ordering::SeqCst);
    if MEMBER.get() == generation {
        return true;
    }
    if !is_main_thread(vm) {
        return false;
    }
    let mut baton = baton();
    if baton.schedule.len() > 0 {
        return false;
    }
    MEMBER.set(generation);
    let me = this_thread();
    baton.add(me);
    if let Some(person) = baton.people.get_mut(&me) {
        person.holder = Holder::this_thread(vm);
    }
    true
}

/// The number of a thread about to be started by this one, if it will share the baton.
pub(super) fn expect(thread: u64, vm: &VirtualMachine) -> Option<u64> {
    is_member(vm).then(|| {
        baton().add(thread);
        GENERATION.load(Ordering::SeqCst)
    })
}

/// The thread did not start after all.
pub(super) fn expect_no_more(thread: u64) {
    baton().remove(thread);
}

/// A started thread waits here for its first turn.
pub(super) fn begin(generation: Option<u64>, vm: &VirtualMachine) {
    let me = this_thread();
    let holder = Holder::this_thread(vm);
    if generation != Some(GENERATION.load(Ordering::SeqCst)) {
        if let Some(holder) = holder {
            baton().strangers.insert(me, holder.slot());
        }
        return;
    }
    MEMBER.set(GENERATION.load(Ordering::SeqCst));
    let mut baton = baton();
    let Some(person) = baton.people.get_mut(&me) else { return };
    person.holder = holder;
    let permit = Arc::clone(&person.permit);
    drop(baton);
    // Only the main thread sees signals.
    let _ = await_turn(me, &permit, vm);
}

/// The thread ends.
pub(super) fn end() {
    let me = this_thread();
    MEMBER.set(0);
    let mut baton = baton();
    baton.strangers.remove(&me);
    baton.remove(me);
    baton.dispatch();
}

/// Runs `wait`, which needs no other thread of the program.
pub(super) fn pinned<R>(vm: &VirtualMachine, wait: impl FnOnce() -> R) -> R {
    if !is_member(vm) {
        return wait();
    }
    let me = this_thread();
    let pin = |pinned| {
        if let Some(person) = baton().people.get_mut(&me) {
            person.pinned = pinned;
        }
    };
    pin(true);
    let done = wait();
    pin(false);
    done
}

/// A point at which the baton may pass although the thread could go on.
///
/// # Errors
/// What a signal handler raised meanwhile.
#[inline]
pub(super) fn point(vm: &VirtualMachine) -> PyResult<()> {
    if CROWD.load(Ordering::Relaxed) { pass(Schedule::point, vm) } else { Ok(()) }
}

/// A point between two instructions of the program.
///
/// # Errors
/// What a signal handler raised meanwhile.
pub(crate) fn instruction(vm: &VirtualMachine) -> PyResult<()> {
    if CROWD.load(Ordering::Relaxed) { pass(Schedule::instruction, vm) } else { Ok(()) }
}

#[cold]
fn pass(decide: impl FnOnce(&mut Schedule) -> bool, vm: &VirtualMachine) -> PyResult<()> {
    if !is_member(vm) {
        return Ok(());
    }
    let me = this_thread();
    come_back(me, vm)?;
    let mut baton = baton();
    if baton.schedule.running() != Some(me) || !decide(&mut baton.schedule) {
        return Ok(());
    }
    baton.dispatch();
    let Some(permit) = baton.people.get(&me).map(|person| Arc::clone(&person.permit)) else {
        return Ok(());
    };
    drop(baton);
    await_turn(me, &permit, vm).map(drop)
}

/// Parks this thread, a member, until somebody wakes it, `until` (nanoseconds of the clock), or
/// what it watches is ready; others run meanwhile.
///
/// # Errors
/// What a signal handler raised. The thread goes on without the baton then, until its next point.
pub(crate) fn park(until: Option<u64>, watch: Watch, vm: &VirtualMachine) -> PyResult<Woken> {
    let me = this_thread();
    come_back(me, vm)?;
    let mut baton = baton();
    if baton.schedule.running() != Some(me) {
        return Ok(Woken::Off);
    }
    let due = until.is_some_and(|until| until <= clock::now());
    if due {
        baton.schedule.yield_now();
    } else if !baton.schedule.park(until) {
        return Ok(Woken::Called);
    }
    let Some(person) = baton.people.get_mut(&me) else { return Ok(Woken::Off) };
    person.watch = watch;
    person.stalled = false;
    let permit = Arc::clone(&person.permit);
    if !person.watch.descriptors.is_empty() {
        permit.ring_too();
    }
    baton.dispatch();
    drop(baton);
    let turn = await_turn(me, &permit, vm);
    let mut baton = self::baton();
    let person = baton.people.get_mut(&me);
    let stalled = person.as_ref().is_some_and(|person| person.stalled);
    let watch = person.map(|person| std::mem::take(&mut person.watch));
    let expired = baton.schedule.take_expired(me);
    drop(baton);
    drop(watch);
    let turn = turn?;
    if stalled {
        // A signal that came at the last moment wakes it after all.
        vm.check_signals()?;
    }
    Ok(match turn {
        OFF => Woken::Off,
        _ if stalled => Woken::Stalled,
        _ if due || expired => Woken::Expired,
        _ => Woken::Called,
    })
}

/// Wakes a thread that is parked, or ends its next parking.
pub(super) fn wake(thread: u64) {
    if clock::virtual_now().is_none() {
        return;
    }
    let mut baton = baton();
    baton.schedule.wake(thread);
    baton.dispatch();
}

/// `count` more jobs (or fewer) that another process works on.
pub(crate) fn count_jobs(count: i64) {
    let _ = JOBS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |jobs| {
        Some(jobs.saturating_add_signed(count))
    });
}

/// The threads that are parked, and the event loop that each runs.
pub(super) fn parked() -> Vec<(u64, Option<PyObjectRef>)> {
    let baton = baton();
    let event_loop = |thread: &u64| baton.people.get(thread)?.watch.event_loop.clone();
    let parked = baton.schedule.parked().into_iter();
    parked.map(|thread| (thread, event_loop(&thread))).collect()
}

/// What `threading.get_ident()` says in a thread under the baton.
pub(super) fn ident_of(thread: u64) -> Option<u64> {
    Some(baton().people.get(&thread)?.holder.as_ref()?.ident)
}

/// A thread that went on without the baton waits for it.
fn come_back(me: u64, vm: &VirtualMachine) -> PyResult<()> {
    let mut baton = baton();
    if baton.schedule.place(me) != Some(Place::Away) {
        return Ok(());
    }
    baton.schedule.come_back(me);
    baton.dispatch();
    let Some(person) = baton.people.get_mut(&me) else { return Ok(()) };
    person.stuck = None;
    let permit = Arc::clone(&person.permit);
    drop(baton);
    await_turn(me, &permit, vm).map(drop)
}

/// Waits for the baton; [`GO`] or [`OFF`].
fn await_turn(me: u64, permit: &Permit, vm: &VirtualMachine) -> PyResult<u32> {
    loop {
        let descriptors = {
            let baton = baton();
            let person = baton.people.get(&me).filter(|_| baton.idle);
            person.map(|person| person.watch.descriptors.clone()).unwrap_or_default()
        };
        vm.allow_threads(|| permit.sleep(&descriptors));
        match permit.take() {
            WAIT => {}
            turn => return Ok(turn),
        }
        if let Err(raised) = vm.check_signals() {
            let mut baton = baton();
            permit.take();
            baton.schedule.leave(me);
            baton.dispatch();
            return Err(raised);
        }
        baton().attend();
    }
}

impl Baton {
    fn add(&mut self, thread: u64) {
        self.people.insert(thread, Person::new());
        self.schedule.add(thread);
        CROWD.store(self.schedule.len() > 1, Ordering::SeqCst);
    }

    fn remove(&mut self, thread: u64) {
        self.schedule.remove(thread);
        self.people.remove(&thread);
        CROWD.store(self.schedule.len() > 1, Ordering::SeqCst);
    }

    /// Gives the baton to whoever can run. When nobody can, the clock moves; when that cannot
    /// help, somebody is told.
    fn dispatch(&mut self) {
        while self.schedule.running().is_none() && self.schedule.len() > 0 {
            if let Some(thread) = self.schedule.next() {
                self.idle = false;
                self.suspect = None;
                if let Some(person) = self.people.get(&thread) {
                    person.permit.give(GO);
                }
                return;
            }
            if self.look() {
                continue;
            }
            if self.is_outside_pending() {
                return self.wait_for_outside();
            }
            if let Some(at) = self.schedule.earliest() {
                clock::advance_to(at);
                self.schedule.expire(at);
                continue;
            }
            if self.can_outside_wake() {
                return self.wait_for_outside();
            }
            let parked = self.schedule.parked();
            let Some(victim) = super::deadlock::victim(&parked) else { return };
            if let Some(person) = self.people.get_mut(&victim) {
                person.stalled = true;
            }
            self.schedule.wake(victim);
        }
    }

    /// Wakes the threads whose descriptors are ready; whether there are any.
    fn look(&mut self) -> bool {
        let mut found = false;
        for thread in self.schedule.parked() {
            let watch = self.people.get(&thread).map(|person| &person.watch);
            if watch.is_some_and(|watch| super::permit::is_ready(&watch.descriptors)) {
                self.schedule.wake(thread);
                found = true;
            }
        }
        found
    }

    fn wait_for_outside(&mut self) {
        if std::mem::replace(&mut self.idle, true) {
            return;
        }
        // Those with descriptors look at them really from now on.
        for person in self.people.values().filter(|person| !person.watch.descriptors.is_empty()) {
            person.permit.ring();
        }
    }

    /// Something works outside the simulation: the clock waits for it.
    fn is_outside_pending(&self) -> bool {
        JOBS.load(Ordering::SeqCst) > 0
            || self.people.iter().any(|(thread, person)| self.is_outside(*thread, person))
            || self.strangers.values().any(super::holder::is_attached)
    }

    /// The clock waits for this thread. One that is stuck may wait for a child process, and then
    /// for as long as that takes; or for a thread that sleeps, and then only so long.
    fn is_outside(&self, thread: u64, person: &Person) -> bool {
        let is_running = || person.holder.as_ref().is_some_and(Holder::is_attached);
        match self.schedule.place(thread) {
            Some(Place::Away) => {
                is_running()
                    || person.stuck.is_none_or(|since| since.elapsed() < STUCK)
                    || clock::outside::has_children()
            }
            _ => person.watch.outside == Outside::Expected,
        }
    }

    /// Something outside may still wake somebody, but the clock does not wait for it.
    fn can_outside_wake(&self) -> bool {
        !self.strangers.is_empty()
            || clock::is_alarm_set()
            || self.schedule.is_anybody_away()
            || self.people.values().any(|person| person.watch.outside != Outside::No)
    }

    /// While somebody waits for the baton: its holder may not be able to pass it.
    fn attend(&mut self) {
        let Some(thread) = self.schedule.running() else { return self.dispatch() };
        let Some(person) = self.people.get(&thread) else { return };
        let Some(holder) = &person.holder else { return };
        let suspect = self.suspect.take();
        self.suspect = holder.suspect(thread, suspect);
        if self.suspect.as_ref().is_some_and(|suspect| suspect.is_stuck(person.pinned)) {
            self.suspect = None;
            self.schedule.leave(thread);
            if let Some(person) = self.people.get_mut(&thread) {
                person.stuck = Some(Instant::now());
            }
            self.dispatch();
        }
    }
}
