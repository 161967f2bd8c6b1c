//! Threads on the virtual clock. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a cell prints on the virtual clock.
#[track_caller]
fn prints(source: &str) -> String {
    Notebook::new(Clock::Virtual).ok(source)
}

/// What a cell fails with on the virtual clock; addresses are left out.
#[track_caller]
fn fails(source: &str) -> String {
    let failure = Notebook::new(Clock::Virtual).fails(source);
    let text = format!("{}: {}", failure.ename, failure.evalue);
    let mut parts = text.split(" at 0x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    plain
}

#[test]
fn sleeping_threads_share_one_exact_clock() {
    let said = prints(
        "
import threading, time
log = []
def work(seconds):
    for turn in range(3):
        time.sleep(seconds)
        log.append((time.monotonic(), seconds, turn))
threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(log)
",
    );
    assert_eq!(
        said,
        "[(1.0, 1, 0), (2.0, 2, 0), (2.0, 1, 1), (3.0, 3, 0), (3.0, 1, 2), (4.0, 2, 1), \
         (6.0, 3, 1), (6.0, 2, 2), (9.0, 3, 2)]\n"
    );
}

/// Threads, queues, executors, event loops, timers, barriers and conditions; what happened when.
const MIXTURE: &str = "
import asyncio, queue, threading, time, _thread
from concurrent.futures import ThreadPoolExecutor
def mixture():
    begun, log = time.monotonic(), []
    def note(*what): log.append((time.monotonic() - begun, *what))
    line = queue.Queue(2)
    def produce():
        for number in range(6):
            line.put(number)
            time.sleep(0.1)
        line.put(None)
    def consume(name):
        while (number := line.get()) is not None:
            note(name, number)
            time.sleep(0.25)
        line.put(None)
    everybody = threading.Barrier(3)
    def meet(name, seconds):
        time.sleep(seconds)
        note('meets', name, everybody.wait())
    news = threading.Condition()
    def listen(name, seconds):
        with news: note('heard', name, news.wait(seconds))
    async def ticks(name, seconds):
        for turn in range(3):
            await asyncio.sleep(seconds)
            note('tick', name, turn)
    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            ticks('main', 0.4), asyncio.to_thread(time.sleep, 0.7),
            loop.run_in_executor(None, note, 'in executor'))
    def raw(name, *, seconds):
        time.sleep(seconds)
        note(name)
        done.release()
    done = _thread.allocate_lock()
    done.acquire()
    threads = [threading.Thread(target=produce)]
    threads += [threading.Thread(target=consume, args=(name,)) for name in 'ab']
    threads += [threading.Thread(target=meet, args=(n, n / 10)) for n in (3, 1, 2)]
    threads += [threading.Thread(target=listen, args=(n, n)) for n in (2, 1)]
    threads += [threading.Thread(target=lambda n=n: asyncio.run(ticks(n, n))) for n in (0.3, 0.5)]
    threads += [threading.Timer(0.6, note, ['timer'])]
    for thread in threads: thread.start()
    _thread.start_new_thread(raw, ('raw',), {'seconds': 0.8})
    with ThreadPoolExecutor(2) as pool:
        note(list(pool.map(lambda n: time.sleep(n) or n, [0.3, 0.1, 0.2])))
    asyncio.run(main())
    with news: news.notify()
    done.acquire()
    for thread in threads: thread.join()
    note('end')
    return log
";

#[test]
fn the_same_program_gives_the_same_trace_under_load() {
    // More spinning threads than processors, so that nobody runs when it would like to.
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..6)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || while !stop.load(Ordering::Relaxed) {})
        })
        .collect();
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok(MIXTURE);
    let said = notebook.ok(
        "traces = [mixture() for _ in range(50)]\nrounded = [[(round(at, 6), *what) for at, *what in trace] for trace in traces]\nprint(len(rounded[0]), rounded[0][-1], [n for n, trace in enumerate(rounded) if trace != rounded[0]])",
    );
    stop.store(true, Ordering::Relaxed);
    load.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(said, "25 (1.5, 'end') []\n");
}

#[test]
fn every_timeout_is_virtual() {
    let said = prints(
        "
import queue, threading, time
begun = time.monotonic()
lock = threading.Lock()
lock.acquire()
thread = threading.Thread(target=time.sleep, args=(10_000,))
thread.start()
print(lock.acquire(timeout=100), time.monotonic() - begun)
print(threading.Event().wait(100), time.monotonic() - begun)
for line in queue.Queue(), queue.SimpleQueue():
    try:
        line.get(timeout=100)
    except queue.Empty:
        print('empty', time.monotonic() - begun)
thread.join(100)
print(thread.is_alive(), time.monotonic() - begun)
thread.join()
print(time.monotonic() - begun)
",
    );
    assert_eq!(said, "False 100.0\nFalse 200.0\nempty 300.0\nempty 400.0\nTrue 500.0\n10000.0\n");
}

