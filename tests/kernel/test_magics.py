"""Magics, shell commands and help, as front ends see them."""

import os
from pathlib import Path

import pytest

from kernel.client import Kernel, Run


def value(run: Run) -> str:
    """The plain text of a cell's value."""
    assert run.content["status"] == "ok", run.content
    return run.of("execute_result")[0]["content"]["data"]["text/plain"]


def page(run: Run) -> str:
    """The text that a cell puts into the pager."""
    assert run.content["status"] == "ok", run.content
    (payload,) = run.content["payload"]
    assert payload["source"] == "page"
    return payload["data"]["text/plain"]


def test_a_command_prints_as_it_goes(kernel: Kernel, tmp_path: Path) -> None:
    go = tmp_path / "go"
    os.mkfifo(go)
    kernel.run(f"go = {str(go)!r}")
    run = kernel.start("print(1)\n!echo 2; read x < $go; echo $$x >&2; exit 3\nprint(4, _exit_code)")
    kernel.await_output(run, "1\n2\n")
    go.write_text("three\n")
    assert kernel.finish(run).text() == "1\n2\n4 3\n"
    assert run.text("stderr") == "three\n"


def test_a_command_can_be_interrupted_and_is_gone(kernel: Kernel) -> None:
    run = kernel.start("!echo $$$$; sleep 1000 & sleep 1000")
    kernel.await_output(run, "\n")
    kernel.interrupt()
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    assert not Path(f"/proc/{run.text().strip()}").exists()
    assert value(kernel.run("1 + 1")) == "2"


def test_what_a_command_leaves_in_the_background_is_not_waited_for(kernel: Kernel) -> None:
    run = kernel.run("!sleep 1000 & echo $$!")
    assert run.content["status"] == "ok"
    kernel.run(f"import os, signal; os.kill({run.text().strip()}, signal.SIGKILL)")


def test_variables_go_into_commands_and_output_comes_back(kernel: Kernel) -> None:
    kernel.run("name, items = 'world', [1, 2]\nclass A: b = 'attribute'")
    assert kernel.run("!echo $name {items[1] + 1} {name!r:>8} $A.b $name.txt $$HOME ${{HOME}}").text().startswith(
        "world 3 world attribute world.txt /")
    assert kernel.run("!printf '%s\\n' a b | awk '{print $1}'").text() == "a\nb\n"
    assert value(kernel.run("lines = !echo one; echo two >&2\nlines")) == "['one', 'two']"
    assert value(kernel.run("lines.s, lines.n, lines.grep('T'), lines.fields(0)")) == (
        "('one two', 'one\\ntwo', ['two'], ['one', 'two'])")
    assert kernel.run("def f(local):\n    !echo $local\nf('inner')").text() == "inner\n"


@pytest.mark.parametrize("asked", ["%time?", "?%time", "%%time?", "%pinfo %time", "get_ipython().run_line_magic('pinfo', 'time')"])
def test_help_about_a_magic_is_its_documentation(kernel: Kernel, asked: str) -> None:
    assert "Time the execution" in page(kernel.run(asked))


def test_help_about_an_object(kernel: Kernel) -> None:
    kernel.run("def f(a, *, b=2):\n    'What f does.'\n    return a")
    short, long = page(kernel.run("f?")), page(kernel.run("f??"))
    assert "f(a, *, b=2)" in short and "What f does." in short and "return a" not in short
    assert "return a" in long
    failed = kernel.run("nothing_of_this_name?")
    assert (failed.content["ename"], failed.content["evalue"]) == ("UsageError", "Object `nothing_of_this_name` not found.")


def test_every_magic_has_documentation_and_is_listed(kernel: Kernel) -> None:
    code = """
manager = get_ipython().magics_manager
for kind in ("line", "cell"):
    for name in manager.names(kind):
        text = manager.find(kind, name).__doc__
        assert text and len(text.split()) > 2, name
        print(name)
"""
    names = kernel.run(code).text().split()
    wanted = """time timeit pip run who who_ls whos env set_env cd pwd ls bash sh script writefile capture html
        javascript latex markdown svg load_ext reload_ext autoreload matplotlib debug pdb history reset
        reset_selective precision prun xmode lsmagic magic load save config pinfo pinfo2 psource pdoc
        connect_info subshell alias dirs pushd popd rerun recall macro store system sx python quickref memit"""
    assert set(wanted.split()) <= set(names)
    listed = value(kernel.run("%lsmagic"))
    assert all(f"%{name}" in listed for name in names)


