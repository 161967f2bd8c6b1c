"""Runs inside the interpreter under test: one module of somebody else's tests.

    inside.py LOOP KIND RECORD MODULE

LOOP is `stock` or `ours` (the loop and the natives of a session become asyncio's default), KIND
is `unittest` or `pytest`. Each test writes two lines to RECORD, when it begins and when it ends,
so that a test that hangs or kills the process is known by name. What RECORD names already is not
run again.
"""

import json
import sys
import time


class Record:
    """The file of results, one JSON object per line."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.known = {json.loads(line)["id"] for line in file}
        self._file = open(path, "a", encoding="utf-8", buffering=1)

    def write(self, **fields):
        self._file.write(json.dumps(fields) + "\n")

    def close(self):
        # Without a last word, the process died.
        self.write(id="", outcome="end")
        self._file.close()


def make_ours_the_default():
    import asyncio

    from cellist import loop

    loop.install()
    # Many tests name the class of the loop that they want: they mean the one of the platform.
    for module in asyncio, asyncio.unix_events:
        module.SelectorEventLoop = asyncio.EventLoop


def have_child_watchers():
    """What 3.11's tests set up and tear down, and 3.12 removed: it has nothing to do any more."""
    import asyncio

    class Watcher:
        _threads = {}
        attach_loop = close = __exit__ = lambda *arguments: None
        is_active = lambda self: True
        __enter__ = lambda self: self

    for module in asyncio, asyncio.unix_events:
        for kind in "Abstract", "Threaded", "MultiLoop", "Safe", "Fast", "Pidfd":
            setattr(module, f"{kind}ChildWatcher", Watcher)
    watcher = Watcher()
    for place in asyncio, asyncio.AbstractEventLoopPolicy:
        place.get_child_watcher = lambda *policy: watcher
        place.set_child_watcher = lambda *arguments: None


def run_unittest(record, name):
    import _imp
    import unittest

    # CPython's tests switch frozen modules off, but here the whole library is frozen.
    _imp._override_frozen_modules_for_tests = lambda override: None
    try:
        from test import support
    except ImportError:
        pass
    else:
        # Not the network, nor what takes gigabytes.
        support.use_resources = ["cpu", "subprocess", "walltime"]

    class Result(unittest.TestResult):
        """Writes each test down; a test with subtests fails if one of them does."""

        def startTest(self, test):
            super().startTest(test)
            self._outcome, self._text, self._begun = "passed", "", time.monotonic()
            record.write(id=test.id(), outcome="begun")

        def _set(self, outcome, text=""):
            if self._outcome != "failed":
                self._outcome, self._text = outcome, text

        def _failed(self, test, error):
            if isinstance(test, unittest.suite._ErrorHolder):
                # The set-up of a class or module.
                record.write(id=test.id(), outcome="failed", text=str(error[1]), seconds=0)
            else:
                self._set("failed", self._exc_info_to_string(error, test)[-3000:])

        addError = addFailure = _failed

        def addSubTest(self, test, subtest, error):
            if error is not None:
                self._failed(test, error)

        def addSkip(self, test, reason):
            if isinstance(test, unittest.suite._ErrorHolder):
                record.write(id=test.id(), outcome="skipped", text=reason, seconds=0)
            else:
                self._set("skipped", reason)

        def addExpectedFailure(self, test, error):
            self._set("skipped", "expected to fail")

        def addUnexpectedSuccess(self, test):
            self._set("failed", "was expected to fail")

        def stopTest(self, test):
            super().stopTest(test)
            record.write(id=test.id(), outcome=self._outcome, text=self._text,
                         seconds=round(time.monotonic() - self._begun, 3))

    def left(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                yield from left(test)
            elif test.id() not in record.known:
                yield test

    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    unittest.TestSuite(left(suite)).run(Result())


def run_pytest(record, arguments):
    import pytest

    class Plugin:
        def pytest_collection_modifyitems(self, items):
            items[:] = [item for item in items if item.nodeid not in record.known]

        def pytest_runtest_logstart(self, nodeid, location):
            self._outcome, self._text, self._begun = "passed", "", time.monotonic()
            record.write(id=nodeid, outcome="begun")

        def pytest_runtest_logreport(self, report):
            if report.outcome != "passed" and self._outcome != "failed":
                self._outcome = report.outcome
                self._text = str(report.longrepr)[-3000:]

        def pytest_collectreport(self, report):
            if report.failed:
                record.write(id=report.nodeid, outcome="failed", text=str(report.longrepr)[-3000:], seconds=0)

        def pytest_runtest_logfinish(self, nodeid, location):
            record.write(id=nodeid, outcome=self._outcome, text=self._text,
                         seconds=round(time.monotonic() - self._begun, 3))

    pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=[Plugin()])


def main():
    default, kind, path, *rest = sys.argv[1:]
    if default == "ours":
        make_ours_the_default()
    record = Record(path)
    if kind == "unittest":
        have_child_watchers()
        run_unittest(record, rest[0])
    else:
        run_pytest(record, rest)
    record.close()


if __name__ == "__main__":
    main()
