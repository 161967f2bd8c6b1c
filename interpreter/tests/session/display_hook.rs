//! The display hook: what is shown, remembered and forgotten.

use super::notebook::Notebook;
use cellist_interpreter::{Cell, Clock, Event, Origin};

#[test]
fn values_and_sources_have_names() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert_eq!(notebook.ok("'a'"), "=> 'a'");
    assert_eq!(notebook.ok("'b'"), "=> 'b'");
    assert_eq!(notebook.ok("'c';"), "");
    assert_eq!(
        notebook.ok("_, __, ___, _1, _2, Out"),
        "=> ('b', 'a', '', 'a', 'b', {1: 'a', 2: 'b'})"
    );
    assert_eq!(notebook.ok("In[1], _i1, _i, _ii, _iii"), {
        let last = "\"'c';\"";
        format!("=> (\"'a'\", \"'a'\", '_, __, ___, _1, _2, Out', {last}, \"'b'\")")
    });
}

#[test]
fn a_users_own_underscore_is_left_alone() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("_ = 'mine'");
    notebook.ok("1 + 1");
    assert_eq!(notebook.ok("_, Out[2]"), "=> ('mine', 2)");
}

#[test]
fn old_values_are_let_go() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("%config InteractiveShell.cache_size = 2");
    notebook.ok("import weakref\nclass Thing: pass\nthing = Thing(); gone = weakref.ref(thing)");
    notebook.ok("thing");
    notebook.ok("del thing");
    assert_eq!(notebook.ok("gone() is None"), "=> False");
    for value in ["1", "2", "3", "4"] {
        notebook.ok(value);
    }
    assert_eq!(
        notebook.ok("import gc; gc.collect()\nprint(gone() is None, len(Out), '_3' in globals())"),
        "True 2 False\n"
    );
}

#[test]
fn silent_and_unnumbered_cells_are_not_remembered() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("1");
    let cell = Cell { kept: false, ..Cell::new("'not kept'", Origin(9), 2) };
    notebook.session.run_cell(&cell);
    assert_eq!(notebook.ok("_, Out, In"), "=> (1, {1: 1}, ['', '1', '_, Out, In'])");
}

#[test]
fn precision_is_that_of_nested_floats_too() {
    let mut notebook = Notebook::new(Clock::Wall);
    assert_eq!(notebook.ok("%precision 2\n{'pi': [3.14159, 1]}"), "=> {'pi': [3.14, 1]}");
    assert_eq!(notebook.ok("%precision %.3e\n12345.678"), "=> 1.235e+04");
    assert_eq!(notebook.ok("%precision\n3.14159"), "=> 3.14159");
    assert_eq!(notebook.fails("%precision many").ename, "UsageError");
}

#[test]
fn representations_come_in_order_and_a_failing_one_hides_no_other() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("class Rich:
    def _repr_html_(self): return '<b>', {'isolated': True}
    def _repr_latex_(self): raise ValueError('no latex')
    def _repr_markdown_(self): return None
    def _repr_mimebundle_(self, include=None, exclude=None): return {'x/y': 'z'}
    def __repr__(self): return 'plain'
class Everything:
    def __getattr__(self, name): return lambda *args: 'answered'
    def __repr__(self): return 'only this'");
    let before = notebook.recorder.0.lock().unwrap().len();
    let said = notebook.ok("Rich()");
    assert!(said.contains("no latex") && said.ends_with("=> plain"), "{said}");
    let events = notebook.recorder.0.lock().unwrap()[before..].to_vec();
    let result = events.iter().find_map(|(_, event)| match event {
        Event::Result { data, metadata, .. } => Some((data.clone(), metadata.clone())),
        _ => None,
    });
    let (data, metadata) = result.unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["x/y", "text/plain", "text/html"]);
    assert_eq!(metadata["text/html"]["isolated"], true);
    assert_eq!(notebook.ok("Everything()"), "=> only this");
    // A value that shows itself has no result besides.
    let shown = "class Shown:\n    def _ipython_display_(self): print('here')\nShown()";
    assert_eq!(notebook.ok(shown), "here\n");
    assert_eq!(notebook.ok("display(Shown(), 1)"), "here\n[] 1");
}

#[test]
fn users_register_functions_for_types() {
    let mut notebook = Notebook::new(Clock::Wall);
    notebook.ok("formatters = get_ipython().display_formatter.formatters
class A: pass
class B(A): pass
formatters['text/plain'].for_type(A, lambda a, p, cycle: p.text('an A'))");
    assert_eq!(notebook.ok("[A(), B()]"), "=> [an A, an A]");
    assert_eq!(
        notebook
            .ok("formatters['text/plain'].for_type(int, lambda n, p, cycle: p.text(hex(n)))\n255"),
        "=> 0xff"
    );
}

#[test]
fn more_than_the_last_value_can_be_shown() {
    let mut notebook = Notebook::new(Clock::Wall);
    let set = "from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.ast_node_interactivity = ";
    notebook.ok(&format!("{set}'all'"));
    assert_eq!(notebook.ok("1\nx = 2\nx"), "=> 1=> 2");
    notebook.ok(&format!("{set}'last_expr_or_assign'"));
    assert_eq!(notebook.ok("x = 3"), "=> 3");
    notebook.ok(&format!("{set}'none'"));
    assert_eq!(notebook.ok("x"), "");
}
