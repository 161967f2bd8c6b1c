"""`print` in cells: our own one for the streams of cells, Python's for everything else."""

import subprocess
import sys

import pytest

from kernel.client import Kernel

#: Each prints something; the machine's python3 says what.
SAME = {
    "values": "print(1, 2.5, True, None, 'text', [1, 'two'], -0.0, 10**30)",
    "sep and end": "print(1, 2, sep='-', end='!'); print(); print('a', 'b', sep='', end='\\n\\n')",
    "None for both": "print(1, 2, sep=None, end=None, file=None, flush=None)",
    "flush": "print('now', flush=True)",
    "a subclass of str": "class S(str):\n    def __str__(self): return 'other'\nprint(S('x'), 'y')",
    "a __str__ that prints": (
        "class Loud:\n    def __str__(self):\n        print('inner')\n        return 'loud'\nprint('a', Loud(), 'b')"
    ),
    "a __str__ that fails": (
        "class Broken:\n    def __str__(self): raise ValueError('no')\n"
        "try: print('before', Broken(), 'after')\nexcept ValueError as error: print(error)"
    ),
    "wrong arguments": (
        "for wrong in ({'sep': 1}, {'end': 1}, {'other': 1}):\n"
        "    try: print(1, **wrong)\n"
        "    except TypeError as error: print(type(error).__name__)"
    ),
    "another stream": (
        "import io, contextlib\nto = io.StringIO()\nprint('kept', file=to)\n"
        "with contextlib.redirect_stdout(to): print('kept too', 2)\nprint(repr(to.getvalue()))"
    ),
    "no stream": "import sys\nout, sys.stdout = sys.stdout, None\nprint('lost')\nsys.stdout = out\nprint('back')",
    "a lost stream": (
        "import sys\nout = sys.stdout\ndel sys.stdout\n"
        "try: print('lost')\nexcept RuntimeError as error: message = str(error)\n"
        "sys.stdout = out\nprint(message)"
    ),
    "itself": "print(print.__name__, print.__module__, callable(print), print.__doc__.splitlines()[0])",
}


@pytest.mark.parametrize("what", SAME)
def test_print_is_pythons(kernel: Kernel, what: str) -> None:
    wanted = subprocess.run([sys.executable, "-c", SAME[what]], capture_output=True, text=True, check=True)
    run = kernel.run(SAME[what])
    assert run.content["status"] == "ok", run.content
    assert run.text() == wanted.stdout


def test_a_changed_write_is_heeded(kernel: Kernel) -> None:
    run = kernel.run(
        "import sys\nseen = []\nsys.stdout.write = seen.append\nprint('a', 1)\ndel sys.stdout.write\nprint(seen)"
    )
    assert run.text() == "['a', ' ', '1', '\\n']\n"


def test_lines_of_threads_stay_whole(kernel: Kernel) -> None:
    run = kernel.run(
        "import threading\n"
        "def speak(name):\n"
        "    for number in range(2000): print(name, number, name)\n"
        "threads = [threading.Thread(target=speak, args=(name,)) for name in 'ab']\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()"
    )
    lines = run.text().splitlines()
    assert sorted(lines) == sorted(f"{name} {number} {name}" for name in "ab" for number in range(2000))
