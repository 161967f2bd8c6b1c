"""Completion, inspection and completeness, as a front end asks for them."""

from pathlib import Path
from typing import Any

import pytest

from kernel.client import Kernel


class Asker:
    """Asks a kernel about sources in which ``¦`` marks the cursor."""

    def __init__(self, kernel: Kernel):
        self.kernel = kernel

    def complete(self, marked: str) -> dict[str, Any]:
        cursor = marked.index("¦")
        content = {"code": marked.replace("¦", ""), "cursor_pos": cursor}
        reply = self.kernel.request("complete_request", content).content
        assert reply["status"] == "ok" and reply["cursor_start"] <= cursor == reply["cursor_end"], reply
        return reply

    def matches(self, marked: str) -> list[str]:
        return self.complete(marked)["matches"]

    def inspect(self, marked: str, **options: Any) -> str | None:
        content = {"code": marked.replace("¦", ""), "cursor_pos": marked.index("¦"), "detail_level": 0}
        reply = self.kernel.request("inspect_request", content | options).content
        return reply["data"]["text/plain"] if reply["found"] else None

    def is_complete(self, code: str) -> tuple[str, str | None]:
        reply = self.kernel.request("is_complete_request", {"code": code}).content
        return reply["status"], reply.get("indent")


@pytest.fixture
def ask(kernel: Kernel) -> Asker:
    return Asker(kernel)


TRAPS = """
class Trap:
    def sprung(name):
        def method(self, *args):
            print("sprung", name)
            return name != "__eq__"
        return method
    for name in ("__getattr__", "__dir__", "__repr__", "__eq__", "__bool__", "__call__", "__iter__",
                 "__getitem__", "__len__", "__await__", "__enter__", "__add__"):
        locals()[name] = sprung(name)
    def __hash__(self):
        print("sprung __hash__")
        return hash("key")
    __class__ = property(sprung("__class__"))
    wealth = property(sprung("wealth"))
    def method(self, alpha, beta=3):
        "A harmless one."
class Descriptor:
    def __get__(self, instance, owner):
        print("sprung __get__")
Trap.descriptor = Descriptor()
class Meta(type):
    def __getattribute__(cls, name):
        print("sprung metaclass")
        return type.__getattribute__(cls, name)
class Classy(metaclass=Meta):
    member = 1
trap, classy = Trap(), Classy()
trap.__dict__["own"] = "text"
traps = {"key": trap, trap: 1}
def annotated(first: print("sprung annotation") = trap) -> print("sprung annotation"): pass
"""


def test_no_code_of_the_users_runs(ask: Asker, kernel: Kernel) -> None:
    kernel.run(TRAPS)
    # What merely running the cell prints is not meant.
    assert {"method", "own", "wealth", "descriptor"} <= set(ask.matches("trap.¦"))
    assert "member" in ask.matches("classy.¦") and "member" in ask.matches("Classy.¦")
    assert {"alpha=", "beta="} <= set(ask.matches("trap.method(¦"))
    assert "upper" in ask.matches("trap.own.¦") and "method" in ask.matches("traps['key'].¦")
    assert "first=" in ask.matches("annotated(¦")
    for code in ("trap.wealth.¦", "trap.nothing.¦", "trap().¦", "trap[0].¦", "traps[¦", "traps['k¦", "trap['¦",
                 "(trap + trap).¦", "for x in trap: x.¦", "with trap as t: t.¦", "(await trap).¦", "trap.descriptor.¦",
                 "classy.member.¦", "Classy().¦", "annotated().¦", "trap(¦", "tr¦"):
        ask.complete(code)
    assert "A harmless one." in (ask.inspect("trap.method¦") or "")
    assert "property" in (ask.inspect("trap.wealth¦") or "")
    ask.inspect("annotated(¦")
    run = kernel.run("1")
    printed = [message["content"]["text"] for message in [*kernel.others, *run.iopub] if message["msg_type"] == "stream"]
    assert "sprung" not in "".join(printed)


