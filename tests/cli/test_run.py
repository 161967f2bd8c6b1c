"""`cellist run`: notebooks from top to bottom, as nbclient runs them."""

import json
import os
import time

import nbformat
import pytest


def outputs(path):
    """Per cell, its outputs as short texts."""
    found = []
    for cell in json.loads(path.read_text())["cells"]:
        texts = []
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                texts.append("".join(output["text"]))
            elif output["output_type"] == "error":
                texts.append(output["ename"])
            else:
                texts.append("".join(output["data"]["text/plain"]))
        found.append(texts)
    return found


def test_outputs_are_written_into_the_notebook(call, notebook):
    path = notebook("print('a'); print('b')", "x = 1\nx + 1", "import sys\nprint('e', file=sys.stderr)", "", "x;")
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    assert outputs(path) == [["a\nb\n"], ["2"], ["e\n"], [], []]
    counts = [cell["execution_count"] for cell in json.loads(path.read_text())["cells"]]
    assert counts == [1, 2, 3, None, 4]
    nbformat.validate(nbformat.read(path, as_version=4))


def test_asyncio_run_and_await_in_any_order(call, notebook):
    path = notebook(
        "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n",
        "asyncio.run(f(1))", "await f(2)", "asyncio.run(f(3))",
        "t = asyncio.create_task(f(4))", "await t",
    )
    assert call("run", path).returncode == 0
    assert outputs(path)[1:] == [["1"], ["2"], ["3"], [], ["4"]]


def test_a_task_prints_under_the_cell_that_made_it(call, notebook):
    path = notebook(
        "import asyncio\nasync def tick():\n    for i in range(3):\n        await asyncio.sleep(1)\n        print(i)",
        "t = asyncio.create_task(tick())", "await asyncio.sleep(1.5)\nprint('three')", "await t",
    )
    assert call("run", path, "--clock", "virtual").returncode == 0
    assert outputs(path) == [[], ["0\n1\n2\n"], ["three\n"], []]


def test_the_virtual_clock_takes_no_time(call, notebook):
    path = notebook("import asyncio, time\nbegun = time.time()\nawait asyncio.sleep(86_400)\ntime.sleep(3600)\nprint(time.time() - begun)")
    begun = time.monotonic()
    assert call("run", path, "--clock", "virtual").returncode == 0
    assert outputs(path) == [["90000.0\n"]]
    assert time.monotonic() - begun < 60


def test_a_failing_cell_ends_the_run(call, notebook):
    path = notebook("print(1)", "1 / 0", "print(3)")
    done = call("run", path)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "cell 2 failed with `ZeroDivisionError`" in done.stderr and "--allow-errors" in done.stderr
    assert outputs(path) == [["1\n"], ["ZeroDivisionError"], []]


def test_allow_errors_goes_on(call, notebook):
    path = notebook("1 / 0", "print(3)")
    assert call("run", path, "--allow-errors").returncode == 0
    assert outputs(path) == [["ZeroDivisionError"], ["3\n"]]


def test_a_cell_may_be_tagged_to_fail(call, notebook):
    path = notebook("1 / 0", "print(3)")
    content = json.loads(path.read_text())
    content["cells"][0]["metadata"]["tags"] = ["raises-exception"]
    path.write_text(json.dumps(content))
    assert call("run", path).returncode == 0


def test_output_elsewhere_leaves_the_notebook_alone(call, notebook, tmp_path):
    path = notebook("print(1)")
    before = path.read_bytes()
    assert call("run", path, "--output", tmp_path / "done.ipynb").returncode == 0
    assert path.read_bytes() == before and outputs(tmp_path / "done.ipynb") == [["1\n"]]
    done = call("run", path, "-o", "-")
    assert json.loads(done.stdout)["cells"][0]["outputs"]


