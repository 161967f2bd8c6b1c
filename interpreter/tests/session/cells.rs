//! Cells as an embedder runs them. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::{Clock, Completeness, Event, Failure, Origin, Outcome, StreamName};

fn plain(failure: &Failure) -> String {
    let text = failure.traceback.join("\n");
    let mut plain = String::new();
    let mut escape = false;
    for character in text.chars() {
        match character {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            _ if escape => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn last_expression_is_displayed() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert_eq!(notebook.ok("1 + 1"), "=> 2");
    assert_eq!(notebook.ok("1 + 1;"), "");
    assert_eq!(notebook.ok("x = 3\nx"), "=> 3");
    assert_eq!(notebook.ok("_ + 1"), "=> 4");
    assert_eq!(notebook.ok("None"), "");
    assert_eq!(notebook.ok("print('a'); print('b', end='')"), "a\nb");
    assert_eq!(notebook.ok(""), "");
    assert_eq!(notebook.ok("# only a comment"), "");
    assert_eq!(notebook.ok("display(5)"), "[] 5");
}

#[test]
fn a_cell_pasted_from_within_a_block_runs() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert_eq!(notebook.ok("    x = 1\n    if x:\n        print(x)"), "1\n");
}

#[test]
fn nest_asyncio_is_not_needed_and_does_no_harm() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, nest_asyncio\nnest_asyncio.apply()\nasync def f(): return 1");
    assert_eq!(notebook.ok("asyncio.run(f())"), "=> 1");
    // CPython's rule for coroutines holds, patch or no patch.
    notebook.ok("async def g():\n    c = f()\n    try:\n        asyncio.run(c)\n    finally:\n        c.close()");
    assert_eq!(notebook.fails("await g()").ename, "RuntimeError");
}

#[test]
fn asyncio_run_and_top_level_await_work_after_each_other() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def main():\n    await asyncio.sleep(1)\n    return 'done'");
    for _ in 0..2 {
        assert_eq!(notebook.ok("asyncio.run(main())"), "=> 'done'");
        assert_eq!(notebook.ok("await main()"), "=> 'done'");
    }
    // In one cell, either way round.
    assert_eq!(
        notebook.ok("a = await main()\nb = asyncio.run(main())\nc = await main()\na, b, c"),
        "=> ('done', 'done', 'done')"
    );
}

#[test]
fn nested_run_inside_a_coroutine_is_cpythons_error() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def inner(): return 1\nasync def outer():\n    c = inner()\n    try:\n        return asyncio.run(c)\n    finally:\n        c.close()");
    for cell in ["await outer()", "asyncio.run(outer())"] {
        let failure = notebook.fails(cell);
        assert_eq!(failure.ename, "RuntimeError");
        assert_eq!(failure.evalue, "asyncio.run() cannot be called from a running event loop");
    }
}

#[test]
fn a_task_goes_on_in_later_cells() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio\nasync def tick():\n    for i in range(3):\n        await asyncio.sleep(1)\n        print('tick', i)");
    notebook.ok("t = asyncio.create_task(tick())");
    assert_eq!(notebook.ok("t.done()"), "=> False");
    let before = notebook.recorder.0.lock().unwrap().len();
    notebook.ok("await asyncio.sleep(2.5)");
    let events = notebook.recorder.0.lock().unwrap()[before..].to_vec();
    let tick = Event::Stream { name: StreamName::Stdout, text: "tick 0\n".to_owned() };
    // Printed during cell 4, but by the task that cell 2 made.
    assert_eq!(events[0], (Origin(2), tick));
    assert!(events.iter().all(|(origin, _)| *origin == Origin(2)), "{events:?}");
    assert_eq!(notebook.ok("await t"), "tick 2\n");
}

#[test]
fn tracebacks_show_the_cells_lines_and_none_of_ours() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("def half(x):\n    return x / 0");
    let failure = notebook.fails("y = 1\nhalf(y)");
    assert_eq!(
        (failure.ename.as_str(), failure.evalue.as_str()),
        ("ZeroDivisionError", "division by zero")
    );
    insta::assert_snapshot!(plain(&failure), @r#"
    Traceback (most recent call last):
      File "Cell In[2]", line 2, in <module>
        half(y)
        ~~~~^^^
      File "Cell In[1]", line 2, in half
        return x / 0
               ~~^~~
    ZeroDivisionError: division by zero
    "#);
    let awaiting = notebook.fails("import asyncio\nawait asyncio.sleep(0)\nhalf(2)");
    assert!(plain(&awaiting).contains("Cell In[3]\", line 3"), "{}", plain(&awaiting));
    assert!(!plain(&awaiting).contains("base_events"), "{}", plain(&awaiting));
}

