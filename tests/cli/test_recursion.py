"""Recursion without end, of many kinds: always RecursionError, never a stack overflow."""

import json

import pytest

#: Each cell defines an `f` that calls itself, or native code, too deeply.
KINDS = {
    'a function': 'def f(): return f()',
    'a method': """
class A:
    def m(self): return self.m()
f = A().m
""",
    'a comprehension': 'def f(): return [f() for _ in (0,)]',
    'a generator': """
def g(): yield from g()
def f(): list(g())
""",
    'a lambda in map': 'f = lambda x=0: list(map(f, [1]))',
    'sort keys': 'f = lambda x=0: sorted([1], key=f)',
    '__eq__': """
class A:
    def __eq__(self, other): return self == other
f = lambda: A() == A()
""",
    '__lt__': """
class A:
    def __lt__(self, other): return sorted([self, other])
f = lambda: sorted([A(), A()])
""",
    '__hash__': """
class A:
    def __hash__(self): return hash(self)
f = lambda: hash(A())
""",
    '__getattr__': """
class A:
    def __getattr__(self, name): return getattr(self, name + 'x')
f = lambda: A().x
""",
    'a property': """
class A:
    @property
    def p(self): return self.p
f = lambda: A().p
""",
    '__call__': """
class A:
    def __call__(self): return self()
f = A()
""",
    '__init__': """
class A:
    def __init__(self): A()
f = A
""",
    '__add__': """
class A:
    def __add__(self, other): return self + other
f = lambda: A() + A()
""",
    '__str__': """
class A:
    def __str__(self): return f'{self}'
f = lambda: str(A())
""",
    '__repr__': """
class A:
    def __repr__(self): return repr([self])
f = lambda: repr(A())
""",
    '__iter__': """
class A:
    def __iter__(self): return iter(self)
f = lambda: list(A())
""",
    '__contains__': """
class A:
    def __contains__(self, x): return x in self
f = lambda: 1 in A()
""",
    'with': """
class A:
    def __enter__(self):
        with self: pass
    def __exit__(self, *exc): pass
def f():
    with A(): pass
""",
    'exec': """
def f():
    source = 'exec(source, globals())'
    exec(source, {'source': source})
""",
    'lru_cache': """
import functools
@functools.lru_cache(None)
def g(n): return g(n + 1)
f = lambda: g(0)
""",
    'a coroutine': """
async def g(): await g()
f = lambda: g().send(None)
""",
    'isinstance': """
class M(type):
    def __instancecheck__(cls, x): return isinstance(x, cls)
class A(metaclass=M): pass
f = lambda: isinstance(1, A)
""",
    'repr of lists': 'f = lambda: repr(nested(1_000_000))',
    'comparison of lists': 'f = lambda: nested(300_000) == nested(300_000)',
    'hash of tuples': """
def f():
    x = ()
    for _ in range(1_000_000): x = (x,)
    hash(x)
""",
    'json.dumps': """
import json
f = lambda: json.dumps(nested(1_000_000))
""",
    'json.loads': """
import json
f = lambda: json.loads('[' * 1_000_000)
""",
    'json.loads of objects': """
import json
f = lambda: json.loads('{"a":' * 1_000_000)
""",
    'copy.deepcopy': """
import copy
f = lambda: copy.deepcopy(nested(100_000))
""",
    'pickle.dumps': """
import pickle
f = lambda: pickle.dumps(nested(1_000_000))
""",
    'groups in a pattern': """
import re
f = lambda: re.compile('(' * 100_000 + ')' * 100_000)
""",
    'signs': "f = lambda: eval('-' * 100_000 + '1')",
    'attributes': "f = lambda: eval('f' + '.a' * 100_000)",
    'calls': "f = lambda: eval('f' + '()' * 100_000)",
    'sums': "f = lambda: eval('+'.join(['1'] * 100_000))",
    'nots': "f = lambda: eval('not ' * 100_000 + '1')",
    'lambdas': "f = lambda: eval('lambda:' * 100_000 + '1')",
    'conditions': "f = lambda: eval('1 if 2 else ' * 100_000 + '1')",
    'a syntax tree': """
import ast
def f():
    x = ast.Constant(1, lineno=1, col_offset=0)
    for _ in range(100_000): x = ast.UnaryOp(ast.USub(), x, lineno=1, col_offset=0)
    compile(ast.Expression(x), 'x', 'eval')
""",
}

