//! What cells may use. One session per process: run with nextest.

use super::notebook::Notebook;
use cellist_interpreter::{Clock, EXIT_LIMIT, Failure, Limits, Outcome};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

fn wall(millis: u64) -> Limits {
    Limits { wall: Some(Duration::from_millis(millis)), ..Limits::default() }
}

/// The cell fails by this error, in the same session as all the others, which lives on.
#[track_caller]
fn fails_and_lives(notebook: &mut Notebook, cell: &str, ename: &str, evalue: &str) -> Failure {
    let failure = notebook.fails(cell);
    assert_eq!(failure.ename, ename, "{cell}\n{failure:?}");
    assert!(failure.evalue.contains(evalue), "{cell}\n{failure:?}");
    assert_eq!(notebook.ok_at_leisure("6 * 7"), "=> 42", "after {cell}");
    failure
}

#[test]
fn wall_time_ends_whatever_runs() {
    let mut notebook = Notebook::limited(Clock::Wall, wall(200));
    notebook.ok_at_leisure("import asyncio, queue, threading, time\nlock = threading.Lock()\nlock.acquire()\nasync def spin():\n    while True: pass\nasync def main():\n    while True: await asyncio.sleep(0)");
    for cell in [
        "while True: pass",
        "time.sleep(1000)",
        "await asyncio.sleep(1000)",
        "await main()",
        "asyncio.run(main())",
        "await asyncio.gather(main(), spin())",
        "t = asyncio.create_task(spin())\nawait asyncio.sleep(1000)",
        "lock.acquire(timeout=1000)",
        "queue.Queue().get()",
        "threading.Event().wait()",
        "print('x' * 10)\nwhile True:\n    try: 1 / 0\n    except Exception: pass",
        "def f():\n    try:\n        while True: pass\n    finally:\n        print('cleaned up')\nf()",
        "class A:\n    def __repr__(self):\n        while True: pass\nA()",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    ] {
        let begun = Instant::now();
        let failure = fails_and_lives(
            &mut notebook,
            cell,
            "LimitExceeded",
            "wall time limit of 0.2 s exceeded: ",
        );
        // A busy machine may be late; the second time the code is told comes after a second.
        assert!(begun.elapsed() < Duration::from_secs(10), "{cell} {failure:?}");
    }
}

#[test]
fn a_limit_tells_what_it_was_and_where_the_code_stood() {
    let mut notebook = Notebook::limited(Clock::Wall, wall(100));
    let failure = notebook.fails("x = 1\nwhile True:\n    x += 1");
    let text = failure.traceback.join("\n");
    assert!(text.contains("Cell In[1]") && !text.contains("cellist.session"), "{text}");
    notebook.limit(Limits::default());
    assert_eq!(
        notebook.ok("import sys\nfrom cellist.limits import LimitExceeded\ne = sys.last_exc\ntype(e) is LimitExceeded, isinstance(e, Exception), e.limit, e.value, 0.1 <= e.used < 60"),
        "=> (True, False, 'wall time', 0.1, True)"
    );
}

#[test]
fn the_virtual_clock_does_not_stretch_wall_time() {
    let mut notebook = Notebook::limited(Clock::Virtual, wall(2000));
    notebook.ok_at_leisure("import time");
    assert_eq!(notebook.ok("time.sleep(3600)\n1"), "=> 1");
    fails_and_lives(&mut notebook, "while True: time.sleep(1)", "LimitExceeded", "wall time");
}

#[test]
fn processor_time_counts_threads_and_not_sleep() {
    let limits = Limits { cpu: Some(Duration::from_millis(300)), ..Limits::default() };
    let mut notebook = Notebook::limited(Clock::Wall, limits);
    notebook.ok("import threading, time\ntime.sleep(0.4)");
    fails_and_lives(
        &mut notebook,
        "while True: pass",
        "LimitExceeded",
        "processor time limit of 0.3 s",
    );
    fails_and_lives(
        &mut notebook,
        "go = True\ndef spin():\n    while go: pass\nt = threading.Thread(target=spin)\ntry:\n    t.start()\n    t.join()\nfinally:\n    go = False",
        "LimitExceeded",
        "processor time limit of 0.3 s",
    );
}