#[test]
fn a_syntax_error_points_at_its_line() {
    let mut notebook = Notebook::new(Clock::Wall);
    let failure = notebook.fails("x = 1\ny = = 2");
    assert_eq!(failure.ename, "SyntaxError");
    assert!(plain(&failure).contains("line 2"), "{}", plain(&failure));
    assert!(!plain(&failure).contains("session.py"), "{}", plain(&failure));
}

#[test]
fn exit_is_an_outcome() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert_eq!(notebook.run("import sys\nsys.exit(3)"), Outcome::Exit(3));
    assert_eq!(notebook.run("exit()"), Outcome::Exit(0));
    assert_eq!(notebook.ok("1"), "=> 1");
}

#[test]
fn context_variables_persist_from_cell_to_cell() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok(
        "import asyncio, contextvars\nv = contextvars.ContextVar('v', default=0)\nv.set(1)\nNone",
    );
    assert_eq!(notebook.ok("v.get()"), "=> 1");
    notebook.ok("await asyncio.sleep(0)\nv.set(2)\nNone");
    assert_eq!(notebook.ok("v.get()"), "=> 2");
}

#[test]
fn the_virtual_clock_is_exact_and_immediate() {
    let mut notebook = Notebook::new(Clock::Virtual);
    let begun = std::time::Instant::now();
    assert_eq!(
        notebook.ok("import asyncio, time\nt = time.monotonic()\nasync def main():\n    await asyncio.gather(*(asyncio.sleep(n * 100) for n in range(5)))\nasyncio.run(main())\ntime.monotonic() - t"),
        "=> 400.0"
    );
    assert_eq!(notebook.ok("t = time.time()\ntime.sleep(3600)\ntime.time() - t"), "=> 3600.0");
    assert!(begun.elapsed().as_secs() < 100);
}

#[test]
fn a_stall_on_the_virtual_clock_is_an_error_and_not_a_hang() {
    let mut notebook = Notebook::new(Clock::Virtual);
    let failure = notebook.fails(
        "import asyncio\nasync def main():\n    await asyncio.Event().wait()\nasyncio.run(main())",
    );
    assert_eq!(failure.ename, "Stall");
}

#[test]
fn completion_and_inspection() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("def coffee(size):\n    'Makes coffee.'\n    return size\nwords = 'π coffee'");
    let completion = notebook.session.complete("cof", 3);
    assert_eq!(completion.matches, ["coffee"]);
    assert_eq!((completion.cursor_start, completion.cursor_end), (0, 3));
    let completion = notebook.session.complete("π = 1; words.upp", 16);
    assert_eq!(completion.matches, ["upper"]);
    assert_eq!(completion.cursor_start, 13);
    let text = notebook.session.inspect("coffee(", 7, 0, &[]).unwrap().data["text/plain"].clone();
    let text = text.as_str().unwrap();
    assert!(text.contains("coffee(size)") && text.contains("Makes coffee."), "{text}");
    assert_eq!(notebook.session.inspect("nothing_here", 3, 0, &[]), None);
    assert!(notebook.session.complete("import asy", 10).matches.contains(&"asyncio".to_owned()));
}

#[test]
fn completeness() {
    let notebook = Notebook::new(Clock::Wall);
    let of = |source: &str| notebook.session.is_complete(source);
    assert_eq!(of("1 + 1"), Completeness::Complete);
    assert_eq!(of("await f()"), Completeness::Complete);
    assert_eq!(of("for i in x:"), Completeness::Incomplete { indent: "    ".to_owned() });
    assert_eq!(of("f(1,"), Completeness::Incomplete { indent: String::new() });
    assert_eq!(of("x = = 1"), Completeness::Invalid);
}

