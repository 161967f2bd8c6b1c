"""`cellist python` behaves as `python` does, and is what `sys.executable` starts."""

import os
import subprocess
from pathlib import Path

import pytest

from executable import cellist


def test_command(call):
    done = call("python", "-c", "import sys; print(sys.argv); sys.exit(3)", "a", "-b")
    assert (done.returncode, done.stdout) == (3, "['-c', 'a', '-b']\n")


def test_module(call):
    assert call("python", "-m", "json.tool", input='{"a":1}').stdout == '{\n    "a": 1\n}\n'


def test_file_and_standard_input(call, tmp_path):
    (tmp_path / "script.py").write_text("import sys\nprint(__name__, sys.argv[1:])")
    assert call("python", "script.py", "x").stdout == "__main__ ['x']\n"
    assert call("python", "-", input="print(6 * 7)").stdout == "42\n"


def test_an_exception_ends_with_1(call):
    done = call("python", "-c", "raise ValueError('no')")
    assert done.returncode == 1 and "ValueError: no" in done.stderr


def test_options_of_python_are_not_ours(call):
    assert "Python 3.14" in call("python", "--version").stdout
    assert "usage:" in call("python", "--help").stdout


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(call, tmp_path, method):
    (tmp_path / "pool.py").write_text(
        "import multiprocessing as mp\n"
        "def square(x): return x * x\n"
        "if __name__ == '__main__':\n"
        f"    with mp.get_context({method!r}).Pool(2) as pool:\n"
        "        print(pool.map(square, [1, 2, 3]))\n"
    )
    done = call("python", "pool.py")
    assert done.stdout == "[1, 4, 9]\n", done.stderr


def test_the_library_is_complete(call):
    code = ("import asyncio, ssl, sqlite3, threading, zlib, lzma, json, email, decimal, ctypes\n"
            "ssl.create_default_context()\n"
            "print(sqlite3.connect(':memory:').execute('select 6 * 7').fetchone())")
    assert call("python", "-c", code).stdout == "(42,)\n"


def test_sys_executable_is_python(call, notebook, tmp_path):
    path = notebook("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, text=True).stdout")
    done = call("run", path, "-o", "-", env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert "'5\\\\n'" in done.stdout, done.stdout + done.stderr


def test_sys_executable_is_python_by_any_name(call):
    code = ("import subprocess, sys\n"
            "run = lambda first: subprocess.run([first, '-W', 'ignore', '-c', 'print(5)'], executable=sys.executable)\n"
            "run(sys.executable); run('python3'); run('grader')")
    done = call("python", "-c", code)
    assert done.stdout == "5\n5\n5\n", done.stderr


@pytest.mark.parametrize(("name", "subcommand"), [("grader", "grade"), ("cellist-kernel", "kernel")])
def test_links_are_programs_of_their_own(tmp_path: Path, name, subcommand):
    link = tmp_path / name
    link.symlink_to(cellist())
    done = subprocess.run([link, "--help"], capture_output=True, text=True, timeout=60)
    own = subprocess.run([cellist(), subcommand, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"Usage: {name}" in done.stdout
    assert done.stdout.splitlines()[0] == own.stdout.splitlines()[0]


def test_completions(call):
    assert "complete -F" in call("completions", "bash").stdout
