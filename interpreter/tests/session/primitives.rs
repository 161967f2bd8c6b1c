//! asyncio's queues and locks in Rust, from cells. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

/// A notebook that has imported what the tests use.
fn notebook() -> Notebook {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, inspect, gc, warnings, pickle");
    notebook
}

#[test]
fn sessions_have_the_native_classes() {
    let mut notebook = notebook();
    notebook.ok("import _cellist_sync");
    for name in ["Queue", "LifoQueue", "PriorityQueue", "Lock", "Event", "Semaphore", "Condition"] {
        let cell = format!(
            "issubclass(asyncio.{name}, _cellist_sync.{name}), asyncio.{name}.__module__ in ('asyncio.locks', 'asyncio.queues')"
        );
        assert_eq!(notebook.ok(&cell), "=> (True, True)", "{name}");
    }
    assert_eq!(
        notebook.ok("asyncio.Queue[int], str(asyncio.Queue(3)), asyncio.PriorityQueue.__mro__[-2]"),
        "=> (asyncio.queues.Queue[int], '<Queue maxsize=3>', asyncio.queues.Queue)"
    );
}

#[test]
fn representations_are_cpythons() {
    let mut notebook = notebook();
    notebook.ok("import re\ndef shown(x): return re.sub('0x[0-9a-f]+', '0x', repr(x))");
    notebook.ok("lock, queue = asyncio.Lock(), asyncio.Queue(1)\nawait lock.acquire()\nqueue.put_nowait('a')\ntasks = [asyncio.create_task(lock.acquire()), asyncio.create_task(queue.put('b'), name='t')]\nawait asyncio.sleep(1)");
    assert_eq!(
        notebook.ok(
            "print(shown(lock)); print(shown(queue)); print(shown(asyncio.Semaphore(2))); print(shown(asyncio.Event())); print(tasks[1].get_coro().__qualname__)"
        ),
        "<asyncio.locks.Lock object at 0x [locked, waiters:1]>\n<Queue at 0x maxsize=1 _queue=['a'] _putters[1] tasks=1>\n<asyncio.locks.Semaphore object at 0x [unlocked, value:2]>\n<asyncio.locks.Event object at 0x [unset]>\nQueue.put\n"
    );
    assert!(notebook.ok("tasks[1]").starts_with("=> <Task pending name='t' coro=<Queue.put()"));
}

#[test]
fn what_put_returns_is_a_coroutine_for_all_to_see() {
    let mut notebook = notebook();
    notebook.ok("queue = asyncio.Queue()\nc = queue.put(1)");
    assert_eq!(
        notebook.ok("inspect.iscoroutine(c), asyncio.iscoroutine(c), inspect.isawaitable(c), type(c).__name__, c.__name__, repr(c)[:28], queue.qsize()"),
        "=> (True, True, True, 'coroutine', 'put', '<coroutine object Queue.put ', 0)"
    );
    assert_eq!(
        notebook.ok("await c\nawait asyncio.wait_for(queue.put(2), 1)\nawait asyncio.gather(queue.get(), queue.get())"),
        "=> [1, 2]"
    );
    assert_eq!(notebook.fails("await c").evalue, "cannot reuse already awaited coroutine");
    assert_eq!(notebook.ok("c = queue.get()\nc.close()\nqueue._getters"), "=> deque([])");
}

#[test]
fn what_is_never_awaited_is_named() {
    let mut notebook = notebook();
    assert_eq!(
        notebook.ok("with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    asyncio.Queue().put(1)\n    asyncio.Lock().acquire()\n    asyncio.Event().wait().close()\n    gc.collect()\n[(w.category.__name__, str(w.message)) for w in seen]"),
        "=> [('RuntimeWarning', \"coroutine 'Queue.put' was never awaited\"),\n ('RuntimeWarning', \"coroutine 'Lock.acquire' was never awaited\")]"
    );
}

