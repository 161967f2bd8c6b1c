//! Library modules that load when they are first used.

use super::notebook::Notebook;
use cellist_interpreter::Clock;

/// A session in which asyncio has left its modules for later, with a function that says whether
/// one is loaded.
fn session() -> Notebook {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("import asyncio, sys\nfrom types import ModuleType\n\
        def loaded(name): return type(sys.modules[name]) is ModuleType\n\
        await asyncio.sleep(0)");
    notebook
}

#[test]
fn asyncio_loads_no_tls_before_it_is_used() {
    let mut notebook = session();
    let all =
        "[loaded(name) for name in ('ssl', 'asyncio.sslproto', 'asyncio.staggered', 'traceback')]";
    assert_eq!(notebook.ok(all), "=> [False, False, False, False]");
    // Nor does importing it again: what is asked of it does.
    assert_eq!(notebook.ok("import ssl\nloaded('ssl')"), "=> False");
    assert_eq!(notebook.ok("ssl.SSLContext.__name__"), "=> 'SSLContext'");
    assert_eq!(notebook.ok("type(ssl)"), "=> module");
    assert_eq!(notebook.ok("ssl.__spec__.loader is ssl.__loader__"), "=> True");
    assert_eq!(notebook.ok("asyncio.sslproto.ssl is ssl"), "=> True");
    let error = notebook.fails("ssl.no_such_thing");
    assert_eq!(error.ename, "AttributeError");
}

#[test]
fn names_of_a_lazy_module_can_be_imported_set_and_deleted() {
    let mut notebook = session();
    assert_eq!(
        notebook.ok("from traceback import format_exc\nformat_exc()"),
        "=> 'NoneType: None\\n'"
    );
    let replaced =
        "import ssl\nssl.create_default_context = 5\nssl.create_default_context, loaded('ssl')";
    assert_eq!(notebook.ok(replaced), "=> (5, True)");
    notebook.ok("del asyncio.staggered.staggered_race");
    assert_eq!(notebook.ok("hasattr(asyncio.staggered, 'staggered_race')"), "=> False");
    assert_eq!(
        notebook.ok("import pickle\npickle.loads(pickle.dumps(ssl.CERT_NONE)) is ssl.CERT_NONE"),
        "=> True"
    );
}

#[test]
fn threads_see_a_lazy_module_whole() {
    let mut notebook = session();
    notebook.ok("import ssl, threading\nstart, found = threading.Barrier(8), []\n\
        def last():\n    start.wait()\n    found.append(ssl.get_server_certificate.__name__)\n\
        threads = [threading.Thread(target=last) for _ in range(8)]\n\
        for thread in threads: thread.start()\n\
        for thread in threads: thread.join()");
    assert_eq!(notebook.ok("len(found), loaded('ssl')"), "=> (8, True)");
}

#[test]
fn asyncio_loads_neither_inspect_nor_subprocess_nor_data_classes_before_they_are_used() {
    let mut notebook = session();
    assert_eq!(
        notebook.ok("[loaded(name) for name in ('inspect', 'subprocess', 'asyncio.graph')]"),
        "=> [False, False, False]"
    );
    assert_eq!(
        notebook.ok("[name for name in ('ast', 'dis', 'dataclasses') if name in sys.modules]"),
        "=> []"
    );
    // asyncio's own defaults are numbers of subprocess.
    assert_eq!(notebook.ok("asyncio.subprocess.PIPE, loaded('subprocess')"), "=> (-1, False)");
    let same = "import subprocess\nsubprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL";
    assert_eq!(notebook.ok(&format!("{same}, loaded('subprocess')")), "=> (-1, -2, -3, False)");
    notebook.ok("subprocess.Popen");
    assert_eq!(notebook.ok(&format!("{same}, loaded('subprocess')")), "=> (-1, -2, -3, True)");
}

#[test]
fn asyncios_functions_look_the_same_to_inspect_that_loads_later() {
    let mut notebook = session();
    assert_eq!(
        notebook.ok("import inspect\n\
            inspect.iscoroutinefunction(asyncio.sleep), inspect.iscoroutinefunction(asyncio.gather)"),
        "=> (True, False)"
    );
    assert_eq!(
        notebook.ok("str(inspect.signature(asyncio.sleep)), loaded('inspect')"),
        "=> ('(delay, result=None)', True)"
    );
    let awaitable = "class Later:\n    def __await__(self): return (yield from asyncio.sleep(0, 5).__await__())\n\
        await asyncio.wait_for(Later(), 1), asyncio.run(asyncio.wait_for(Later(), 1))";
    assert_eq!(notebook.ok(awaitable), "=> (5, 5)");
}

#[test]
fn names_of_the_call_graph_are_asyncios_from_the_start() {
    let names = "['capture_call_graph', 'format_call_graph', 'print_call_graph', \
        'FrameCallGraphEntry', 'FutureCallGraph']";
    let mut notebook = session();
    assert_eq!(notebook.ok(&format!("set({names}) <= set(asyncio.__all__)")), "=> True");
    assert_eq!(notebook.ok("len(asyncio.__all__) == len(set(asyncio.__all__))"), "=> True");
    notebook.ok("before = dir(asyncio)");
    assert_eq!(notebook.ok(&format!("set({names}) <= set(before)")), "=> True");
    assert_eq!(notebook.ok("loaded('asyncio.graph')"), "=> False");
    assert_eq!(
        notebook
            .ok("import pickle\npickle.loads(pickle.dumps(asyncio.FutureCallGraph)).__module__"),
        "=> 'asyncio.graph'"
    );
    assert_eq!(notebook.ok(&format!("list(asyncio.graph.__all__) == {names}")), "=> True");
    assert_eq!(
        notebook
            .ok(&format!("all(vars(asyncio)[n] is getattr(asyncio.graph, n) for n in {names})")),
        "=> True"
    );
    assert_eq!(
        notebook.ok("dir(asyncio) == before, '__dir__' in vars(asyncio)"),
        "=> (True, False)"
    );
    assert_eq!(notebook.fails("asyncio.no_such_thing").ename, "AttributeError");
}

#[test]
fn the_call_graph_can_be_asked_for_first_by_its_own_name() {
    let mut notebook = session();
    assert_eq!(
        notebook.ok(
            "from asyncio.graph import FutureCallGraph\nasyncio.FutureCallGraph is FutureCallGraph"
        ),
        "=> True"
    );
}

#[test]
fn all_of_asyncio_can_be_imported_at_once() {
    let mut notebook = session();
    assert_eq!(
        notebook.ok("from asyncio import *\nformat_call_graph is asyncio.graph.format_call_graph"),
        "=> True"
    );
    assert_eq!(notebook.fails("asyncio.no_such_thing").ename, "AttributeError");
}

#[test]
fn subprocess_that_loads_later_knows_the_virtual_clock() {
    let mut notebook = Notebook::new(Clock::Virtual);
    let cell = "import asyncio, subprocess\nprocess = await asyncio.create_subprocess_exec('true')\n\
        await process.wait(), subprocess.run(['true']).returncode, subprocess.Popen._wait.__module__";
    assert_eq!(notebook.ok(cell), "=> (0, 0, 'cellist.blocking')");
}
