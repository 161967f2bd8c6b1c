"""The stop button while the main thread waits: every wait ends at once, and nothing is lost."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.client import PATIENCE, Kernel

#: What an interrupt may take, from the click to the end of the wait.
SECONDS = 0.1

#: `subprocess` itself gives the child this long to end by the same signal.
CHILD_SECONDS = 0.25

SETUP = """
import asyncio, concurrent.futures, queue, socket, subprocess, sys, threading, time
go = threading.Event()
lock, rlock, condition = threading.Lock(), threading.RLock(), threading.Condition()
taken = threading.Barrier(2)
def hold():
    with lock, rlock:
        taken.wait()
        go.wait()
holder = threading.Thread(target=hold, name='holder')
holder.start()
taken.wait()
full = queue.Queue(1)
full.put(None)
pool = concurrent.futures.ThreadPoolExecutor(1)
job = pool.submit(go.wait)
one, other = socket.socketpair()
def on_condition(timeout=None):
    with condition:
        condition.wait(timeout)
kept = ['kept']
"""

WAITS = {
    "Lock.acquire": "lock.acquire({})",
    "with Lock": "with lock: pass",
    "RLock.acquire": "rlock.acquire({})",
    "Thread.join": "holder.join({})",
    "Event.wait": "threading.Event().wait({})",
    "Condition.wait": "on_condition({})",
    "Semaphore.acquire": "threading.Semaphore(0).acquire({})",
    "Barrier.wait": "threading.Barrier(2).wait({})",
    "Queue.get": "queue.Queue().get({})",
    "Queue.put": "full.put(1, {})",
    "Queue.join": "full.join()",
    "SimpleQueue.get": "queue.SimpleQueue().get({})",
    "Future.result": "job.result({})",
    "Future.exception": "job.exception({})",
    "futures.wait": "concurrent.futures.wait([job], {})",
    "as_completed": "list(concurrent.futures.as_completed([job], {}))",
    "Executor.shutdown": "pool.shutdown()",
    "time.sleep": "time.sleep(1000)",
    "await": "await asyncio.sleep(1000)",
    "a process": "subprocess.run(['sleep', '1000'])",
    "a process's output": "subprocess.run(['sleep', '1000'], capture_output=True)",
    "a socket": "one.recv(1)",
    "a socket with a timeout": "one.settimeout(1000); one.recv(1)",
}

CASES = [
    pytest.param(wait.replace("{}", timeout), id=f"{name}{' with a timeout' if timeout else ''}")
    for name, wait in WAITS.items()
    for timeout in ("", "timeout=1000")
    if "{}" in wait or not timeout
]


def asleep(kernel: Kernel) -> bool:
    """Whether the kernel's main thread waits for something."""
    status = Path(f"/proc/{kernel.process.pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "S"


def until_asleep(kernel: Kernel) -> None:
    """Returns when the main thread has waited for a little while."""
    deadline = time.monotonic() + PATIENCE
    seen = 0
    while seen < 5:
        assert time.monotonic() < deadline, "the cell does not wait"
        seen = seen + 1 if asleep(kernel) else 0
        time.sleep(0.005)


def seconds_to_stop(kernel: Kernel, wait: str, stop: Callable[[], object]) -> float:
    """Runs the cell, stops it in its wait; how long that took."""
    body = "\n    ".join(wait.split("; "))
    run = kernel.start(f"try:\n    print('begun')\n    {body}\nfinally:\n    ended = time.time()")
    kernel.await_output(run, "begun")
    until_asleep(kernel)
    begin = time.time()
    stop()
    kernel.finish(run)
    assert run.content["status"] == "error"
    assert run.content["ename"] == "KeyboardInterrupt"
    return float(kernel.run("print(ended)").text()) - begin


@pytest.mark.parametrize("how", ["message", "signal"])
@pytest.mark.parametrize("wait", CASES)
def test_a_wait_stops_at_once(kernel: Kernel, wait: str, how: str) -> None:
    stops: dict[str, Callable[[], object]] = {
        "message": kernel.interrupt,
        "signal": lambda: kernel.process.send_signal(signal.SIGINT),
    }
    assert kernel.run(SETUP).content["status"] == "ok"
    limit = SECONDS + (CHILD_SECONDS if "subprocess" in wait else 0)
    # On a busy machine the first figure can be the machine's rather than ours.
    took = [seconds_to_stop(kernel, wait, stops[how])]
    while min(took) > limit and len(took) < 3:
        took.append(seconds_to_stop(kernel, wait, stops[how]))
    assert min(took) <= limit, took
    # What was there is there, and the threads go on.
    end = kernel.run("go.set(); holder.join(); print(kept, job.result(), lock.locked())")
    assert end.text() == "['kept'] True False\n"


def test_a_deadlock_is_named_instead_of_waited_out(kernel: Kernel) -> None:
    assert kernel.run(SETUP).content["status"] == "ok"
    run = kernel.run("a = threading.Lock()\nwith a:\n    with a: pass")
    assert run.content["ename"] == "DeadlockError"
    assert "MainThread waits at Cell In[2]:3" in run.content["evalue"]
    assert kernel.run("print(a.locked()); go.set()").text() == "False\n"


def test_a_thread_left_waiting_does_not_keep_the_kernel_from_ending(kernel: Kernel) -> None:
    kernel.run("import threading\nthreading.Thread(target=threading.Event().wait).start()")
    assert kernel.run("print('alive')").text() == "alive\n"