#[test]
fn a_cell_that_swallows_its_limit_fails_all_the_same() {
    let mut notebook = Notebook::new(Clock::Wall);
    // What checks import takes time once.
    notebook.session.run_check("check", "pass", Clock::Wall).unwrap();
    notebook.limit(wall(100));
    fails_and_lives(
        &mut notebook,
        "try:\n    while True: pass\nexcept BaseException:\n    print('mine')",
        "LimitExceeded",
        "wall time",
    );
    let outcome = notebook
        .session
        .run_check("check", "try:\n    while True: pass\nexcept BaseException: pass", Clock::Wall)
        .unwrap();
    assert!(
        !outcome.passed && outcome.message.as_ref().unwrap().contains("wall time limit"),
        "{outcome:?}"
    );
    let outcome = notebook.session.run_check("check", "while True: pass", Clock::Wall).unwrap();
    assert!(
        !outcome.passed && outcome.hint.as_ref().unwrap().contains("wall time limit"),
        "{outcome:?}"
    );
}

#[test]
fn output_is_cut_at_its_limit() {
    let limits = Limits { output: Some(10), ..Limits::default() };
    let mut notebook = Notebook::limited(Clock::Wall, limits);
    let before = notebook.recorder.0.lock().unwrap().len();
    let failure = notebook.fails("for _ in range(9):\n    print('äöü')");
    assert_eq!(failure.ename, "LimitExceeded");
    assert_eq!(failure.evalue, "output limit of 10 bytes exceeded: 14 bytes used");
    assert_eq!(notebook.said(before), "äöü\nä");
    assert_eq!(notebook.ok("print('next')"), "next\n");
    for cell in [
        "'x' * 20",
        "display('x' * 20)",
        "import sys\nsys.stderr.write('x' * 20)",
        "import threading\nt = threading.Thread(target=print, args=('x' * 20,))\nt.start()\nt.join()",
    ] {
        fails_and_lives(&mut notebook, cell, "LimitExceeded", "output limit of 10 bytes");
    }
}

#[test]
fn output_of_children_counts() {
    let mut notebook = Notebook::capturing(Limits { output: Some(1000), ..Limits::default() });
    for cell in [
        // It writes once `run` has it, and so can end it.
        "import subprocess\nsubprocess.run(['sh', '-c', 'read go; exec yes'], input=b'go\\n')",
        // It writes while it starts, and then its start takes for ever.
        "import os, time\nsubprocess.Popen(['true'], preexec_fn=lambda: (os.write(1, bytes(2000)), time.sleep(1000)))",
    ] {
        fails_and_lives(&mut notebook, cell, "LimitExceeded", "output limit of 1000 bytes");
        let children = "def children():\n    try: return os.waitpid(-1, os.WNOHANG)\n    except ChildProcessError: return 'none'\nimport os\nchildren()";
        assert_eq!(notebook.ok(children), "=> 'none'", "children of {cell}");
    }
}

#[test]
fn memory_ends_in_memory_error() {
    let limits = Limits { memory: Some(400 * MIB), ..Limits::default() };
    let mut notebook = Notebook::limited(Clock::Wall, limits);
    for cell in [
        "def f():\n    kept = []\n    while True: kept.append(bytes(1000))\nf()",
        "def f():\n    kept = {}\n    while True: kept[len(kept)] = None\nf()",
        "def f():\n    text = 'x' * 1000\n    while True: text += text\nf()",
        "def f():\n    data = bytearray(1000)\n    while True: data += bytes(data)\nf()",
        "import io\ndef f():\n    file = io.BytesIO()\n    while True: file.write(bytes(1000000))\nf()",
        "[None for _ in range(10**9)]",
        // Too big to begin with.
        "'x' * 10**11",
        "b'x' * 10**11",
        "[0] * 10**11",
        "bytearray(10**12)",
        "bytes(10**12)",
        "list(range(10**10))",
        "1 << 10**11",
    ] {
        fails_and_lives(&mut notebook, cell, "MemoryError", "");
    }
    // Code may go on after it.
    assert_eq!(
        notebook.ok("def f():\n    kept = []\n    try:\n        while True: kept.append(bytes(1000))\n    except MemoryError as error:\n        return str(error)\nf().split(':')[0]"),
        format!("=> 'memory limit of {} bytes exceeded'", 400 * MIB)
    );
}