#[test]
fn waiters_are_served_in_order() {
    let mut notebook = notebook();
    notebook.ok("async def main(take, give, waiters):\n    seen = []\n    async def wait(n):\n        await take()\n        seen.append(n)\n    tasks = [asyncio.create_task(wait(n)) for n in range(waiters)]\n    for n in range(waiters):\n        await asyncio.sleep(1)\n        give()\n    await asyncio.gather(*tasks)\n    return seen == list(range(waiters)) or seen");
    for cell in [
        "q = asyncio.Queue(); await main(q.get, lambda: q.put_nowait(1), 1000)",
        "s = asyncio.Semaphore(0); await main(s.acquire, s.release, 1000)",
        "lock = asyncio.Lock(); await lock.acquire(); await main(lock.acquire, lock.release, 1000)",
        "q = asyncio.Queue(1); q.put_nowait(0); await main(lambda: q.put(1), q.get_nowait, 1000)",
    ] {
        assert_eq!(notebook.ok(cell), "=> True", "{cell}");
    }
}

#[test]
fn nobody_overtakes_who_waits() {
    let mut notebook = notebook();
    notebook.ok("async def main(lock):\n    seen = []\n    async def enter(name):\n        async with lock:\n            seen.append(name)\n            await asyncio.sleep(0)\n    await lock.acquire()\n    waiting = asyncio.create_task(enter('waited'))\n    await asyncio.sleep(0)\n    lock.release()\n    # Free, but promised: this one comes second.\n    late = asyncio.create_task(enter('late'))\n    await asyncio.gather(waiting, late)\n    await enter('last')\n    return seen");
    for lock in ["Lock()", "Semaphore(1)", "BoundedSemaphore(1)", "Condition()"] {
        assert_eq!(
            notebook.ok(&format!("await main(asyncio.{lock})")),
            "=> ['waited', 'late', 'last']",
            "{lock}"
        );
    }
}

#[test]
fn who_is_cancelled_hands_its_turn_on() {
    let mut notebook = notebook();
    notebook.ok("async def main(take, give):\n    first, second = asyncio.create_task(take()), asyncio.create_task(take())\n    await asyncio.sleep(0)\n    give()\n    # Woken already, and cancelled before it runs.\n    first.cancel()\n    done = await asyncio.wait_for(second, 1)\n    return first.cancelled(), done");
    for (cell, result) in [
        ("q = asyncio.Queue(); await main(q.get, lambda: q.put_nowait('x'))", "x"),
        ("s = asyncio.Semaphore(0); await main(s.acquire, s.release)", "True"),
        (
            "lock = asyncio.Lock(); await lock.acquire(); await main(lock.acquire, lock.release)",
            "True",
        ),
        (
            "q = asyncio.Queue(1); q.put_nowait(0); await main(lambda: q.put(1), q.get_nowait)",
            "None",
        ),
    ] {
        let expected = match result {
            "x" => "=> (True, 'x')".to_owned(),
            other => format!("=> (True, {other})"),
        };
        assert_eq!(notebook.ok(cell), expected, "{cell}");
    }
    assert_eq!(notebook.ok("len(lock._waiters), len(s._waiters), len(q._putters)"), "=> (0, 0, 0)");
}

#[test]
fn a_cancelled_wait_leaves_nothing_behind() {
    let mut notebook = notebook();
    notebook.ok("async def main(take):\n    try:\n        await asyncio.wait_for(take(), 1)\n    except TimeoutError:\n        return 'late'");
    notebook.ok("q, e, s = asyncio.Queue(), asyncio.Event(), asyncio.Semaphore(0)");
    for cell in ["await main(q.get)", "await main(e.wait)", "await main(s.acquire)"] {
        assert_eq!(notebook.ok(cell), "=> 'late'", "{cell}");
    }
    assert_eq!(notebook.ok("len(q._getters), len(e._waiters), len(s._waiters)"), "=> (0, 0, 0)");
}

