//! The event loop in Rust, from cells. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

#[test]
fn a_session_runs_the_loop_in_rust() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, _cellist_loop\nasync def main():\n    return isinstance(asyncio.get_running_loop(), _cellist_loop.LoopCore)");
    for cell in ["await main()", "asyncio.run(main())", "asyncio.Runner().run(main())"] {
        assert_eq!(notebook.ok(cell), "=> True", "{cell}");
    }
    assert_eq!(notebook.ok("isinstance(asyncio.new_event_loop(), asyncio.EventLoop) and issubclass(asyncio.EventLoop, asyncio.SelectorEventLoop)"), "=> True");
}

#[test]
fn background_tasks_go_on_while_asyncio_run_runs() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def tick():\n    for i in range(5):\n        await asyncio.sleep(1)\n        print('tick', i)\nasync def main():\n    await asyncio.sleep(2.5)\n    print('main')");
    notebook.ok("t = asyncio.create_task(tick())");
    assert_eq!(notebook.ok("asyncio.run(main())"), "tick 0\ntick 1\nmain\n");
    // Also inside a cell that awaits, whose own loop is on the stack then.
    assert_eq!(
        notebook.ok("await asyncio.sleep(0)\nasyncio.run(main())\nawait t"),
        "tick 2\ntick 3\ntick 4\nmain\n"
    );
}

#[test]
fn a_background_task_feels_at_home_while_asyncio_run_runs() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nhome = asyncio.get_event_loop()\nasync def numbers():\n    for n in range(3):\n        yield n\nasync def tick():\n    seen = []\n    async for n in numbers():\n        await asyncio.sleep(1)\n        seen.append((n, asyncio.get_running_loop() is home, home.is_running(), asyncio.current_task().get_name()))\n    return seen\nasync def main(seconds):\n    await asyncio.sleep(seconds)\n    return home.is_running()");
    notebook.ok("t = asyncio.create_task(tick(), name='t')");
    assert_eq!(notebook.ok("asyncio.run(main(1.5))"), "=> False");
    // The generator outlives the loop that ran meanwhile.
    assert_eq!(notebook.ok("asyncio.run(main(10))\nt.done()"), "=> True");
    assert_eq!(
        notebook.ok("t.result()"),
        "=> [(0, True, True, 't'), (1, True, True, 't'), (2, True, True, 't')]"
    );
}

#[test]
fn a_background_server_answers_while_asyncio_run_runs() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio\nasync def serve(reader, writer):\n    writer.write(await reader.readline())\n    await writer.drain()\n    writer.close()\nserver = await asyncio.start_server(serve, '127.0.0.1', 0)\nport = server.sockets[0].getsockname()[1]\nasync def ask():\n    reader, writer = await asyncio.open_connection('127.0.0.1', port)\n    writer.write(b'hello\\n')\n    line = await reader.readline()\n    writer.close()\n    return line");
    assert_eq!(notebook.ok("asyncio.run(ask())"), "=> b'hello\\n'");
}

#[test]
fn nested_run_in_a_background_task_is_cpythons_error() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def nothing(): pass\nasync def nest():\n    await asyncio.sleep(1)\n    c = nothing()\n    try:\n        asyncio.run(c)\n    finally:\n        c.close()\nt = asyncio.create_task(nest())");
    notebook.ok("asyncio.run(asyncio.sleep(2))");
    assert_eq!(
        notebook.fails("t.result()").evalue,
        "asyncio.run() cannot be called from a running event loop"
    );
}

#[test]
fn timers_run_in_order_and_exactly() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop = asyncio.get_running_loop()\n    seen, begun = [], loop.time()\n    for n in range(5):\n        for delay in (0.3, 0.1, 0.2):\n            loop.call_later(delay, lambda *what: seen.append((*what, loop.time() - begun)), delay, n)\n    loop.call_later(0.15, seen.append, 'no').cancel()\n    await asyncio.sleep(1)\n    return seen == [(d, n, d) for d in (0.1, 0.2, 0.3) for n in range(5)] or seen");
    assert_eq!(notebook.ok("asyncio.run(main())"), "=> True");
}

#[test]
fn handles_are_asyncios() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nloop = asyncio.new_event_loop()\nh, t = loop.call_soon(print, 1), loop.call_at(5, print, 2)");
    assert_eq!(
        notebook.ok(
            "isinstance(h, asyncio.Handle), isinstance(t, asyncio.TimerHandle), t.when(), h, t"
        ),
        "=> (True, True, 5, <Handle print()>, <TimerHandle when=5 print()>)"
    );
    assert_eq!(notebook.ok("h.cancel(); h.cancelled(), h"), "=> (True, <Handle cancelled>)");
    assert_eq!(
        notebook.ok("loop.call_later(6, loop.stop); loop.run_forever(); loop.time()"),
        "2\n=> 6.0"
    );
    assert_eq!(
        notebook.fails("loop.close(); loop.call_soon(print)").evalue,
        "Event loop is closed"
    );
}

#[test]
fn callbacks_from_many_threads_all_arrive() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, threading\nasync def main(name):\n    loop, seen, full = asyncio.get_running_loop(), [], asyncio.Event()\n    def arrive(what):\n        seen.append(what)\n        if len(seen) == 4000:\n            full.set()\n    def send(n):\n        for i in range(1000):\n            getattr(loop, name)(arrive, (n, i))\n    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]\n    for t in threads: t.start()\n    await asyncio.wait_for(full.wait(), 60)\n    for t in threads: t.join()\n    return all([i for m, i in seen if m == n] == list(range(1000)) for n in range(4))");
    assert_eq!(notebook.ok("asyncio.run(main('call_soon_threadsafe'))"), "=> True");
    // Not allowed, but without a GIL it must not lose or break anything either.
    let said = notebook.ok("asyncio.run(main('call_soon'))");
    assert!(said.ends_with("=> True"), "{said}");
    assert_eq!(said.matches("RuntimeWarning").count(), 1, "{said}");
}

#[test]
fn an_exception_in_a_callback_reaches_the_handler() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    loop, seen = asyncio.get_running_loop(), []\n    loop.set_exception_handler(lambda loop, context: seen.append((context['message'], repr(context['exception']))))\n    loop.call_soon(int, 'x')\n    await asyncio.sleep(1)\n    return seen");
    let said = notebook.ok("asyncio.run(main())");
    assert!(said.contains("Exception in callback int()"), "{said}");
    assert!(said.contains("invalid literal"), "{said}");
}

#[test]
fn debug_mode_names_where_a_slow_callback_was_made() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, logging, io, time\nlog = io.StringIO()\nlogging.basicConfig(stream=log)\nasync def main():\n    asyncio.get_running_loop().call_soon(time.sleep, 5)\n    await asyncio.sleep(1)\nasyncio.run(main(), debug=True)");
    let said = notebook.ok("print(log.getvalue())");
    assert!(
        said.contains("took 5.000 seconds") && said.contains("created at Cell In[1]:5"),
        "{said}"
    );
}
