"""The suites that others wrote: where each comes from, how it is called, what of it is quick.

They are fetched from Debian and PyPI into `folder()` once, and never committed.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

#: What of CPython's tests concerns the loop, threads and their kin.
MODULES = ["test_threading", "test_threading_local", "test_thread", "test_threadsignals", "test_context",
           "test_contextlib_async", "test_sched", "test_queue", "test_threadedtempfile"]
PACKAGES = ["test_asyncio", "test_concurrent_futures"]

#: Of other platforms, and a test that checks that a program of CPython's repository is there.
LEFT_OUT = {"test_windows_events", "test_windows_utils", "test_proactor_events", "test_tools"}

QUICK = {
    "cpython-3.11": ["test.test_asyncio.test_base_events", "test.test_asyncio.test_selector_events",
                     "test.test_asyncio.test_locks", "test.test_asyncio.test_queues",
                     "test.test_asyncio.test_taskgroups", "test.test_asyncio.test_timeouts",
                     "test.test_asyncio.test_waitfor", "test.test_asyncio.test_runners",
                     "test.test_asyncio.test_pep492", "test.test_asyncio.test_futures2",
                     "test.test_asyncio.test_context", "test.test_asyncio.test_buffered_proto",
                     "test.test_asyncio.test_server", "test.test_asyncio.test_streams",
                     "test.test_asyncio.test_threads", "test.test_context",
                     "test.test_contextlib_async", "test.test_sched",
                     "test.test_thread", "test.test_queue", "test.test_threadsignals"],
    "cpython-3.14": ["test.test_asyncio.test_tasks", "test.test_asyncio.test_eager_task_factory",
                     "test.test_asyncio.test_free_threading"],
    "uvloop": ["tests/test_base.py", "tests/test_context.py", "tests/test_udp.py", "tests/test_runner.py"],
    "anyio": ["tests/test_taskgroups.py", "tests/test_synchronization.py", "tests/test_from_thread.py"],
}


@dataclass
class Suite:
    name: str
    #: What the child finds its modules in, and where it runs.
    path: list[Path]
    folder: Path
    kind: str
    modules: list[str]
    options: list[str] = field(default_factory=list)


class Missing(Exception):
    """A suite that cannot be had here; the text says why."""


def folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "cellist", "foreign")


def quick(suite: Suite) -> Suite:
    suite.modules = [name for name in QUICK[suite.name] if name in suite.modules]
    return suite


def cpython() -> Suite:
    """CPython 3.11's tests, from Debian: `test.support` is in a package of its own."""
    place = folder() / "cpython-3.11"
    if not (place / "test").exists():
        with _fresh(place) as fresh:
            for package in "libpython3.11-testsuite", "libpython3.11-stdlib":
                _run("apt-get", "download", package, cwd=fresh)
            for archive in fresh.glob("*.deb"):
                _run("dpkg", "-x", archive.name, "all", cwd=fresh)
            # Alone: beside it lies CPython's library, which ours must not meet.
            (fresh / "all/usr/lib/python3.11/test").rename(fresh / "test")
            shutil.rmtree(fresh / "all")
    return _cpython("cpython-3.11", place)


def rustpython(repository: Path) -> Suite:
    """CPython 3.14's tests as RustPython keeps them, from a git directory or a work tree."""
    if (repository / "Lib/test").is_dir():
        return _linked(repository)
    place = folder() / "cpython-3.14"
    with _fresh(place) as fresh:
        archive = subprocess.run(["git", "-C", repository, "archive", "HEAD", "Lib/test"],
                                 stdout=subprocess.PIPE)
        if archive.returncode:
            raise Missing(f"{repository} has no Lib/test")
        _run("tar", "x", "--strip-components=1", cwd=fresh, input=archive.stdout)
    return _cpython("cpython-3.14", place)


def _linked(repository: Path) -> Suite:
    """The tests of a work tree, without the library beside them."""
    place = folder() / "cpython-3.14"
    with _fresh(place) as fresh:
        (fresh / "test").symlink_to((repository / "Lib/test").absolute())
    return _cpython("cpython-3.14", place)