#[test]
fn a_condition_has_its_lock_back_when_cancelled() {
    let mut notebook = notebook();
    notebook.ok("async def main():\n    condition, seen = asyncio.Condition(), []\n    async def wait():\n        async with condition:\n            try:\n                await condition.wait()\n            except asyncio.CancelledError:\n                seen.append(condition.locked())\n                raise\n    task = asyncio.create_task(wait())\n    await asyncio.sleep(0)\n    async with condition:\n        task.cancel()\n        await asyncio.sleep(1)\n        seen.append(task.done())\n    await asyncio.wait([task])\n    async def ready():\n        async with condition:\n            return await condition.wait_for(lambda: len(seen) > 3 and 'enough')\n    task = asyncio.create_task(ready())\n    for n in range(2):\n        await asyncio.sleep(1)\n        async with condition:\n            seen.append(n)\n            condition.notify_all()\n    return seen, await task, condition.locked()");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> ([False, True, 0, 1], 'enough', False)");
    assert_eq!(
        notebook.fails("asyncio.Condition().notify()").evalue,
        "cannot notify on un-acquired lock"
    );
}

#[test]
fn a_barrier_is_made_of_them() {
    let mut notebook = notebook();
    notebook.ok("async def main():\n    barrier = asyncio.Barrier(3)\n    return sorted(await asyncio.gather(*[barrier.wait() for _ in range(6)])), type(barrier._cond) is asyncio.Condition");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> ([0, 0, 1, 1, 2, 2], True)");
}

#[test]
fn a_queue_that_is_shut_lets_all_go() {
    let mut notebook = notebook();
    notebook.ok("async def outcome(c):\n    try:\n        return await c\n    except asyncio.QueueShutDown:\n        return 'shut'\nasync def main(immediate):\n    queue = asyncio.Queue(2)\n    queue.put_nowait(1); queue.put_nowait(2)\n    join, put = asyncio.create_task(queue.join()), asyncio.create_task(outcome(queue.put(3)))\n    await asyncio.sleep(1)\n    queue.shutdown(immediate=immediate)\n    got = [await outcome(queue.get()) for _ in range(3)]\n    for _ in range(2 if not immediate else 0): queue.task_done()\n    await asyncio.wait_for(join, 1)\n    return got, await put, await outcome(queue.put(4)), queue._format()");
    assert_eq!(
        notebook.ok("await main(False)"),
        "=> ([1, 2, 'shut'], 'shut', 'shut', 'maxsize=2 shutdown')"
    );
    assert_eq!(
        notebook.ok("await main(True)"),
        "=> (['shut', 'shut', 'shut'], 'shut', 'shut', 'maxsize=2 shutdown')"
    );
    assert_eq!(
        notebook.fails("asyncio.Queue().task_done()").evalue,
        "task_done() called too many times"
    );
}

#[test]
fn derived_classes_have_their_say() {
    let mut notebook = notebook();
    notebook.ok("class Unique(asyncio.Queue):\n    def _init(self, maxsize): self._queue = {}\n    def _put(self, item): self._queue[item] = True\n    def _get(self): return self._queue.popitem()[0]\nclass Tuned(asyncio.Queue):\n    def full(self): return self.qsize() >= 1\nclass Logged(asyncio.Lock):\n    seen = []\n    async def acquire(self):\n        self.seen.append('in')\n        return await super().acquire()\n    def release(self):\n        self.seen.append('out')\n        super().release()");
    assert_eq!(
        notebook.ok("q = Unique(2)\nfor item in 1, 1: await q.put(item)\nprint(q.qsize(), q.full(), await q.get(), q.empty())\nt = Tuned()\nawait t.put(1)\np = asyncio.create_task(t.put(2))\nawait asyncio.sleep(1)\nprint(p.done(), await t.get(), await p, t.qsize())\nlogged = Logged()\nasync with logged: pass\nprint(logged.seen)"),
        "1 False 1 True\nFalse 1 None 1\n['in', 'out']\n"
    );
    notebook.ok("class Plain(asyncio.Queue):\n    def double(self): return self.qsize() * 2\nq = Plain(3)\nawait q.put(1)\nq.note = 'mine'");
    assert_eq!(notebook.ok("q.double(), q.note, await q.get()"), "=> (2, 'mine', 1)");
}

