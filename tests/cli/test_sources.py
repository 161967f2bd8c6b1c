"""The source of the library's modules, which are part of the executable."""

import ast


def test_inspect_and_tracebacks_show_the_librarys_source(call):
    program = """
import inspect, json, textwrap, linecache, asyncio, IPython.display
sources = [inspect.getsource(item) for item in (textwrap.dedent, json.dumps, asyncio.wait_for, textwrap.TextWrapper)]
print([source.splitlines()[0] for source in sources])
print(textwrap.__loader__.get_source("textwrap").startswith('"'), type(textwrap.__loader__.get_source("IPython")))
print(linecache.getline("textwrap", textwrap.dedent.__code__.co_firstlineno, vars(textwrap)).strip())
try: textwrap.__loader__.get_source("nothing")
except ImportError as error: print(error.name)
textwrap.dedent(3)
"""
    done = call("python", "-c", program)
    names, starts, line, missing = done.stdout.splitlines()
    assert ast.literal_eval(names)[0] == "def dedent(text):"
    assert ast.literal_eval(names)[1].startswith("def dumps(obj")
    assert ast.literal_eval(names)[2:] == ["async def wait_for(fut, timeout):", "class TextWrapper:"]
    assert (starts, line, missing) == ("True <class 'str'>", "def dedent(text):", "nothing")
    # The line that raised it is shown under its place.
    assert "in dedent\n    raise TypeError" in done.stderr


def test_every_module_has_the_source_that_it_was_made_of(call):
    program = """
import _imp, ast, sys
from _frozen_importlib import FrozenImporter
names = [name for name in _imp._frozen_module_names() if name.startswith(("asyncio", "json", "cellist.introspect"))]
assert len(names) > 40, names
for name in names:
    tree = ast.parse(FrozenImporter.get_source(name))
    wanted = {node.name: node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and not node.decorator_list}
    codes = {code.co_name: code.co_firstlineno for code in _imp.get_frozen_object(name).co_consts if hasattr(code, "co_name")}
    for function, line in wanted.items():
        assert codes.get(function, line) == line, (name, function)
print("well")
"""
    done = call("python", "-c", program)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