def _cpython(name: str, place: Path) -> Suite:
    tests = place / "test"
    modules = []
    for package in PACKAGES:
        if (tests / package).is_dir():
            found = sorted(path.stem for path in (tests / package).glob("test_*.py"))
            modules += [f"test.{package}.{module}" for module in found if module not in LEFT_OUT]
        elif (tests / f"{package}.py").exists():
            modules.append(f"test.{package}")
    modules += [f"test.{module}" for module in MODULES if (tests / f"{module}.py").exists()]
    return Suite(name, [place], place, "unittest", modules)


#: In place of uvloop's compiled module: its tests see the loop under test.
_UVLOOP = "import asyncio\n\n\nclass Loop(asyncio.EventLoop):\n    pass\n"


def uvloop(python: str) -> Suite:
    """uvloop's tests, its compiled core replaced by asyncio's default loop."""
    place = _source(python, "uvloop")
    (place / "uvloop/loop.py").write_text(_UVLOOP)
    # Compiled packages that two modules import at their top: the few tests that use them fail.
    (place / "OpenSSL.py").write_text("SSL = None\n")
    (place / "psutil.py").write_text("Process = None\n")
    left_out = {
        "test_aiohttp": "needs aiohttp, which is compiled",
        "test_cython": "about Cython", "test_dealloc": "about Cython", "test_libuv_api": "about libuv",
        "test_fs_event": "about libuv", "test_sourcecode": "about its source code",
        "test_testbase": "about its own test helpers",
    }
    return Suite("uvloop", [place, _pytest(python)], place, "pytest", _files(place, left_out))


#: `trustme` needs the compiled `cryptography`.
_TRUSTME = '''import pytest


class CA:
    def __init__(self):
        pytest.skip("trustme cannot make certificates without the compiled cryptography")
'''


def anyio(python: str) -> Suite:
    """anyio's tests with its asyncio back end."""
    place = _source(python, "anyio")
    stubs = folder() / "stubs"
    stubs.mkdir(exist_ok=True)
    (stubs / "trustme.py").write_text(_TRUSTME)
    left_out = {"test_to_interpreter": "about subinterpreters", "test_pytest_plugin": "about pytest"}
    return Suite("anyio", [place / "src", stubs, _pytest(python)], place, "pytest", _files(place, left_out),
                 ["-k", "not trio and not uvloop"])


def _files(place: Path, left_out: dict[str, str]) -> list[str]:
    found = sorted(path for path in (place / "tests").rglob("test_*.py") if path.stem not in left_out)
    return [str(path.relative_to(place)) for path in found]


def _source(python: str, name: str) -> Path:
    """A project's source distribution, unpacked. pip asks it for its metadata, but builds nothing."""
    place = folder() / name
    if not place.exists():
        with _fresh(place) as fresh:
            _run(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                 "--no-binary", name, name, cwd=fresh)
            [archive] = fresh.glob("*.tar.gz")
            with tarfile.open(archive) as tar:
                tar.extractall(fresh)
            archive.unlink()
            [inner] = fresh.iterdir()
            for path in list(inner.iterdir()):
                path.rename(fresh / path.name)
            inner.rmdir()
    return place


def _pytest(python: str) -> Path:
    """pytest and what the suites import, all of it pure Python, for the interpreter under test."""
    place = folder() / "pytest"
    if not place.exists():
        with _fresh(place) as fresh:
            requirements = Path(__file__).with_name("requirements.txt")
            _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", ".",
                 "-r", requirements, cwd=fresh)
    return place


class _fresh:
    """A new folder that takes the name `place` once it is complete."""

    def __init__(self, place: Path):
        self._place, self._new = place, place.with_name(place.name + ".new")

    def __enter__(self) -> Path:
        shutil.rmtree(self._new, ignore_errors=True)
        self._new.mkdir(parents=True)
        return self._new

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            shutil.rmtree(self._place, ignore_errors=True)
            self._new.rename(self._place)


def _run(*command, **options) -> None:
    try:
        done = subprocess.run(command, stderr=subprocess.PIPE, **options)
    except FileNotFoundError as error:
        raise Missing(f"there is no `{command[0]}` on this machine") from error
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        raise Missing(f"`{' '.join(map(str, command))}` failed with exit code {done.returncode}")