#[test]
fn what_python_code_does_to_the_items_counts() {
    let mut notebook = notebook();
    notebook.ok("q = asyncio.Queue(3)\nfor n in range(3): q.put_nowait(n)\nitems = q._queue\nitems.rotate(1)");
    assert_eq!(
        notebook.ok("q.get_nowait(), list(items), q.full(), await q.put(9), q._format()"),
        "=> (2, [0, 1], False, None, 'maxsize=3 _queue=[0, 1, 9] tasks=4')"
    );
    assert_eq!(notebook.ok("items.clear(); q.empty()"), "=> True");
    assert_eq!(
        notebook.ok("p = asyncio.PriorityQueue()\nfor n in 3, 1, 2: await p.put(n)\nsorted(p._queue), [await p.get() for _ in range(3)]"),
        "=> ([1, 2, 3], [1, 2, 3])"
    );
    assert_eq!(
        notebook.ok("l = asyncio.LifoQueue()\nfor n in 3, 1, 2: await l.put(n)\nawait l.get(), l._queue, await l.get(), await l.get(), l.empty()"),
        "=> (2, [], 1, 3, True)"
    );
}

#[test]
fn a_queue_belongs_to_one_loop_once_somebody_waits() {
    let mut notebook = notebook();
    notebook.ok("q, e = asyncio.Queue(), asyncio.Event()\nasync def take(x):\n    try:\n        return await asyncio.wait_for(x(), 1)\n    except TimeoutError:\n        return 'late'");
    // Nobody waited: any loop may use it.
    notebook.ok("asyncio.run(q.put(1)); asyncio.run(q.get())");
    assert_eq!(notebook.ok("asyncio.run(take(q.get))"), "=> 'late'");
    let complaint = notebook.fails("asyncio.run(take(q.get))").evalue;
    assert!(
        complaint.starts_with("<Queue at 0x")
            && complaint.ends_with("maxsize=0 tasks=1> is bound to a different event loop"),
        "{complaint}"
    );
}

#[test]
fn copies_and_pickles_keep_what_is_in_them() {
    let mut notebook = notebook();
    notebook.ok("q = asyncio.Queue(5)\nq.put_nowait(3)\ns = asyncio.BoundedSemaphore(2)\nr, t = pickle.loads(pickle.dumps((q, s)))");
    assert_eq!(
        notebook.ok("r.get_nowait(), r.maxsize, r._unfinished_tasks, r._finished.is_set(), q.qsize(), t._value"),
        "=> (3, 5, 1, False, 1, 2)"
    );
    assert_eq!(notebook.fails("t.release()").evalue, "BoundedSemaphore released too many times");
}

#[test]
fn threads_may_touch_them() {
    let mut notebook = Notebook::new(Clock::Wall);
    // Whether it warns hangs on who comes first: only a put that wakes the getter does.
    notebook.ok("import warnings\nwarnings.filterwarnings('ignore', 'a thread that does not run the event loop')");
    notebook.ok("import asyncio, threading\nasync def main():\n    queue, got = asyncio.Queue(), 0\n    def put(n):\n        for i in range(2000): queue.put_nowait((n, i))\n    threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]\n    for t in threads: t.start()\n    while got < 8000:\n        await queue.get()\n        got += 1\n    for t in threads: t.join()\n    return queue.empty(), queue._unfinished_tasks");
    assert_eq!(notebook.ok("asyncio.run(asyncio.wait_for(main(), 50))"), "=> (True, 8000)");
}