def test_an_unknown_magic_names_those_that_are_near(kernel: Kernel) -> None:
    run = kernel.run("%tiem 1")
    assert run.content["ename"] == "UsageError"
    assert "`%tiem` not found" in run.content["evalue"] and "`%time`" in run.content["evalue"]
    assert run.content["traceback"] == [f"UsageError: {run.content['evalue']}"]
    assert "cell magic `%%html` exists" in kernel.run("%html x").content["evalue"]


def test_time_and_timeit_print_as_ipython_does(kernel: Kernel) -> None:
    run = kernel.run("%time sum(range(10))")
    assert value(run) == "45"
    first, second = run.text().splitlines()
    assert first.startswith("CPU times: user ") and ", sys: " in first and ", total: " in first
    assert second.startswith("Wall time: ")
    assert not kernel.run("%time 1;").of("execute_result")
    text = kernel.run("%timeit -n 1_000 -r 3 sum(range(10))".replace("_", "")).text()
    assert text.endswith("per loop (mean ± std. dev. of 3 runs, 1,000 loops each)\n")
    assert value(kernel.run("r = %timeit -o -q -n 5 -r 2 pass\nr.loops, r.repeat, len(r.timings)")) == "(5, 2, 2)"
    assert kernel.run("x = 5\n%timeit -n1 -r1 x = 6\nprint(x)").text().endswith("each)\n5\n")
    assert kernel.run("%%time\n1 / 0").content["ename"] == "ZeroDivisionError"


def test_namespace_magics(kernel: Kernel) -> None:
    kernel.run("n, text, items = 1, 'a', [1, 2]\n_hidden = 3")
    assert value(kernel.run("%who_ls")) == "['items', 'n', 'text']"
    assert value(kernel.run("%who_ls int")) == "['n']"
    assert kernel.run("%who str").text() == "text\t\n"
    assert kernel.run("%whos").text() == (
        "Variable   Type    Data/Info\n----------------------------\n"
        "items      list    n=2\nn          int     1\ntext       str     a\n")
    kernel.run("%reset_selective -f ^te")
    assert value(kernel.run("%who_ls")) == "['items', 'n']"
    run = kernel.start("%reset")
    assert "variables cannot be recovered" in kernel.receive("stdin")["content"]["prompt"]
    kernel.client.input("y")
    kernel.finish(run)
    assert value(kernel.run("%who_ls")) == "[]"