def test_a_pipe_is_written_to_and_not_replaced(call, notebook, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Open for both, so that neither side waits for the other to come.
    reader = os.open(pipe, os.O_RDWR)
    assert call("run", notebook("print(1)"), "-o", pipe).returncode == 0
    assert pipe.is_fifo()
    assert json.loads(os.read(reader, 65536))["cells"][0]["outputs"]
    os.close(reader)


def test_displays_can_be_updated_and_cleared(call, notebook):
    path = notebook("h = display(1, display_id=True)\nh.update(2)\nNone",
                    "from cellist.display import clear_output\nprint('old')\nclear_output(wait=True)\nprint('new')")
    assert call("run", path).returncode == 0
    assert outputs(path) == [["2"], ["new\n"]]


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_nbformat_4(call, notebook, minor):
    path = notebook("print(1)", metadata={"mine": {"kept": True}}, minor=minor)
    assert call("run", path).returncode == 0
    assert outputs(path) == [["1\n"]]
    assert json.loads(path.read_text())["metadata"]["mine"] == {"kept": True}


@pytest.mark.parametrize(("content", "says"), [
    (b"not json", "is not JSON"),
    (b"\xff\xfe", "UTF-8"),
    (b"", "empty"),
    (b'{"nbformat": 3, "worksheets": []}', "nbformat 3"),
    (b"[]", "not"),
])
def test_a_file_that_is_no_notebook(call, tmp_path, content, says):
    path = tmp_path / "bad.ipynb"
    path.write_bytes(content)
    done = call("run", path)
    assert done.returncode == 1
    assert "bad.ipynb" in done.stderr and says in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert path.read_bytes() == content


def test_a_missing_file(call):
    done = call("run", "absent.ipynb")
    assert done.returncode == 1 and "absent.ipynb" in done.stderr


def test_another_language_is_refused(call, notebook):
    path = notebook("cat('x')", metadata={"kernelspec": {"name": "ir", "language": "R"}})
    done = call("run", path)
    assert done.returncode == 1 and "notebook in R" in done.stderr


def test_fifty_megabytes(call, notebook):
    path = notebook("print(len('''" + "x" * 50_000_000 + "'''))")
    assert call("run", path).returncode == 0
    assert outputs(path) == [["50000000\n"]]


def test_usage(call):
    assert call("run").returncode == 2
    assert call("nonsense").returncode == 2
    assert "Examples:" in call("run", "--help").stdout


def test_output_of_other_processes_is_the_cells(call, notebook):
    path = notebook(
        "import os, subprocess, sys\nsubprocess.run(['sh', '-c', 'echo out; echo err >&2'])\nNone",
        "import multiprocessing as mp\ndef work(n): print('worker', n)",
        "for method in 'fork', 'spawn':\n    p = mp.get_context(method).Process(target=print, args=('from', method))\n    p.start(); p.join()",
        "with mp.get_context('fork').Pool(1) as pool: pool.map(work, [1, 2])",
        "os.write(1, 'π\\n'.encode());",
    )
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    assert outputs(path) == [["out\n", "err\n"], [], ["from fork\nfrom spawn\n"], ["worker 1\nworker 2\n"], ["π\n"]]
    assert "worker" not in done.stdout + done.stderr and "cell 5 of 5" in done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", None])
def test_child_processes_know_the_functions_and_classes_of_cells(call, notebook, method):
    path = notebook(
        "import multiprocessing as mp\nfrom concurrent.futures import ProcessPoolExecutor\nBASE = 10",
        "class Cup:\n    def __init__(self, size): self.size = size\n    def __repr__(self): return f'Cup({self.size})'",
        "def fill(n):\n    print('filling', n)\n    return Cup(BASE + n)",
        f"context = mp.get_context({method!r})\nwith context.Pool(1) as pool: cups = pool.map(fill, [1, 2])\ncups",
        "with ProcessPoolExecutor(1, mp_context=context) as pool: more = list(pool.map(fill, [3]))\nmore",
        "def later(n): return Cup(-n)",
        "with context.Pool(1) as pool: last = pool.map(later, [4])\nlast",
    )
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    assert outputs(path)[3:] == [
        ["filling 1\nfilling 2\n", "[Cup(11), Cup(12)]"],
        ["filling 3\n", "[Cup(13)]"], [], ["[Cup(-4)]"],
    ]


def test_datetime_is_on_the_virtual_clock(call, notebook):
    path = notebook(
        "import asyncio, datetime, time\nutc = datetime.timezone.utc\nbegun = datetime.datetime.now(utc)\nprint(begun)",
        "await asyncio.sleep(90)\nprint(datetime.datetime.now(utc) - begun, time.gmtime().tm_min, time.strftime('%H:%M:%S'), time.ctime())",
    )
    assert call("run", path, "--clock", "virtual", env=os.environ | {"TZ": "UTC"}).returncode == 0
    assert outputs(path) == [["2026-01-01 00:00:00+00:00\n"], ["0:01:30 1 00:01:30 Thu Jan  1 00:01:30 2026\n"]]