#[test]
fn checks_look_from_outside() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, time\nasync def nap(n):\n    print('start')\n    time.sleep(n)\n    asyncio.sleep(1)\n    return n\nclass Liar:\n    def __eq__(self, other): return True\ndef lie(): return Liar()");
    let outcome = notebook.session.run_check("check nap", "#| hint: took {t.elapsed:g}, {t.lines!r}: {t.problems}\nt = lab.run('nap', 2)\nassert t.result == 2\nassert t.elapsed == 2 and t.times('start') == [0]\nassert not t.problems", Clock::Virtual).unwrap();
    assert!(!outcome.passed);
    let hint = outcome.hint.unwrap();
    assert!(hint.starts_with("took 2, ['start']: "), "{hint}");
    assert!(
        hint.contains("time.sleep(2) blocks the event loop") && hint.contains("Cell In[1], line 4"),
        "{hint}"
    );
    assert!(hint.contains("was never awaited"), "{hint}");
    let outcome = notebook
        .session
        .run_check("check lie", "assert lab.run('lie').result == 5", Clock::Virtual)
        .unwrap();
    assert!(!outcome.passed);
    assert!(outcome.message.unwrap().contains("lab.run('lie').result == 5: <"), "no sides");
    let outcome =
        notebook.session.run_check("check missing", "lab.run('absent')", Clock::Virtual).unwrap();
    assert_eq!(outcome.hint.unwrap(), "absent is not defined: run the cell that defines it");
    let shown = notebook.ok("#| check: mine\n#| points: 2\nassert lab.run('nap', 0).result == 0");
    assert_eq!(shown, "[] ✔ mine: passed (2 points)");
}

#[test]
fn a_failed_assertion_quotes_both_sides_of_its_comparison() {
    let notebook = Notebook::new(Clock::Wall);
    let left = "[n for n in 'ä' if n == 'ä' and 1 < 2 <= 3]";
    let right = "[\n    'ö' if 1 > 2 else 'ü',\n]";
    let source = format!("def check():\n    'ä'; assert {left} == {right}, 'said'\ncheck()");
    let outcome = notebook.session.run_check("check", &source, Clock::Wall).unwrap();
    let told = format!("assert {left} == {right}\n{left} == {right}: ['ä'] == ['ü']\nsaid");
    assert_eq!(outcome.message.unwrap(), told);
}

#[test]
fn a_prepared_check_runs_as_any_other() {
    let notebook = Notebook::new(Clock::Wall);
    let prepare = |source, anew| notebook.session.prepare_check("check", source, anew).unwrap();
    let run = |source| notebook.session.run_check("check", source, Clock::Wall).unwrap();
    prepare("assert 1 == 2", true);
    prepare("assert (", false);
    assert_eq!(run("assert 1 == 2").message.unwrap(), "assert 1 == 2\n1 == 2: 1 == 2");
    assert!(run("assert 1 == 1").passed);
    assert!(run("assert (").message.unwrap().contains("SyntaxError"));
    prepare("assert 1 == 1", true);
    assert!(run("assert 1 == 1").passed && !run("assert 1 == 2").passed);
}

#[test]
fn threads_print_under_the_cell_that_started_them() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import threading\ngo = threading.Event()\ndef work():\n    go.wait()\n    print('late')\nt = threading.Thread(target=work)\nt.start()");
    let before = notebook.recorder.0.lock().unwrap().len();
    notebook.ok("go.set()\nt.join()");
    let events = notebook.recorder.0.lock().unwrap()[before..].to_vec();
    assert!(
        events.iter().all(|(origin, _)| *origin == Origin(1)) && !events.is_empty(),
        "{events:?}"
    );
}

#[test]
fn a_check_says_which_clock_it_needs() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import time\ndef nap():\n    time.sleep(0.01)");
    let exact = notebook.ok("#| check: nap\nassert lab.run('nap').elapsed == 0.01");
    assert!(exact.contains("✔"), "{exact}");
    let real = notebook.ok("#| check: nap\n#| clock: wall\nassert lab.run('nap').elapsed > 0.01");
    assert!(real.contains("✔"), "{real}");
    let outcome = notebook
        .session
        .run_check("check nap", "assert lab.run('nap').elapsed == 0.01", Clock::Wall)
        .unwrap();
    assert!(!outcome.passed);
}

#[test]
fn sys_exit_in_the_code_under_test_is_a_failed_check() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import sys\ndef leave(): sys.exit(0)");
    let outcome =
        notebook.session.run_check("check leave", "lab.run('leave')", Clock::Virtual).unwrap();
    assert!(!outcome.passed && outcome.hint.unwrap().contains("sys.exit"));
}

#[test]
fn checks_leave_thread_pools_as_they_found_them() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, concurrent.futures\nasync def work():\n    return sum(await asyncio.gather(*(asyncio.to_thread(int, n) for n in range(20))))");
    notebook.ok("#| check: first\nassert lab.run('work').result == 190");
    notebook.ok("submit = concurrent.futures.ThreadPoolExecutor.submit");
    notebook.ok("#| check: again\nfor n in range(50):\n    assert lab.run('work').result == 190");
    assert_eq!(notebook.ok("concurrent.futures.ThreadPoolExecutor.submit is submit"), "=> True");
}