#[test]
fn a_deadlock_names_every_thread_and_line() {
    let said = fails(
        "
import queue, threading
line = queue.SimpleQueue()
def work():
    line.get()
def other():
    threading.Event().wait()
for name, target in ('worker', work), ('other', other):
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
thread.join()
",
    );
    assert_eq!(
        said,
        "DeadlockError: deadlock: nothing can wake any of these\n  \
         MainThread waits at Cell In[1]:11 for other to end\n  \
         worker waits at Cell In[1]:5 for an item of <SimpleQueue>\n  \
         other waits at Cell In[1]:7 in Event.wait()"
    );
}

#[test]
fn a_cycle_of_locks_is_found_at_once_however_they_were_taken() {
    let said = prints(
        "
import threading, time
a, b = threading.Lock(), threading.Lock()
def take(first, second):
    first.acquire()
    time.sleep(1)
    try:
        second.acquire()
    except RuntimeError as error:
        print(type(error).__name__, len(str(error).splitlines()), 'held by' in str(error))
    else:
        second.release()
    first.release()
threads = [threading.Thread(target=take, args=pair) for pair in ((a, b), (b, a))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(time.monotonic(), a.locked(), b.locked())
",
    );
    assert_eq!(said, "DeadlockError 3 True\n1.0 False False\n");
}

#[test]
fn an_event_loop_that_nothing_can_wake_names_its_tasks() {
    let said = fails(
        "
import asyncio, threading
async def waiter(event):
    await event.wait()
async def main():
    task = asyncio.create_task(waiter(asyncio.Event()), name='patient')
    await asyncio.get_running_loop().create_future()
threading.Thread(target=threading.Event().wait, name='thread', daemon=True).start()
asyncio.run(main())
",
    );
    assert!(said.starts_with("Stall: nothing can wake the event loop"), "{said}");
    assert!(said.contains("(main) waits at Cell In[1]:7 for a future"), "{said}");
    assert!(
        said.contains("task 'patient' (waiter) waits at Cell In[1]:4 in Event.wait()"),
        "{said}"
    );
    assert!(said.contains("thread waits"), "{said}");
}

#[test]
fn a_loop_in_another_thread_is_named_too() {
    let said = fails(
        "
import asyncio, threading
async def main():
    await asyncio.Event().wait()
thread = threading.Thread(target=lambda: asyncio.run(main()), name='looper', daemon=True)
thread.start()
thread.join()
",
    );
    assert!(said.contains("MainThread waits at Cell In[1]:7 for looper to end"), "{said}");
    assert!(said.contains("(main) waits at Cell In[1]:4 in Event.wait()"), "{said}");
}

#[test]
fn sockets_and_pipes_between_threads_are_inside() {
    let said = prints(
        "
import os, socket, threading, time
def serve():
    connection, _ = listener.accept()
    with connection:
        while data := connection.recv(100):
            time.sleep(1)
            connection.sendall(data.upper())
listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=serve).start()
with socket.create_connection(listener.getsockname()) as client:
    for word in b'one', b'two':
        client.sendall(word)
        print(client.recv(100), time.monotonic())
    client.settimeout(5)
    try:
        client.recv(1)
    except TimeoutError:
        print('timed out', time.monotonic())
def sink():
    connection, _ = listener.accept()
    total = 0
    while data := connection.recv(65536): total += len(data)
    print(total)
thread = threading.Thread(target=sink)
thread.start()
with socket.create_connection(listener.getsockname()) as client:
    client.sendall(bytes(3_000_000))
thread.join()
reader, writer = os.pipe()
thread = threading.Thread(target=lambda: print(os.read(reader, 10), time.monotonic()))
thread.start()
time.sleep(3)
os.write(writer, b'three')
thread.join()
",
    );
    assert_eq!(said, "b'ONE' 1.0\nb'TWO' 2.0\ntimed out 7.0\n3000000\nb'three' 10.0\n");
}

#[test]
fn a_wait_that_nobody_hooks_lets_others_run_in_the_end() {
    // The interpreter's own file object: it reads in Rust.
    let said = prints(
        "
import os, threading
reader, writer = os.pipe()
def read():
    with open(reader, 'rb', buffering=0) as file:
        print(file.read(5))
thread = threading.Thread(target=read)
started = threading.Event()
def write():
    started.set()
    os.write(writer, b'hello')
thread.start()
other = threading.Thread(target=write)
other.start()
started.wait()
thread.join()
other.join()
",
    );
    assert_eq!(said, "b'hello'\n");
}