SEEN = [
    # Names.
    ("pri¦", "print"),
    ("def f(one, two=2):\n    three = 3\n    t¦", "two three"),
    ("for index in range(3):\n    ind¦", "index"),
    ("[word for word in 'ab' if wo¦]", "word"),
    ("lambda value: val¦", "value"),
    ("import asyncio as aio\nai¦", "aio"),
    ("try:\n    pass\nexcept OSError as error:\n    err¦", "error"),
    ("match 1:\n    case [first, *_]:\n        fir¦", "first"),
    # Attributes of what has not run.
    ("class A:\n    size = 1\n    def f(self):\n        self.colour = 'red'\n        self.¦", "size f colour"),
    ("class A:\n    def __init__(self):\n        self.colour = 'red'\nA().colour.up¦", "upper"),
    ("class A:\n    colour = 'red'\nclass B(A):\n    def f(self):\n        super().¦", "colour"),
    ("class A:\n    @property\n    def name(self): return 'x'\nA().name.up¦", "upper"),
    ("def f() -> 'str': ...\nf().up¦", "upper"),
    ("def f(text: str | None = None):\n    text.up¦", "upper"),
    ("async def f():\n    return 'x'\n(await f()).up¦", "upper"),
    ("def g():\n    yield 'x'\nfor item in g():\n    item.up¦", "upper"),
    ("with open('file') as file:\n    for line in file:\n        line.str¦", "strip"),
    ("pairs = {'a': 'b'}\nfor key, value in pairs.items():\n    value.up¦", "upper"),
    ("'a b'.split()[0].up¦", "upper"),
    ("f'{\"text\".up¦}'", "upper"),
    # asyncio.
    ("import asyncio\nasync with asyncio.TaskGroup() as group:\n    group.¦", "create_task"),
    ("import asyncio\ntask = asyncio.create_task(work())\ntask.¦", "cancel add_done_callback"),
    ("import asyncio\nreader, writer = await asyncio.open_connection()\nwriter.¦", "write drain"),
    # Imports.
    ("import asy¦", "asyncio"),
    ("from asyncio import Qu¦", "Queue QueueEmpty"),
    ("from asyncio import (\n    Queue,\n    Sem¦", "Semaphore"),
    ("import xml.e¦", "etree"),
    ("from os ¦", "import"),
    # Arguments.
    ("def f(one, two=2): ...\nf(¦", "one= two="),
    ("sorted([], ¦", "key= reverse="),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n    name: str\n    age: int = 3\nP(¦", "name= age="),
    # Keys.
    ("d = {'alpha': {'beta': 1}}\nd['al¦", "alpha']"),
    ("d = {'alpha': {'beta': 1}}\nd['alpha']['¦']", "beta"),
    # What does not parse elsewhere is no hindrance.
    ("x = = 1\nname = 'text'\nname.up¦\ndef f(:", "upper"),
    ("try:\n    name = 'text'\n    name.up¦", "upper"),
    # Magics and the shell.
    ("%time 'a'.up¦", "upper"),
    ("%%time\n'a'.up¦", "upper"),
    ("%timeit -¦", "-n -r"),
    ("%xmode Ver¦", "Verbose"),
    ("!l¦", "ls"),
    ("!ls /et¦", "/etc/"),
    ("open('/et¦", "/etc/"),
    # Letters.
    ("\\alp¦", "\\alpha"),
    ("\\alpha¦", "α"),
    ("x\\_1¦", "₁"),
    ("\\bbR¦", "ℝ"),
    ("\\GREEK SMALL LETTER ETA¦", "η"),
]


def test_what_has_not_run_is_completed(ask: Asker) -> None:
    missing = {code: wanted for code, wanted in SEEN if not set(wanted.split()) <= set(ask.matches(code))}
    assert not missing, {code: (wanted, ask.matches(code)[:9]) for code, wanted in missing.items()}


def test_what_is_live_is_completed(ask: Asker, kernel: Kernel) -> None:
    kernel.run("d = {'alpha': {'beta': 1}, 'al two': 2, 3: 4, b'x': 5}\n"
               "class A:\n    def __init__(self): self.colour = 'red'\n    def f(self): return self\n"
               "a = A(); _hidden = 1")
    assert ask.matches("d['al¦") == ["alpha']", "al two']"]
    assert ask.matches('d["al¦"]') == ["alpha", "al two"]
    assert ask.matches("d['alpha']['¦") == ["beta']"]
    assert {"'alpha']", "3]", "b'x']"} <= set(ask.matches("d[¦"))
    assert ask.matches("a.colour.uppe¦") == ["upper"] and "colour" in ask.matches("a.f().f().¦")
    # Underscores last, and behind a dot only when asked for.
    names = ask.matches("¦")
    assert names.index("a") < names.index("_hidden") < names.index("__name__")
    assert not [name for name in ask.matches("a.¦") if name.startswith("_")]
    assert "__init__" in ask.matches("a._¦") and ask.matches("_hid¦") == ["_hidden"]


def test_arguments_come_first_and_each_once(ask: Asker, kernel: Kernel) -> None:
    kernel.run("def brew(water, beans=1, *, cup='large', **more): pass")
    assert ask.matches("brew(¦")[:3] == ["water=", "beans=", "cup="]
    assert ask.matches("brew(1, ¦")[:2] == ["beans=", "cup="] and "water=" not in ask.matches("brew(1, ¦")
    assert "cup=" not in ask.matches("brew(1, cup=2, ¦") and ask.matches("brew(1, cu¦") == ["cup="]


def test_nothing_where_nothing_can_be(ask: Asker) -> None:
    for code in ("# pri¦", "12¦", "1.¦", "'''pri\npri¦'''", "nobody.knows¦", "x = 1 # a.¦"):
        assert ask.matches(code) == [], code


def test_icons_and_signatures(ask: Asker, kernel: Kernel) -> None:
    kernel.run("import os\nclass Cup: pass\ncup = Cup()\ndef cupping(hand, eye=1): pass")
    reply = ask.complete("𝄢 = 1; cup¦")
    types = {item["text"]: item for item in reply["metadata"]["_jupyter_types_experimental"]}
    assert [types[name]["type"] for name in ("cup", "cupping")] == ["instance", "function"]
    assert types["cupping"]["signature"] == "(hand, eye=1)"
    assert {(item["start"], item["end"]) for item in types.values()} == {(7, 10)}

    def kind(code: str, text: str) -> str:
        found = ask.complete(code)["metadata"]["_jupyter_types_experimental"]
        return next(item["type"] for item in found if item["text"] == text)

    assert kind("whi¦", "while") == "keyword" and kind("Cu¦", "Cup") == "class" and kind("o¦", "os") == "module"
    assert kind("cupping(h¦", "hand=") == "param" and kind("open('/et¦", "/etc/") == "path"
    assert kind("%ti¦", "%time") == "magic" and kind("def f(arg):\n    a¦", "arg") == "param"


def test_files_of_the_folder(ask: Asker, kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "my notes.txt").touch()
    (tmp_path / "my folder").mkdir()
    (tmp_path / "kitchen.py").write_text("def boil(water, seconds=3):\n    'Boils.'\nprint('imported')\n")
    run = kernel.run(f"%cd {tmp_path}\nimport sys; sys.path.insert(0, {str(tmp_path)!r})")
    assert run.content["status"] == "ok"
    assert ask.matches("open('my¦") == ["my folder/", "my notes.txt"]
    assert ask.matches("!cat my¦") == ["my\\ folder/", "my\\ notes.txt"]
    assert ask.matches("%cd my¦") == ["my\\ folder/"] or "my\\ folder/" in ask.matches("%cd my¦")
    # A module that is not loaded is read, not run.
    assert ask.matches("import kitc¦") == ["kitchen"] and ask.matches("from kitchen import b¦") == ["boil"]
    assert "seconds=" in ask.matches("import kitchen\nkitchen.boil(1, ¦")
    assert "Boils." in (ask.inspect("import kitchen\nkitchen.boil¦") or "")
    assert kernel.run("import sys; 'kitchen' in sys.modules").of("execute_result")[0]["content"]["data"]["text/plain"] == "False"


def test_what_is_told_about_an_object(ask: Asker, kernel: Kernel) -> None:
    kernel.run('class Cup:\n    """A cup."""\n    def __init__(self, size, colour="red"):\n        """Makes one."""\n'
               'def brew(water, beans: int = 1) -> str:\n    """Brews."""\n    return "c"\ncup = Cup(1)')
    told = ask.inspect("brew¦")
    assert told and "Signature: brew(water, beans: int = 1) -> str\n" in told and "Docstring: Brews.\n" in told
    assert "File:      Cell In[1]\n" in told and told.endswith("Type:      function")
    assert "return" in (ask.inspect("brew¦", detail_level=1) or "") and "return" not in told
    told = ask.inspect("Cup¦")
    assert told and "Init signature: Cup(size, colour='red')" in told and "Init docstring: Makes one." in told
    told = ask.inspect("cup¦")
    assert told and "Type:            Cup" in told and "Class docstring: A cup." in told
    told = ask.inspect("brew¦", omit_sections=["docstring", "File"])
    assert told and "Brews" not in told and "File" not in told and "Signature" in told
    assert ask.inspect("nobody¦") is None and ask.inspect("1 + ¦") is None


def test_the_function_whose_call_the_cursor_stands_in(ask: Asker, kernel: Kernel) -> None:
    kernel.run("def brew(water): pass\nwater = 1")
    for code in ("brew(¦", "brew(water, ¦", "brew(water¦)", "x = brew(\n    1,\n    ¦", "brew(len(water), ¦", "br¦ew(1)", "brew(')¦"):
        assert "brew(water)" in (ask.inspect(code) or ""), code
    assert "Type:        int" in (ask.inspect("brew(w¦ater)") or "")
    assert "len(obj, /)" in (ask.inspect("brew(len(¦water))") or "") or "int" in (ask.inspect("brew(len(¦water))") or "")


def test_what_has_not_run_is_inspected(ask: Asker) -> None:
    code = "async def brew(water, *, cup: str = 'x'):\n    'Brews.'\n    return 1\nbrew(¦"
    told = ask.inspect(code)
    assert told and "brew(water, *, cup: str = 'x')" in told and "Brews." in told
    assert "return 1" in (ask.inspect(code, detail_level=1) or "")


@pytest.mark.parametrize(("code", "status", "indent"), [
    ("x = 1", "complete", None),
    ("def f():", "incomplete", "    "),
    ("if x:  # why", "incomplete", "    "),
    ("for i in y:\n  if i:", "incomplete", "      "),
    ("def f():\n    return 1", "incomplete", "    "),
    ("def f():\n    return 1\n", "complete", None),
    ("async def f():\n    await x", "incomplete", "    "),
    ("await x", "complete", None),
    ("@decorated", "incomplete", ""),
    ("class A:\n    @decorated(1)", "incomplete", "    "),
    ("try:\n    x", "incomplete", "    "),
    ("x = (1,", "incomplete", ""),
    ("f(\n    1,", "incomplete", "    "),
    ("f(\n    1,\n    2)", "complete", None),
    ("x = '''a", "incomplete", ""),
    ("x = 'a", "invalid", None),
    ("x = '𝄢", "invalid", None),
    ("x = '''𝄢", "incomplete", ""),
    ("x = \\", "incomplete", ""),
    ("import = 3", "invalid", None),
    ("%time x", "complete", None),
    ("%%time\nx", "incomplete", ""),
    ("%%time\nx\n", "complete", None),
    ("!ls \\", "incomplete", ""),
    ("len?", "complete", None),
    ("", "complete", None),
])
def test_when_enter_runs_a_cell(session_asker: Asker, code: str, status: str, indent: str | None) -> None:
    assert session_asker.is_complete(code) == (status, indent)


@pytest.fixture(scope="module")
def session_asker(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Kernel(tmp_path_factory.mktemp("kernel"), env) as kernel:
        yield Asker(kernel)


STRANGE = '''\
%time x
!ls $x
f"{a!r:>{w}} {d["a"]}" + f\'\'\'{x
}\'\'\'
x = !ls
y?
@dec
async def f(a, *, b=1, **k) -> int:
  """doc"""
  async with a as b, c as d: pass
  match a:
    case {"x": y, **z} if y: return [q for q in z if (n := q)]
  try: pass
  except* E as e: del e
type X[T] = list[T]
\\alpha = 1; x["a"]["b"]; "𝄢".𝄢
 "unterminated
)]}
from . import x
from x import (a,
  b)
class A(B, metaclass=C): x: int = 3; self.y
lambda: (yield); g(*a, **{"x
'''


def test_no_cursor_position_breaks_anything(ask: Asker, kernel: Kernel) -> None:
    """At every position of broken source, with and without what follows."""
    for cursor in range(len(STRANGE) + 1):
        for code in (STRANGE, STRANGE[:cursor]):
            content = kernel.request("complete_request", {"code": code, "cursor_pos": cursor}).content
            assert content["status"] == "ok" and content["cursor_start"] <= cursor
        assert kernel.request("inspect_request", {"code": STRANGE, "cursor_pos": cursor}).content["status"] == "ok"
        assert kernel.request("is_complete_request", {"code": STRANGE[:cursor]}).content["status"] != "error"
    # A question that fails inside gets an empty answer and a line in the log.
    assert "failed" not in kernel.log.read_text()


def test_the_source_of_the_library_is_shown_and_what_is_native_is_told(ask: Asker) -> None:
    ask.kernel.run("import asyncio, textwrap")
    told = ask.inspect("textwrap.dedent¦", detail_level=1)
    assert told and "Source:\ndef dedent(text):" in told and "Native" not in told
    for name, first in (("gather", "def gather("), ("Queue", "class Queue("), ("Lock", "class Lock(")):
        told = ask.inspect(f"asyncio.{name}¦", detail_level=1)
        assert told and f"Source:\n{first}" in told, told
        assert "runs in Rust here; the source is that of Python's own library" in told, told
    told = ask.inspect("len¦", detail_level=1)
    assert told and "compiled: it has no source in Python" in told and "Source:" not in told
    assert "Native" not in (ask.inspect("len¦") or "")


def test_the_first_completion_loads_little(ask: Asker) -> None:
    ask.kernel.run("import os")
    assert ask.matches("pri¦") == ["print"]
    assert "path" in ask.matches("os.pa¦")
    assert "mailbox" in ask.matches("import mailb¦")
    large = "['ast', 'dis', 'inspect', 'pkgutil', 'threading']"
    run = ask.kernel.run(f"import sys\n[name for name in {large} if name in sys.modules]")
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "[]"


def test_what_is_typed_is_completed_while_a_cell_runs(ask: Asker, kernel: Kernel) -> None:
    """The cell ends by the interrupt only: the answers come before."""
    kernel.run("words = 'many'")
    run = kernel.start("print('on')\nwhile True: pass")
    kernel.await_output(run, "on\n")
    assert ask.matches("words.upp¦") == ["upper"]
    told = ask.inspect("words¦")
    assert told and "many" in told
    kernel.interrupt()
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    # After each answer the clients were told that the kernel is still at work.
    states = [message["content"].get("execution_state") for message in [*kernel.others, *run.iopub]
              if message["parent_header"].get("msg_id") == run.msg_id]
    assert states.count("busy") == 3 and states.count("idle") == 1
