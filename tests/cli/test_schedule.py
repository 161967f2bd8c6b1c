"""The virtual clock for scripts, schedules of threads by seed, and the search for a race."""

import os
import re
import subprocess
import sys

import pytest

START = """
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

LOST_UPDATE = """
import threading
count = 0
def add():
    global count
    for _ in range(3):
        count += 1
threads = [threading.Thread(target=add) for _ in range(2)]
""" + START + "assert count == 6, count\n"

CHECK_THEN_ACT = """
import threading
cache, made = {}, []
def get(key):
    if key not in cache:
        made.append(key)
        cache[key] = key * 2
    return cache[key]
threads = [threading.Thread(target=get, args=("key",)) for _ in range(2)]
""" + START + "assert len(made) == 1, made\n"

LOCK_ORDER = """
import threading
a, b = threading.Lock(), threading.Lock()
def take(first, second):
    with first:
        with second:
            pass
threads = [threading.Thread(target=take, args=pair) for pair in ((a, b), (b, a))]
""" + START

CORRECT = """
import threading
count, lock = 0, threading.Lock()
def add():
    global count
    for _ in range(3):
        with lock: count += 1
threads = [threading.Thread(target=add) for _ in range(2)]
""" + START + "print(count)\n"


@pytest.fixture
def script(tmp_path):
    def script(text):
        (tmp_path / "script.py").write_text(text)
        return "script.py"

    return script


def without_addresses(text):
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def test_a_script_on_the_virtual_clock(call, script):
    name = script("import asyncio, datetime, sys, time\n"
                  "before = datetime.datetime.now()\ntime.sleep(3600)\nasyncio.run(asyncio.sleep(86_400))\n"
                  "print(datetime.datetime.now() - before, time.monotonic(), sys.argv)\n")
    done = call("python", "--clock", "virtual", name, "-x", "--clock")
    assert done.stdout == f"1 day, 1:00:00 90000.0 ['{name}', '-x', '--clock']\n", done.stderr


def test_children_of_a_script_are_on_the_wall_clock(call, script):
    name = script("import os, subprocess, sys\n"
                  "code = 'import time, os; print(time.time() > 1.7e9, time.monotonic() != 0, os.environ.get(\"CELLIST_CLOCK\"))'\n"
                  "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout, end='')")
    assert call("python", "--clock", "virtual", name).stdout == "True True None\n"


def test_a_script_may_have_its_own_customization(call, script, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.own = 'mine'\n")
    done = call("python", "--clock", "virtual", "-c", "import time; print(own, time.monotonic())",
                env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert done.stdout == "mine 0.0\n", done.stderr


def test_a_deadlock_at_the_end_of_a_script_is_its_failure(call, script):
    name = script("import threading\nthreading.Thread(target=threading.Event().wait, name='lonely').start()\n")
    done = call("python", "--clock", "virtual", name)
    assert done.returncode == 1
    assert "lonely waits at" in done.stderr and "in Event.wait()" in done.stderr


@pytest.mark.parametrize(("program", "says"), [
    (LOST_UPDATE, "AssertionError"),
    (CHECK_THEN_ACT, "AssertionError: ['key', 'key']"),
    (LOCK_ORDER, "deadlock: none of these can go on"),
])
def test_a_race_is_found_and_replays_exactly(call, script, program, says):
    name = script(program)
    found = call("python", "--explore", 60, name)
    assert found.returncode == 1 and says in found.stderr, found.stderr
    replay = re.search(r"^replay it with: cellist (.*)$", found.stderr, re.MULTILINE)[1].split()
    shown = found.stderr[:found.stderr.index("error: schedule")]
    for _ in range(5):
        again = call(*replay)
        assert (again.returncode, again.stdout) == (1, found.stdout)
        assert without_addresses(again.stderr) == without_addresses(shown)


def test_the_search_finds_the_lowest_seed(call, script):
    name = script(LOST_UPDATE)
    seed = int(re.search(r"schedule seed:(\d+) of", call("python", "--explore", 60, name).stderr)[1])
    for lower in range(1, seed):
        assert call("python", "--schedule", f"seed:{lower}", name).returncode == 0
    assert call("python", "--schedule", f"seed:{seed}", name).returncode == 1


def test_a_correct_program_passes_under_every_schedule(call, script):
    done = call("python", "--explore", 60, script(CORRECT))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "no failure under 60 schedules" in done.stderr


def test_other_output_is_a_failure_when_asked_for(call, script):
    name = script("import threading\nthreads = [threading.Thread(target=print, args=(n,)) for n in 'abc']\n" + START)
    assert call("python", "--explore", 30, name).returncode == 0
    done = call("python", "--explore", 30, "--same-output", name)
    assert done.returncode == 1 and "other output than under seed:1" in done.stderr


def test_an_error_in_a_thread_counts_under_a_schedule(call, script):
    name = script("import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()\n")
    assert call("python", "--clock", "virtual", name).returncode == 0
    assert call("python", "--schedule", "seed:1", name).returncode == 1


def test_chance_is_part_of_the_schedule(call, script):
    name = script("import random\nprint(random.random())\n")
    said = [call("python", "--schedule", f"seed:{seed}", name).stdout for seed in (1, 1, 2)]
    assert said[0] == said[1] != said[2]


def test_a_notebook(call, notebook):
    path = notebook("import threading", LOST_UPDATE)
    before = path.read_bytes()
    found = call("run", "--explore", 60, path)
    assert found.returncode == 1 and "AssertionError" in found.stderr, found.stderr
    assert path.read_bytes() == before
    replay = re.search(r"^replay it with: cellist (.*)$", found.stderr, re.MULTILINE)[1].split()
    assert call(*replay).returncode == 1 and path.read_bytes() != before
    assert call("run", "--explore", 20, notebook(CORRECT, name="correct.ipynb")).returncode == 0


@pytest.mark.parametrize("arguments", [
    ["--schedule", "7"], ["--schedule", "seed:x"], ["--explore", "0"], ["--same-output"],
    ["--explore", "3", "--schedule", "seed:3"],
])
def test_usage(call, script, arguments):
    assert call("python", *arguments, script("")).returncode == 2
    assert call("run", *arguments, "absent.ipynb").returncode == 2


def test_help(call):
    for shown in call("help", "python").stdout, call("run", "--help").stdout:
        assert "--explore" in shown and "seed:N" in shown and "Exit codes" in shown and "Examples" in shown


def test_the_same_script_prints_the_same_under_load(call, script):
    name = script(
        "import queue, threading, time\n"
        "line, log = queue.Queue(3), []\n"
        "def put(name):\n"
        "    for turn in range(5):\n"
        "        line.put((name, turn)); time.sleep(0.01)\n"
        "def get():\n"
        "    for turn in range(10):\n"
        "        log.append((round(time.monotonic(), 6), *line.get())); time.sleep(0.005)\n"
        "threads = [threading.Thread(target=put, args=(n,)) for n in 'ab'] + [threading.Thread(target=get)]\n"
        + START + "print(log, {'a', 'b', 'c'})\n")
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        said = {call("python", "--clock", "virtual", name).stdout for _ in range(12)}
    finally:
        for process in load:
            process.kill()
            process.wait()
    assert len(said) == 1 and "'b', 4" in said.pop()
