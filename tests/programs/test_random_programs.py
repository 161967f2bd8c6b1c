"""Random programs do the same on our loop, on asyncio's own loop beside it, and on CPython."""

import json
import subprocess
import sys
from pathlib import Path

import random_programs as programs
import pytest
from executable import cellist

#: Reads programs and writes traces on the loop of its name, in a cell: the virtual clock is on.
CELL = """
import asyncio, json, sys
sys.path.insert(0, {folder!r})
import random_programs as programs
with open({given!r}) as given, open({traces!r}, "w") as traces:
    for line in given:
        print(json.dumps(programs.run(json.loads(line), asyncio.{loop})), file=traces, flush=True)
"""


class Cells:
    """Runs programs in a cell."""

    def __init__(self, folder):
        self._folder = folder

    def __call__(self, wanted, loop):
        given, traces, path = (self._folder / name for name in ("given", "traces", "nb.ipynb"))
        given.write_text("".join(json.dumps(program) + "\n" for program in wanted))
        source = CELL.format(folder=str(Path(programs.__file__).parent), given=str(given),
                             traces=str(traces), loop=loop)
        cell = {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": None, "outputs": [],
                "source": source}
        path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        done = subprocess.run([cellist(), "run", path, "-o", "-", "--clock", "virtual"],
                              capture_output=True, text=True, timeout=300)
        found = [json.loads(line) for line in traces.read_text().splitlines()]
        # A program that ends the process has no trace: it differs, too.
        return found + [done.stderr[-2000:]] * (len(wanted) - len(found))


def in_cpython(wanted):
    given = "".join(json.dumps(program) + "\n" for program in wanted)
    done = subprocess.run([sys.executable, programs.__file__], input=given, capture_output=True, text=True,
                          check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def cells(tmp_path):
    return Cells(tmp_path)


def shrink(program, differs):
    """The smallest program that still differs, statement by statement."""
    for _ in range(40):
        candidates = list(programs.smaller(program))[:400]
        if not candidates:
            break
        found = next((small for small, bad in zip(candidates, differs(candidates)) if bad), None)
        if found is None:
            break
        program = found
    return program


def compare(wanted, ours, theirs):
    def differs(some):
        return [a != b for a, b in zip(ours(some), theirs(some), strict=True)]

    bad = [program for program, different in zip(wanted, differs(wanted), strict=True) if different]
    if bad:
        small = shrink(bad[0], differs)
        mine, other = ours([small])[0], theirs([small])[0]
        pytest.fail(f"{len(bad)} of {len(wanted)} programs differ; the first, made small:\n"
                    f"{json.dumps(small)}\nours:   {mine}\ntheirs: {other}")


@pytest.fixture
def seeds(request):
    first = request.config.getoption("--first")
    return range(first, first + request.config.getoption("--programs"))


@pytest.mark.timeout(900)
def test_as_on_asyncios_own_loop(cells, seeds):
    compare([programs.make(seed) for seed in seeds], lambda some: cells(some, "EventLoop"),
            lambda some: cells(some, "SelectorEventLoop"))


@pytest.mark.timeout(900)
def test_as_on_cpython(cells, seeds):
    # What later versions changed: `wait_for` was written anew in 3.12, and takes its turns
    # differently; 3.13 mended a group whose parent is cancelled too, and a notified waiter that is.
    since = {"wait_for": (3, 12), "group": (3, 13), "await_condition": (3, 13)}
    without = [name for name, version in since.items() if sys.version_info < version]
    compare([programs.make(seed, without) for seed in seeds], lambda some: cells(some, "EventLoop"), in_cpython)


def test_a_difference_is_found_and_made_small():
    # A wrong loop: its timers take twice as long.
    def late():
        loop = programs.virtual_loop()
        punctual = loop.call_later
        loop.call_later = lambda delay, *rest, **options: punctual(2 * delay, *rest, **options)
        return loop

    wanted = [[[["log", 0], ["later", 5], ["yield", 0]], [["log", 0]]]]
    with pytest.raises(pytest.fail.Exception, match=r'small:\n\[\[\["later", 5\]\]\]'):
        compare(wanted, lambda some: [programs.run(p, late) for p in some],
                lambda some: [programs.run(p, programs.virtual_loop) for p in some])
