//! What is not Python in a cell: magics, shell commands, help, prompts.

use super::notebook::Notebook;
use cellist_interpreter::{Clock, Completeness};

/// What a source is rewritten to.
fn rewritten(notebook: &mut Notebook, source: &str) -> String {
    notebook.session_value("source", source);
    notebook.ok("from cellist.transform import transform\nprint(transform(source)[0], end='')")
}

#[test]
fn magics_become_calls() {
    let mut notebook = Notebook::new(Clock::Wall);
    for (source, python) in [
        ("%time f(x)", "get_ipython().run_line_magic('time', 'f(x)')"),
        ("if x:\n    %pwd", "if x:\n    get_ipython().run_line_magic('pwd', '')"),
        ("x = %who_ls", "x = get_ipython().run_line_magic('who_ls', '')"),
        ("%%bash -e\nls\n\npwd", "get_ipython().run_cell_magic('bash', '-e', 'ls\\n\\npwd')\n"),
        ("\n# why\n%%time\n1", "\n\nget_ipython().run_cell_magic('time', '', '1')\n"),
        ("%time await f()", "await get_ipython().await_line_magic('time', 'await f()')"),
        ("!ls -l", "get_ipython().system('ls -l')"),
        ("!!ls", "get_ipython().getoutput('ls')"),
        ("x = y = !ls", "x = y = get_ipython().getoutput('ls')"),
        ("d['a'] = !ls", "d['a'] = get_ipython().getoutput('ls')"),
        ("!a \\\n  b\nx", "get_ipython().system('a b')\n\nx"),
        ("a.b[0]?", "get_ipython().run_line_magic('pinfo', 'a.b[0]')"),
        ("len??", "get_ipython().run_line_magic('pinfo2', 'len')"),
        ("?len", "get_ipython().run_line_magic('pinfo', 'len')"),
        ("%time?", "get_ipython().run_line_magic('pinfo', '%time')"),
        ("%%time?", "get_ipython().run_line_magic('pinfo', '%%time')\n"),
        ("str.*find*?", "get_ipython().run_line_magic('psearch', 'str.*find*')"),
    ] {
        assert_eq!(rewritten(&mut notebook, source), python, "{source}");
    }
}

#[test]
fn python_stays_as_it_is() {
    let mut notebook = Notebook::new(Clock::Wall);
    for source in [
        "a % b\nx = a %b\nx %= 2\nx != 3\na = b % c if d != e else f",
        "x = (a\n  % b\n  != c)",
        "x = a \\\n  % b",
        "s = '''\n%time\n!ls\n?x\nreally?\n'''",
        "f'{x!r:>{w}} {d[\"a\"]} {{' % 3\n'a = %d' % 3\n\"x = !ls\"",
        "f'''\n{x:\n%H}\n%time\n'''",
        "rb'\\'\nx = 'it\\'s = %d' % 1",
        "# what?\nx  # = %d\n",
        "f(x=%d)",
        "'''a''' '''\n%b'''",
    ] {
        assert_eq!(rewritten(&mut notebook, source), source, "{source}");
    }
}

#[test]
fn prompts_and_indentation_are_taken_away() {
    let mut notebook = Notebook::new(Clock::Wall);
    for (source, python) in [
        (">>> x = 1\n>>> if x:\n...     y\n...", "x = 1\nif x:\n    y\n"),
        ("In [1]: x = 1\n   ...: y = 2", "x = 1\ny = 2"),
        ("    x = 1\n    if x:\n        y", "x = 1\nif x:\n    y"),
        ("  %pwd\n  x", "get_ipython().run_line_magic('pwd', '')\nx"),
    ] {
        assert_eq!(rewritten(&mut notebook, source), python, "{source}");
    }
}

#[test]
fn tracebacks_show_what_was_typed_and_where() {
    let mut notebook = Notebook::new(Clock::Wall);
    let failure = notebook.fails("x = 1\n\n%time 1 / 0");
    let text = failure.traceback.join("\n");
    assert!(text.contains("%time 1 / 0") && !text.contains("run_line_magic"), "{text}");
    let failure = notebook.fails("%%time\nx = 2\ndef f():\n    return 1 / 0\nf()");
    let text = failure.traceback.join("\n");
    assert!(text.contains("line \u{1b}[1m4") || text.contains("line 4"), "{text}");
    assert!(text.contains("return") && !text.contains("cellist"), "{text}");
}

#[test]
fn completeness_knows_magics() {
    let notebook = Notebook::new(Clock::Wall);
    let incomplete = |indent: &str| Completeness::Incomplete { indent: indent.to_owned() };
    for (source, expected) in [
        ("%time f(x)", Completeness::Complete),
        ("!ls", Completeness::Complete),
        ("x = !ls", Completeness::Complete),
        ("len?", Completeness::Complete),
        ("!ls \\", incomplete("")),
        ("%%time", incomplete("")),
        ("%%time\n  x", incomplete("  ")),
        ("%%time\nx\n", Completeness::Complete),
        ("for i in x:\n    !ls", incomplete("    ")),
        (">>> 1", Completeness::Complete),
        ("%time (", Completeness::Complete),
        ("1 +* 2", Completeness::Invalid),
    ] {
        assert_eq!(notebook.session.is_complete(source), expected, "{source}");
    }
}

#[test]
fn magics_that_await_run_on_the_loop() {
    let mut notebook = Notebook::new(Clock::Virtual);
    notebook.ok("import asyncio, contextvars\nv = contextvars.ContextVar('v')");
    let said = notebook.ok("%time await asyncio.sleep(2, 'done')");
    assert!(said.contains("Wall time: 2 s") && said.ends_with("=> 'done'"), "{said}");
    let said = notebook
        .ok("%%time\nv.set(5)\nawait asyncio.sleep(3)\nasyncio.run(asyncio.sleep(1))\nv.get()");
    assert!(said.contains("Wall time: 4 s") && said.ends_with("=> 5"), "{said}");
    // A context variable set there is set for the cells that follow, as in any cell.
    assert_eq!(notebook.ok("v.get()"), "=> 5");
    let said = notebook.ok("%%timeit -n2 -r1\nawait asyncio.sleep(0.25)");
    assert!(said.starts_with("250 ms ± 0 ns per loop"), "{said}");
    // In one cell with other awaits, and in a function.
    let said =
        notebook.ok("async def f():\n    %time await asyncio.sleep(1)\nawait f()\n%time await f()");
    assert_eq!(said.matches("Wall time: 1 s").count(), 3, "{said}");
}