def test_files_and_scripts(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(f"%cd {tmp_path}")
    assert kernel.run("%%writefile a.py\nimport sys\nprint(sys.argv, __name__)\ny = 5").text() == "Writing a.py\n"
    assert kernel.run("%%writefile -a a.py\nz = 6").text() == "Appending to a.py\n"
    assert (tmp_path / "a.py").read_text() == "import sys\nprint(sys.argv, __name__)\ny = 5\nz = 6\n"
    assert kernel.run("%run a.py one 'two words'").text() == "['a.py', 'one', 'two words'] __main__\n"
    assert value(kernel.run("y + z")) == "11"
    kernel.run("%save -f out.py 4")
    assert (tmp_path / "out.py").read_text() == "# coding: utf-8\n%run a.py one 'two words'\n"
    (payload,) = kernel.run("%load a.py").content["payload"]
    assert payload["source"] == "set_next_input" and payload["replace"]
    assert payload["text"].startswith("# %load a.py\nimport sys\n")
    assert kernel.run("%%bash\nfor i in 1 2; do echo $i; done\necho e >&2").text() == "1\n2\n"
    failed = kernel.run("%%sh\nexit 3")
    assert (failed.content["ename"], value(kernel.run("_exit_code"))) == ("CalledProcessError", "3")
    kernel.run("%%script --out kept --no-raise-error cat\nas it is $x\n")
    assert value(kernel.run("kept")) == "'as it is $x\\n'"
    assert kernel.run("%%python\nimport sys\nprint(sys.implementation.name)").text() == "rustpython\n"
    assert value(kernel.run("%pushd /\n%popd\n%pwd")) == repr(str(tmp_path))
    assert kernel.run("%env NEW=value of it\n!echo $$NEW").text() == "env: NEW=value of it\nvalue of it\n"
    assert kernel.run("%alias say echo said %s and %s\n%say a b").text() == "said a and b\n"


def test_output_is_captured(kernel: Kernel) -> None:
    run = kernel.run("%%capture kept\nimport sys\nprint('out'); print('err', file=sys.stderr)\n!echo sub\ndisplay(1)\n2")
    assert [kind for kind in run.types if kind not in ("busy", "idle", "execute_input")] == []
    assert value(kernel.run("kept.stdout, kept.stderr, [o.data for o in kept.outputs]")) == (
        "('out\\nsub\\n', 'err\\n', [{'text/plain': '1'}, {'text/plain': '2'}])")
    assert kernel.run("kept.show()").text() == "out\nsub\n"


@pytest.mark.parametrize(("magic", "mime"), [
    ("html", "text/html"), ("javascript", "application/javascript"), ("latex", "text/latex"),
    ("markdown", "text/markdown"), ("svg", "image/svg+xml"),
])
def test_a_cell_is_shown(kernel: Kernel, magic: str, mime: str) -> None:
    (shown,) = kernel.run(f"%%{magic}\n<b>$x$</b>").of("display_data")
    assert shown["content"]["data"][mime].strip() == "<b>$x$</b>"


def test_history_and_recalling(kernel: Kernel) -> None:
    kernel.run("a = 1\nb = 2")
    kernel.run("a + b")
    assert kernel.run("%history -n -o").text() == "   1: a = 1\n      b = 2\n   2: a + b\n3\n"
    assert kernel.run("%history -p 2").text() == ">>> a + b\n"
    assert value(kernel.run("%rerun 2")) == "3"
    kernel.run("%macro -q again 1-2")
    assert value(kernel.run("a = 5\nagain")) == "3"
    assert kernel.run("%recall 2").content["payload"] == [
        {"source": "set_next_input", "text": "a + b", "replace": False}]


def test_users_write_magics(kernel: Kernel) -> None:
    kernel.run("""
from IPython.core.magic import (Magics, magics_class, line_magic, cell_magic, line_cell_magic,
                                register_line_magic, register_cell_magic, register_line_cell_magic)
from IPython.core.magic_arguments import magic_arguments, argument, parse_argstring

@register_line_magic
def double(line):
    "Doubles."
    return line * 2

@register_line_cell_magic("both")
def _both(line, cell=None):
    return line, cell

@magics_class
class Mine(Magics):
    @magic_arguments()
    @argument("-n", type=int, default=1)
    @argument("words", nargs="*")
    @line_magic
    def args(self, line):
        given = parse_argstring(self.args, line)
        return given.n, given.words, self.shell is get_ipython()

    @cell_magic("upper")
    def to_upper(self, line, cell):
        return (line + cell).upper()

get_ipython().register_magics(Mine)
x = 3
""")
    assert value(kernel.run("%double a$x")) == "'a3a3'"
    assert value(kernel.run("%both 1")) == "('1', None)"
    assert value(kernel.run("%%both 1\n2")) == "('1', '2')"
    assert value(kernel.run("%args -n 4 a 'b c'")) == "(4, ['a', 'b c'], True)"
    assert value(kernel.run("%%upper a\nb")) == "'AB'"
    assert kernel.run("%args -n x").content["ename"] == "UsageError"
    assert "Doubles." in page(kernel.run("%double?"))


def test_extensions_and_autoreload(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "myext.py").write_text("def load_ipython_extension(ip):\n    ip.push({'loaded': 1})\n"
                                       "def unload_ipython_extension(ip):\n    ip.push({'loaded': 0})\n")
    (tmp_path / "mod.py").write_text("def f():\n    return 'old'\nclass C:\n    def m(self):\n        return 1\n")
    kernel.run(f"%cd -q {tmp_path}")
    assert value(kernel.run("%load_ext myext\nloaded")) == "1"
    assert "already loaded" in kernel.run("%load_ext myext").text()
    assert value(kernel.run("%unload_ext myext\nloaded")) == "0"
    kernel.run("%load_ext autoreload\n%autoreload 2\nfrom mod import f, C\nc = C()")
    (tmp_path / "mod.py").write_text("def f():\n    return 'changed'\nclass C:\n    def m(self):\n        return 22\n")
    assert value(kernel.run("f(), c.m()")) == "('changed', 22)"


def test_events_are_called_around_cells(kernel: Kernel) -> None:
    kernel.run("""
ip = get_ipython()
ip.events.register('pre_run_cell', lambda info: print('before', info.raw_cell))
ip.events.register('post_run_cell', lambda result: print('after', result.success, result.result))
ip.events.register('post_execute', lambda: print('ended'))
""")
    assert kernel.run("1 + 1").text() == "before 1 + 1\nended\nafter True 2\n"
    assert kernel.run("1 / 0").text() == "before 1 / 0\nended\nafter False None\n"


def test_the_shell_runs_cells_within_cells(kernel: Kernel) -> None:
    kernel.run("import asyncio\nip = get_ipython()")
    run = kernel.run("r = ip.run_cell('q = await asyncio.sleep(0, 4)\\nq')\nr.success, ip.ev('q + 1'), ip.ex('q = 6'), q")
    assert [m["content"]["data"]["text/plain"] for m in run.of("execute_result")] == ["4", "(True, 5, None, 6)"]
    run = kernel.run("r = ip.run_cell('1 / 0')\ntype(r.error_in_exec).__name__")
    assert value(run) == "'ZeroDivisionError'"
    assert [m["content"]["evalue"] for m in run.of("error")] == ["division by zero"]
    run = kernel.run("ip.set_custom_exc((KeyError,), lambda self, etype, value, tb, tb_offset=None: ['mine'])\n{}['a']")
    assert run.content["traceback"] == ["mine"]
    assert kernel.run("ip.set_next_input('x = 1')").content["payload"][0]["text"] == "x = 1"


def test_after_a_failure_its_frames_can_be_looked_at(kernel: Kernel) -> None:
    kernel.run("def f(secret):\n    return 1 / secret\nf(0)")
    run = kernel.start("%debug")
    for command in ("p secret + 41", "q"):
        kernel.receive("stdin")
        kernel.client.input(command)
    assert "41\n" in kernel.finish(run).text()


def test_how_much_a_traceback_tells(kernel: Kernel) -> None:
    kernel.run("def f(secret):\n    return 1 / secret")
    kernel.run("%xmode Minimal")
    assert kernel.run("f(0)").content["traceback"] == ["ZeroDivisionError: division by zero"]
    kernel.run("%xmode Verbose\n%colors nocolor")
    assert "    secret = 0" in kernel.run("f(0)").content["traceback"]


def test_where_time_and_memory_go(kernel: Kernel) -> None:
    kernel.run("import asyncio\ndef slow():\n    return sum(range(1000))")
    assert "slow" in page(kernel.run("%prun -s cumtime slow()"))
    assert "function calls" in page(kernel.run("%%prun\nslow()\nawait asyncio.sleep(0.001)"))
    run = kernel.run("%memit kept = b'x' * 50_000_000")
    assert run.text().startswith("peak memory: ")
    assert 40 < float(run.text().split()[-2]) < 100


def test_where_other_clients_connect(kernel: Kernel) -> None:
    text = kernel.run("%connect_info").text()
    assert f'"shell_port": {kernel.connection()["shell_port"]}' in text and f"--existing {kernel.file}" in text


def test_magics_are_completed_and_inspected(kernel: Kernel) -> None:
    def complete(code: str) -> list[str]:
        return kernel.request("complete_request", {"code": code, "cursor_pos": len(code)}).content["matches"]

    assert {"%time", "%timeit", "%%time", "%%timeit"} <= set(complete("%ti"))
    assert complete("%%writ") == ["%%writefile"]
    assert complete("x = 1\n%%writ") == []
    assert "%pwd" in complete("x = %pw")
    found = kernel.request("inspect_request", {"code": "%timeit x", "cursor_pos": 4, "detail_level": 0}).content
    assert found["found"] and "running it many times" in found["data"]["text/plain"]