#[test]
fn instructions_are_counted_alike() {
    let limits = Limits { instructions: Some(20_000), ..Limits::default() };
    let mut notebook = Notebook::limited(Clock::Wall, limits);
    notebook.limit(Limits::default());
    notebook.ok("from cellist.limits import instructions\ndef work(n):\n    for i in range(n): i + i\n    return instructions()");
    assert_eq!(notebook.ok("work(10)"), "=> 0");
    notebook.limit(limits);
    let first = notebook.ok("work(100)");
    assert_eq!(first, notebook.ok("work(100)"));
    let count: u32 = first.trim_start_matches("=> ").parse().unwrap();
    assert!((400..2000).contains(&count), "{count}");
    let used = |notebook: &mut Notebook| {
        notebook.fails("try:\n    work(10**9)\nfinally:\n    print('x')").evalue
    };
    assert_eq!(
        used(&mut notebook),
        "instruction limit of 20000 instructions exceeded: 20001 instructions used"
    );
    used(&mut notebook);
    notebook.limit(Limits::default());
    assert_eq!(notebook.ok("import sys\nsys.monitoring.get_tool(4), work(100)"), "=> (None, 0)");
}

/// Runs the ignored test of this name in a process of its own.
fn child(name: &str) -> (Output, Duration) {
    let begun = Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("limits::{name}"), "--ignored", "--nocapture"])
        .output()
        .unwrap();
    (output, begun.elapsed())
}

#[track_caller]
fn is_ended(name: &str, said: &str) {
    let (output, took) = child(name);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(EXIT_LIMIT), "{text}");
    assert!(text.contains(said), "{text}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

/// Calls `work` and catches whatever it raises, for ever.
const STUBBORN: &str = "
def stubborn(work):
    while True:
        try:
            while True:
                try: work()
                except BaseException: pass
        except BaseException: pass
";

/// The cell must end the process.
fn ends(limits: Limits, cell: &str) {
    let mut notebook = Notebook::limited(Clock::Wall, limits);
    notebook.ok_at_leisure(STUBBORN);
    panic!("it went on: {:?}", notebook.run(cell));
}

#[test]
fn code_that_goes_on_is_ended() {
    is_ended("goes_on", "cellist: the process was ended: the code went on at its wall time limit");
}

#[test]
#[ignore = "the process that the test above starts"]
fn goes_on() {
    ends(wall(100), "def work():\n    while True: pass\nstubborn(work)");
}

#[test]
fn native_code_that_goes_on_is_ended() {
    is_ended("goes_on_natively", "the code went on at its processor time limit");
}

#[test]
#[ignore = "the process that the test above starts"]
fn goes_on_natively() {
    let limits = Limits { cpu: Some(Duration::from_millis(100)), ..Limits::default() };
    ends(limits, "10**10**8");
}

#[test]
fn output_without_end_is_ended() {
    is_ended("prints_on", "the code went on at its output limit");
}

#[test]
#[ignore = "the process that the test above starts"]
fn prints_on() {
    let limits = Limits { output: Some(1000), ..Limits::default() };
    ends(limits, "stubborn(lambda: print('x' * 100))");
}

#[test]
fn an_operation_that_cannot_fail_ends_the_process() {
    is_ended("asks_for_too_much", "an operation needs ");
}

#[test]
#[ignore = "the process that the test above starts"]
fn asks_for_too_much() {
    let limits = Limits { memory: Some(400 * MIB), ..Limits::default() };
    ends(limits, "import random\nrandom.getrandbits(2**33)");
}

#[test]
fn no_limits_no_timers() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert!(matches!(notebook.run("1"), Outcome::Ok { .. }));
    let timers = std::fs::read_to_string("/proc/self/timers").unwrap();
    assert_eq!(timers, "");
}
