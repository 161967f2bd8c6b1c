//! `queue.SimpleQueue` on the wall clock. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

#[track_caller]
fn prints(source: &str) -> String {
    Notebook::new(Clock::Wall).ok(source)
}

#[test]
fn items_come_in_order_and_each_once() {
    let said = prints(
        "
import queue, threading
line, got = queue.SimpleQueue(), []
def take():
    mine = []
    while (item := line.get()) is not None: mine.append(item)
    got.append(mine)
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads: thread.start()
for number in range(2000): line.put(number)
for thread in threads: line.put(None)
for thread in threads: thread.join()
print(sorted(sum(got, [])) == list(range(2000)), all(mine == sorted(mine) for mine in got), line.empty())
",
    );
    assert_eq!(said, "True True True\n");
}

#[test]
fn it_says_what_is_wrong_as_cpython_does() {
    let said = prints(
        "
import pickle, queue
line = queue.SimpleQueue()
def told(function, *args, **kwargs):
    try:
        print(function(*args, **kwargs))
    except Exception as error:
        print(type(error).__name__, error, sep=': ')
told(line.get, False)
told(line.get_nowait)
told(line.get, timeout=-1)
told(line.get, block=True, timeout=0.01)
told(line.put, 1, block=False, timeout=-7)
told(line.put_nowait, item=2)
print(line.qsize(), line.empty(), line.get(False, -1), line.get(timeout=5), queue.SimpleQueue[int])
told(pickle.dumps, line)
",
    );
    assert_eq!(
        said,
        "Empty: \nEmpty: \nValueError: 'timeout' must be a non-negative number\nEmpty: \nNone\n\
         None\n2 False 1 2 _queue.SimpleQueue[int]\n\
         TypeError: cannot pickle 'SimpleQueue' object\n"
    );
}

#[test]
fn a_finaliser_may_put_while_another_thread_waits() {
    let said = prints(
        "
import gc, queue, threading
line = queue.SimpleQueue()
class Last:
    def __del__(self): line.put('bye')
def work():
    cycle = [Last()]
    cycle.append(cycle)
    del cycle
    gc.collect()
threading.Thread(target=work).start()
print(line.get(timeout=30))
",
    );
    assert_eq!(said, "bye\n");
}

#[test]
fn items_in_a_cycle_are_collected() {
    let said = prints(
        "
import gc, queue, weakref
class Node: pass
node, line = Node(), queue.SimpleQueue()
node.line = line
line.put(node)
alive = weakref.ref(node)
del node, line
gc.collect()
print(alive())
",
    );
    assert_eq!(said, "None\n");
}

#[test]
fn a_signal_ends_the_wait_and_no_item_is_lost() {
    let said = prints(
        "
import queue, signal
line = queue.SimpleQueue()
class Alarm(Exception): pass
def ring(number, frame): raise Alarm
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    line.get()
except Alarm:
    line.put('kept')
    print(line.get(), line.qsize())
",
    );
    assert_eq!(said, "kept 0\n");
}
