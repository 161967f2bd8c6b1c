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