TOOLS = """
import asyncio, sys, threading
sys.setrecursionlimit(10_000)
def nested(depth):
    x = []
    for _ in range(depth): x = [x]
    return x
def how(function):
    try:
        return function()
    except RecursionError as error:
        return "RecursionError"
def in_thread(function):
    said = []
    thread = threading.Thread(target=lambda: said.append(how(function)))
    thread.start()
    thread.join()
    return said[0]
async def in_task(function):
    async def task(): return how(function)
    return await asyncio.create_task(task())
"""


@pytest.fixture
def run(call, notebook):
    """Runs cells after `TOOLS`; per cell the value of its last line, or its error."""

    def run(*cells):
        path = notebook(TOOLS, *cells)
        done = call("run", path, "--allow-errors", "--quiet")
        assert done.returncode == 0, (done.returncode, done.stderr)
        said = []
        for cell in json.loads(path.read_text())["cells"][1:]:
            output = (cell["outputs"] or [{}])[-1]
            text = output.get("data", {}).get("text/plain", "")
            said.append(output.get("ename") or "".join(text).strip("'"))
        return said

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_recursion_without_end_is_an_error(run, kind):
    said = run(KINDS[kind], "how(f)", "in_thread(f)", "await in_task(f)", "f()")
    assert said == ["", *["RecursionError"] * 4]


def test_it_goes_as_deep_as_the_limit_allows(run):
    said = run(
        "def f(n=9900): return n and 1 + f(n - 1)",
        "how(f)", "in_thread(f)", "await in_task(f)",
        "class A:\n"
        "    def __init__(self, n): self.n = n\n"
        "    def __getattr__(self, name): return self.n and A(self.n - 1).x",
        "A(9900).x",
    )
    assert said == ["", "9900", "9900", "9900", "", "0"]


@pytest.mark.parametrize("opening", ["(", "[", "{", "f(", "match x:\n case ["])
def test_brackets_in_source_are_a_syntax_error(run, opening):
    assert run(f"eval({opening!r} * 100_000)", opening * 100_000) == ["SyntaxError"] * 2


DEEP = {
    "lists": "def f(): nested(1_000_000)",
    "dicts": "def f():\n    x = {}\n    for _ in range(300_000): x = {1: x}",
    "objects": "class A: pass\ndef f():\n    x = None\n    for _ in range(300_000):\n"
               "        a = A()\n        a.x = x\n        x = a",
    "generators": "def g(x): yield x\ndef f():\n    x = None\n    for _ in range(100_000):\n"
                  "        it = g(x)\n        next(it)\n        x = it",
}


@pytest.mark.parametrize("kind", DEEP)
def test_what_is_nested_deeply_is_freed(run, kind):
    assert run(DEEP[kind], "str(how(f))", "str(in_thread(f))") == ["", "None", "None"]


@pytest.mark.parametrize("call_it", ["next(it)", "in_thread(lambda: next(it))"])
def test_native_recursion_that_nobody_counts_ends_the_process_in_order(call, notebook, call_it):
    cell = "it = iter([1])\nfor _ in range(2_000_000): it = map(int, it)\n" + call_it
    done = call("run", notebook(TOOLS, cell), "--quiet")
    assert done.returncode == 93, done.stderr
    assert "cellist: the process was ended: native code ran out of stack" in done.stderr


def test_threads_have_the_stack_that_was_asked_for(run):
    sizes = "[threading.stack_size(n) for n in (2**20, 0, 2**21, 2**21)]"
    assert run(sizes, "threading.stack_size(), threading.stack_size(0)") == [
        "[0, 1048576, 0, 2097152]", "(2097152, 0)"]
