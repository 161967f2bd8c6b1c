"""The loop under load: many threads, many loops, signals, and a long time; nothing is lost or kept."""

import json

import pytest


def last(call, notebook, *sources, clock="wall"):
    """What the last cell printed."""
    path = notebook(*sources)
    done = call("run", path, "--clock", clock, timeout=800 if clock == "virtual" else 110)
    assert done.returncode == 0, done.stderr
    return "".join(json.loads(path.read_text())["cells"][-1]["outputs"][0]["text"])


def test_threads_call_run_and_cancel_at_one_loop(call, notebook):
    said = last(call, notebook, """
import asyncio, threading, concurrent.futures
THREADS, TIMES = 8, 200
async def main():
    loop, called, outcomes = asyncio.get_running_loop(), [], []
    async def double(n):
        await asyncio.sleep(0)
        return 2 * n
    def work(number):
        for n in range(TIMES):
            loop.call_soon_threadsafe(called.append, (number, n))
            future = asyncio.run_coroutine_threadsafe(double(n), loop)
            if n % 3 == 0:
                future.cancel()
            try:
                outcomes.append(future.result(60) == 2 * n)
            except concurrent.futures.CancelledError:
                outcomes.append(n % 3 == 0)
    await asyncio.gather(*[asyncio.to_thread(work, number) for number in range(THREADS)])
    in_order = all([n for who, n in called if who == number] == list(range(TIMES)) for number in range(THREADS))
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*left, return_exceptions=True)
    return len(called), in_order, len(outcomes), all(outcomes)
loop_pool = concurrent.futures.ThreadPoolExecutor(8)
async def with_pool():
    asyncio.get_running_loop().set_default_executor(loop_pool)
    return await main()
print(asyncio.run(with_pool()))
""")
    assert said == "(1600, True, 1600, True)\n"


def test_loops_come_and_go_in_threads(call, notebook):
    said = last(call, notebook, """
import asyncio, gc, os, threading
def descriptors():
    gc.collect()
    return len(os.listdir('/proc/self/fd'))
async def main(n):
    await asyncio.gather(*[asyncio.sleep(0.0001) for _ in range(5)])
    return n
async def warm_up(): await asyncio.sleep(0)
asyncio.run(warm_up())
before, done = descriptors(), []
def work(number):
    for n in range(25):
        done.append(asyncio.run(main(n)) == n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(done), all(done), descriptors() - before)
""")
    assert said == "150 True 0\n"


def test_signals_arrive_under_load(call, notebook):
    said = last(call, notebook, """
import asyncio, os, signal, threading
async def main():
    loop, seen, all_there = asyncio.get_running_loop(), [], asyncio.Event()
    def handle():
        seen.append(1)
        arrived.release()
    arrived = threading.Semaphore(0)
    loop.add_signal_handler(signal.SIGUSR1, handle)
    async def busy():
        while not all_there.is_set():
            await asyncio.sleep(0)
    def send():
        for _ in range(200):
            os.kill(os.getpid(), signal.SIGUSR1)
            # One signal pends at a time: the next goes out when this one has come in.
            assert arrived.acquire(timeout=60)
        loop.call_soon_threadsafe(all_there.set)
    thread = threading.Thread(target=send)
    thread.start()
    await asyncio.gather(*[busy() for _ in range(20)])
    thread.join()
    loop.remove_signal_handler(signal.SIGUSR1)
    return len(seen)
print(asyncio.run(main()))
""")
    assert said == "200\n"


@pytest.mark.timeout(900)
def test_an_hour_in_seconds_keeps_memory_flat(call, notebook, request):
    # By hand: --tasks 1000000.
    tasks = request.config.getoption("--tasks")
    said = last(call, notebook, f"""
import asyncio, gc, time
TASKS = {tasks}
def resident():
    gc.collect()
    return int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20
async def work(n):
    await asyncio.sleep(n % 7 / 10)
async def hour():
    begun, done = time.monotonic(), 0
    sizes = []
    for second in range(3600):
        await asyncio.gather(*[work(n) for n in range(TASKS // 3600)])
        done += TASKS // 3600
        await asyncio.sleep(begun + second + 1 - time.monotonic())
        if second % 600 == 599:
            sizes.append(resident())
    return done, round(time.monotonic() - begun, 6), max(sizes) - sizes[0]
print(*asyncio.run(hour()))
""", clock="virtual")
    done, seconds, grown = map(float, said.split())
    assert done == tasks // 3600 * 3600 and seconds == 3600
    # Between the tenth minute and the last.
    assert grown <= 8, f"{grown} MiB"
