//! Locks and threads as a program sees them. One session per process: run with nextest.

use cellist_interpreter::{
    Cell, Clock, Event, Options, Origin, Outcome, Session, Sink, StreamName,
};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Printed(Mutex<String>);

impl Sink for Printed {
    fn emit(&self, _origin: Origin, event: Event) {
        if let Event::Stream { name: StreamName::Stdout, text } = event {
            self.0.lock().unwrap().push_str(&text);
        }
    }
}

/// Runs cells in a session; what the last one printed, or the name and text of its error.
#[track_caller]
fn run(cells: &[&str]) -> String {
    let printed = Arc::new(Printed::default());
    let options =
        Options { clock: Clock::Wall, hash_seed: Some(0), isolated: true, ..Options::default() };
    let session = Session::start(&options, printed.clone()).unwrap();
    let mut last = String::new();
    for (count, source) in (1..).zip(cells) {
        printed.0.lock().unwrap().clear();
        last = match session.run_cell(&Cell::new(source, Origin(count.into()), count)) {
            Outcome::Error(failure) => format!("{}: {}", failure.ename, failure.evalue),
            _ => printed.0.lock().unwrap().clone(),
        };
    }
    session.finish();
    last
}

/// Addresses differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    plain
}

const TWO_LOCKS: &str = "
import threading
a, b = threading.Lock(), threading.Lock()
both = threading.Barrier(2)
told = []
def take(first, second):
    try:
        with first:
            both.wait()
            with second: pass
    except RuntimeError as error:
        told.append(f'{type(error).__name__}: {error}')
thread = threading.Thread(target=take, args=(b, a), name='other')
thread.start()
take(a, b)
thread.join()
";

#[test]
fn two_locks_in_opposite_order_are_a_deadlock_that_is_named() {
    // Who comes last gets the error; the order of the lines is that of the cycle.
    let said =
        run(&[TWO_LOCKS, "print(len(told)); print(*sorted(told[0].splitlines()), sep='\\n')"]);
    assert_eq!(
        without_addresses(&said),
        "1\n  MainThread waits at Cell In[1]:10 for <lock>, held by other\n  \
         other waits at Cell In[1]:10 for <lock>, held by MainThread\n\
         DeadlockError: deadlock: none of these can go on\n"
    );
}

#[test]
fn after_a_deadlock_the_others_go_on() {
    assert_eq!(run(&[TWO_LOCKS, "print(a.locked(), b.locked())"]), "False False\n");
}