#[test]
fn virtual_time_waits_for_child_processes() {
    let said = prints(
        "
import subprocess, threading, time
log = []
def child():
    subprocess.run(['sleep', '0.1'], timeout=5)
    log.append(('child', time.monotonic()))
def nap():
    time.sleep(1)
    log.append(('nap', time.monotonic()))
threads = [threading.Thread(target=target) for target in (child, nap)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(log)
",
    );
    assert_eq!(said, "[('child', 0.0), ('nap', 1.0)]\n");
}

#[test]
fn virtual_time_waits_for_pools_of_processes_only_while_they_work() {
    let said = prints(
        "
import multiprocessing, time
from concurrent.futures import ProcessPoolExecutor
context = multiprocessing.get_context('fork')
with ProcessPoolExecutor(1, mp_context=context) as pool:
    print(pool.submit(pow, 3, 2).result(timeout=5), time.monotonic())
    time.sleep(10)
    print(time.monotonic())
with context.Pool(1) as pool:
    print(pool.apply_async(pow, (2, 5)).get(timeout=5), time.monotonic())
    time.sleep(10)
    print(time.monotonic())
",
    );
    assert_eq!(said, "9 0.0\n10.0\n32 10.0\n20.0\n");
}

#[test]
fn a_signal_ends_a_virtual_wait() {
    let said = prints(
        "
import signal, threading
class Alarm(Exception): pass
def ring(number, frame): raise Alarm
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    threading.Event().wait()
except Alarm:
    print('rang')
",
    );
    assert_eq!(said, "rang\n");
}

#[test]
fn a_check_of_threads_leaves_the_clock_as_it_was() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import threading, time\ndef work():\n    threads = [threading.Thread(target=time.sleep, args=(n,)) for n in (50, 70)]\n    for t in threads: t.start()\n    for t in threads: t.join()\n    threading.Thread(target=event.wait).start()\nevent = threading.Event()");
    let said = notebook.ok("#| check: work\nassert lab.run('work').elapsed == 70");
    assert!(said.contains("✔"), "{said}");
    // The thread that the check left behind goes on, on the wall clock.
    assert_eq!(
        notebook
            .ok("event.set()\nfor t in threading.enumerate()[1:]: t.join()\ntime.monotonic() > 0"),
        "=> True"
    );
}

#[test]
#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn a_seed_draws_the_order_and_draws_it_again() {
    use super::notebook::with_schedule;
    let source = "
import threading
log = []
def work(name):
    for turn in range(200):
        log.append(name)
threads = [threading.Thread(target=work, args=(name,)) for name in 'ab']
for thread in threads: thread.start()
for thread in threads: thread.join()
print(''.join(log))
";
    let said = with_schedule(5).ok(source);
    assert!(said.contains("aba") || said.contains("bab"), "{said}");
    // Once more, in a process of its own.
    if std::env::var_os("AGAIN").is_none() {
        let name = "virtual_threads::a_seed_draws_the_order_and_draws_it_again";
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let again = again.args(["--exact", name, "--nocapture"]).env("AGAIN", "1");
        let output = again.output().unwrap();
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.contains(&format!("order: {said}")), "{output}\n{said}");
    } else {
        println!("order: {said}");
    }
}

#[test]
fn the_shortest_wait_takes_time() {
    let said = prints(
        "
import asyncio, queue, select, threading, time
from fractions import Fraction
def waits():
    yield 'sleep', time.sleep
    yield 'lock', lambda delay: locked.acquire(timeout=delay)
    yield 'condition', lambda delay: condition.wait(delay)
    yield 'queue', wait_for_item
    yield 'select', lambda delay: select.select([], [], [], delay)
def wait_for_item(delay):
    try: queue.SimpleQueue().get(timeout=delay)
    except queue.Empty: pass
locked, condition = threading.Lock(), threading.Condition()
locked.acquire()
condition.acquire()
for name, wait in waits():
    before = time.monotonic_ns()
    wait(1e-10)
    print(name, time.monotonic_ns() - before)
async def main():
    loop = asyncio.get_running_loop()
    for delay in 1e-10, Fraction(1, 10**10):
        before = time.monotonic_ns()
        await asyncio.sleep(delay)
        print('asyncio.sleep', time.monotonic_ns() - before)
    before, done = time.monotonic_ns(), asyncio.Event()
    loop.call_later(1e-10, done.set)
    await done.wait()
    print('call_later', time.monotonic_ns() - before)
    # No multiple of a nanosecond, and just above one.
    deadline, turns = 0.1 + 0.2, 0
    while loop.time() < deadline:
        await asyncio.sleep(deadline - loop.time())
        turns += 1
        assert turns < 10
    print(turns)
asyncio.run(main())
",
    );
    assert_eq!(
        said,
        "sleep 1\nlock 1\ncondition 1\nqueue 1\nselect 1\nasyncio.sleep 1\n\
         asyncio.sleep 1\ncall_later 1\n2\n"
    );
}
