//! Tasks, futures, `sleep` and `gather` in Rust, from cells. That they do what RustPython's own do
//! is tested from outside, by programs run with both.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

#[test]
fn a_cancelled_sleep_leaves_no_timer_behind() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop = asyncio.get_running_loop()\n    tasks = [asyncio.create_task(asyncio.sleep(1000)) for _ in range(500)]\n    await asyncio.sleep(1)\n    before = len(loop._scheduled)\n    for task in tasks:\n        task.cancel()\n    await asyncio.wait(tasks)\n    await asyncio.sleep(1)\n    return before, len(loop._scheduled), loop.time()");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> (500, 0, 2.0)");
}

#[test]
fn sleeps_and_callbacks_due_at_once_run_in_the_order_of_their_making() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop, seen = asyncio.get_running_loop(), []\n    async def sleeper(n):\n        await asyncio.sleep(1)\n        seen.append(('sleep', n))\n    for n in range(3):\n        loop.call_later(1, seen.append, ('call', n))\n        asyncio.create_task(sleeper(n))\n        await asyncio.sleep(0)\n    await asyncio.sleep(1)\n    await asyncio.sleep(0)\n    return seen");
    // A sleeper is woken by its future, a turn after the calls of the same moment.
    assert_eq!(
        notebook.ok("print(asyncio.run(main()))"),
        "[('call', 0), ('call', 1), ('call', 2), ('sleep', 0), ('sleep', 1), ('sleep', 2)]\n"
    );
}

#[test]
fn who_looks_at_the_queue_sees_handles() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop = asyncio.get_running_loop()\n    timer = asyncio.create_task(asyncio.sleep(5))\n    await asyncio.sleep(0)\n    future = loop.create_future()\n    future.add_done_callback(print)\n    future.set_result(1)\n    step = asyncio.create_task(asyncio.sleep(0))\n    handles = loop._ready + loop._scheduled\n    timer.cancel()\n    return [type(handle).__name__ for handle in handles], handles[0]._callback is print, handles[0]._args == (future,)");
    assert_eq!(
        notebook.ok("asyncio.run(main())"),
        "<Future finished result=1>\n=> (['Handle', 'Handle', 'TimerHandle'], True, True)"
    );
}

#[test]
fn gather_asks_whoever_makes_the_tasks() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main(prepare):\n    loop, made = asyncio.get_running_loop(), []\n    def create_task(coro, **options):\n        made.append(coro.__name__)\n        return asyncio.Task(coro, loop=loop, **options)\n    prepare(loop, create_task)\n    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(1))\n    return list(made)");
    for prepare in [
        "lambda loop, create: setattr(loop, 'create_task', create)",
        "lambda loop, create: loop.set_task_factory(lambda loop, coro, **options: create(coro, **options))",
    ] {
        assert_eq!(notebook.ok(&format!("asyncio.run(main({prepare}))")), "=> ['sleep', 'sleep']");
    }
    notebook.ok("async def plain():\n    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(1))\n    return Loop.made\nclass Loop(asyncio.EventLoop):\n    made = 0\n    def create_task(self, coro, **options):\n        Loop.made += 1\n        return super().create_task(coro, **options)\nwith asyncio.Runner(loop_factory=Loop) as runner: made = runner.run(plain())");
    assert_eq!(notebook.ok("made"), "=> 3");
}

#[test]
fn cells_gather_and_sleep_without_a_running_loop() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook
        .ok("import asyncio\nboth = asyncio.gather(asyncio.sleep(1, 'a'), asyncio.sleep(2, 'b'))");
    assert_eq!(notebook.ok("type(both).__name__, both.done()"), "=> ('_GatheringFuture', False)");
    assert_eq!(notebook.ok("await both"), "=> ['a', 'b']");
    assert_eq!(notebook.ok("await asyncio.gather()"), "=> []");
    assert_eq!(notebook.ok("await asyncio.sleep(3, 'c')"), "=> 'c'");
}

#[test]
fn a_future_that_many_threads_end_is_ended_once() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, threading, warnings\n# That threads call it, they are told.\nwarnings.simplefilter('ignore', RuntimeWarning)\nasync def main():\n    loop, won = asyncio.get_running_loop(), []\n    for n in range(200):\n        future, gate = loop.create_future(), threading.Barrier(4)\n        def end(n):\n            gate.wait()\n            try:\n                future.set_result(n)\n                won.append(n)\n            except asyncio.InvalidStateError:\n                pass\n        threads = [threading.Thread(target=end, args=(n,)) for n in range(4)]\n        for thread in threads: thread.start()\n        got = await future\n        for thread in threads: thread.join()\n        if won != [got]: return won, got\n        won.clear()\n    return 'once'");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> 'once'");
}

#[test]
fn all_tasks_may_be_asked_for_while_others_make_them() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, threading\ndef churn():\n    async def main():\n        for _ in range(50):\n            await asyncio.gather(*(asyncio.sleep(0) for _ in range(50)))\n    asyncio.run(main())\nasync def main():\n    threads = [threading.Thread(target=churn) for _ in range(3)]\n    for thread in threads: thread.start()\n    here = set()\n    while any(thread.is_alive() for thread in threads):\n        here |= {task.get_name() for task in asyncio.all_tasks()}\n        await asyncio.sleep(0)\n    for thread in threads: thread.join()\n    return here == {asyncio.current_task().get_name()}");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> True");
}

#[test]
fn a_task_that_waits_for_nobody_is_let_go_of() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, contextvars, gc, weakref\nvar = contextvars.ContextVar('var')\nclass Local: pass\nasync def forever(seen):\n    var.set(asyncio.current_task())\n    local = Local()\n    seen.append(weakref.ref(local))\n    await asyncio.gather(asyncio.get_running_loop().create_future())\nasync def main():\n    asyncio.get_running_loop().set_exception_handler(lambda loop, context: print(context['message']))\n    seen = []\n    task = asyncio.create_task(forever(seen))\n    await asyncio.sleep(0)\n    seen.append(weakref.ref(task))\n    del task\n    gc.collect()\n    return [ref() for ref in seen], len(asyncio.all_tasks())");
    assert_eq!(
        notebook.ok("asyncio.run(main())"),
        "Task was destroyed but it is pending!\n=> ([None, None], 1)"
    );
}

#[test]
fn a_method_put_over_the_loops_own_is_called() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop, seen = asyncio.get_running_loop(), []\n    for name in ('call_soon', 'call_later', 'create_future', 'create_task'):\n        def spy(*args, name=name, stock=getattr(loop, name), **options):\n            seen.append(name)\n            return stock(*args, **options)\n        setattr(loop, name, spy)\n    await asyncio.sleep(1)\n    slept = list(seen)\n    seen.clear()\n    await asyncio.gather(asyncio.sleep(0))\n    return slept, seen[:2]");
    assert_eq!(
        notebook.ok("asyncio.run(main())"),
        "=> (['create_future', 'call_later', 'call_soon'], ['create_task', 'call_soon'])"
    );
}

#[test]
fn a_lost_task_that_the_handler_keeps_is_none_of_the_loops() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("
import asyncio, gc
async def lost(loop):
    await loop.create_future()
loop, kept = asyncio.new_event_loop(), []
loop.set_exception_handler(lambda loop, context: kept.append(context))
loop.create_task(lost(loop))
loop._run_once()
gc.collect()
loop.close()
");
    assert_eq!(
        notebook.ok("[context['message'] for context in kept], asyncio.all_tasks(loop)"),
        "=> (['Task was destroyed but it is pending!'], set())"
    );
}