#[test]
fn joining_a_thread_that_waits_for_ones_lock_is_a_deadlock() {
    let said = run(&["
import threading
lock = threading.RLock()
told = []
def other():
    try:
        with lock: pass
    except RuntimeError as error:
        told.append(str(error))
thread = threading.Thread(target=other, name='other')
try:
    with lock:
        thread.start()
        thread.join()
except RuntimeError as error:
    told.append(str(error))
thread.join()
print(*sorted(told[0].splitlines()), sep='\\n')
"]);
    assert_eq!(
        without_addresses(&said),
        "  MainThread waits at Cell In[1]:14 for other to end\n  \
         other waits at Cell In[1]:7 for <RLock>, held by MainThread\n\
         deadlock: none of these can go on\n"
    );
}

#[test]
fn a_thread_that_closes_the_cycle_gets_the_error() {
    let said = run(&["
import threading
lock = threading.RLock()
told = []
def other():
    started.wait()
    try:
        with lock: pass
    except RuntimeError as error:
        told.append(type(error).__name__)
started = threading.Event()
thread = threading.Thread(target=other)
thread.start()
try:
    with lock:
        started.set()
        thread.join()
except RuntimeError as error:
    told.append(type(error).__name__)
thread.join()
print(told)
"]);
    assert_eq!(said, "['DeadlockError']\n");
}

#[test]
fn a_lock_taken_twice_is_a_deadlock() {
    let within = run(&["import threading\na = threading.Lock()\nwith a:\n    with a: pass"]);
    assert!(within.starts_with("DeadlockError"), "{within}");
}

#[test]
fn a_lock_acquired_twice_with_nobody_to_release_it_is_a_deadlock() {
    let called = run(&["import threading\na = threading.Lock()\na.acquire()\na.acquire()"]);
    assert!(called.starts_with("DeadlockError"), "{called}");
}

#[test]
fn locks_used_as_signals_are_no_deadlock() {
    // Each waits for a lock that it took last itself, or the other did: but the other frees it.
    let said = run(&["
import threading
ping, pong = threading.Lock(), threading.Lock()
ping.acquire(); pong.acquire()
log = []
def other():
    for turn in range(200):
        ping.acquire()
        log.append(turn)
        pong.release()
thread = threading.Thread(target=other)
thread.start()
for turn in range(200):
    ping.release()
    pong.acquire()
thread.join()
print(log == list(range(200)))
"]);
    assert_eq!(said, "True\n");
}

#[test]
fn a_wait_with_a_limit_is_no_deadlock() {
    let said = run(&[
        "import threading\na = threading.Lock()\nwith a:\n    print(a.acquire(timeout=0.6))",
    ]);
    assert_eq!(said, "False\n");
}

#[test]
fn locks_say_what_they_are_and_what_was_done_wrong() {
    let said = run(&["
import _thread, copy, pickle, threading
lock, rlock = threading.Lock(), threading.RLock()
def told(function, *args, **kwargs):
    try:
        print(function(*args, **kwargs))
    except Exception as error:
        print(type(error).__name__, error, sep=': ')
print(type(lock), type(rlock), _thread.LockType is type(lock) is threading.Lock)
told(lock.release)
told(rlock.release)
told(lock.acquire, False, 1)
told(lock.acquire, True, -2)
told(lock.acquire, timeout=1e100)
told(pickle.dumps, lock)
told(copy.deepcopy, rlock)
with lock, rlock, rlock:
    print(lock.locked(), rlock._recursion_count(), lock.acquire(False), lock.acquire(timeout=0.01))
    print(str(lock).partition(' at ')[0], str(rlock).partition('owner')[0])
print(lock.locked(), str(lock).partition(' at ')[0])
"]);
    assert_eq!(
        said,
        "<class '_thread.lock'> <class '_thread.RLock'> True\n\
         RuntimeError: release unlocked lock\n\
         RuntimeError: cannot release un-acquired lock\n\
         ValueError: can't specify a timeout for a non-blocking call\n\
         ValueError: timeout value must be a non-negative number\n\
         OverflowError: timeout value is too large\n\
         TypeError: cannot pickle 'lock' object\n\
         TypeError: cannot pickle 'RLock' object\n\
         True 2 False False\n\
         <locked _thread.lock object <locked _thread.RLock object \n\
         False <unlocked _thread.lock object\n"
    );
}

#[test]
fn no_update_is_lost_and_nobody_starves() {
    let said = run(&["
import gc, threading
lock, total = threading.Lock(), 0
def add():
    global total
    for turn in range(3000):
        with lock:
            total += 1
        if turn % 500 == 0: gc.collect()
threads = [threading.Thread(target=add) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
stop, got = False, threading.Event()
def greedy():
    while not stop:
        with lock: pass
thread = threading.Thread(target=greedy)
thread.start()
for _ in range(100):
    with lock: pass
stop = True
thread.join()
print(total)
"]);
    assert_eq!(said, "24000\n");
}

#[test]
fn a_forked_child_has_the_locks_and_not_the_threads() {
    let said = run(&["
import os, threading
go = threading.Event()
thread = threading.Thread(target=go.wait)
thread.start()
rlock = threading.RLock()
with rlock:
    child = os.fork()
    if child == 0:
        ok = not thread.is_alive() and rlock._is_owned()
        thread.join()
        inner = threading.Thread(target=int)
        inner.start(); inner.join()
        os._exit(0 if ok else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
go.set()
thread.join()
"]);
    assert_eq!(said, "0\n");
}

#[test]
fn a_stray_end_of_a_future_is_warned_of_once() {
    let said = run(&["
import asyncio, threading, warnings
async def main(end):
    loop, event, future = asyncio.get_running_loop(), asyncio.Event(), asyncio.Future()
    async def nothing(): pass
    async def wait(): await asyncio.gather(event.wait(), future)
    waiting = asyncio.create_task(wait())
    # The second turn starts what `gather` made of `event.wait()`.
    for _ in range(2): await asyncio.sleep(0)
    thread = threading.Thread(target=end, args=(loop, event, future, nothing))
    thread.start()
    await waiting
    thread.join()
def set_result(loop, event, future, nothing):
    future.set_result(1)
    event.set()
def set_event(loop, event, future, nothing):
    event.set()
    future.set_result(1)
def create_task(loop, event, future, nothing):
    loop.create_task(nothing())
    event.set()
    future.set_result(1)
def safely(loop, event, future, nothing):
    loop.call_soon_threadsafe(event.set)
    loop.call_soon_threadsafe(future.set_result, 1)
for end in set_result, set_event, create_task, safely:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        asyncio.run(main(end))
    here = end.__code__.co_firstlineno
    print(end.__name__, [(each.category.__name__, each.lineno - here) for each in caught])
def error(loop, event, future, nothing):
    try: future.set_result(1)
    except RuntimeWarning: print('raised')
    event.set()
with warnings.catch_warnings():
    warnings.simplefilter('error')
    asyncio.run(main(error))
"]);
    assert_eq!(
        said,
        "set_result [('RuntimeWarning', 1)]\nset_event [('RuntimeWarning', 1)]\n\
         create_task [('RuntimeWarning', 1)]\nsafely []\nraised\n"
    );
}

#[test]
fn a_stray_call_into_an_event_loop_is_safe_and_warned_of_once() {
    let said = run(&["
import asyncio, threading, warnings
async def main(debug):
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    loop.set_debug(debug)
    def stray():
        try:
            loop.call_soon(print, 'called')
            loop.call_later(0, done.set)
        except RuntimeError as error:
            print(type(error).__name__)
            loop.call_soon_threadsafe(done.set)
    thread = threading.Thread(target=stray)
    thread.start()
    await done.wait()
    thread.join()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    asyncio.run(main(False))
    asyncio.run(main(True))
print([(each.category.__name__, each.filename, each.lineno) for each in caught])
"]);
    assert_eq!(said, "called\nRuntimeError\n[('RuntimeWarning', 'Cell In[1]', 8)]\n");
}
