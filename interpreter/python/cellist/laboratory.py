"""The lab: how a check looks at the learner's code.

``lab.run`` calls a function of the learner's namespace under observation and returns a trace:
what it returned, what it printed and when, which tasks it made, and which of the classic asyncio
mistakes it showed.
"""

import _asyncio
import _cellist
import asyncio
import builtins
import inspect
import sys
import warnings

from cellist import clock
from cellist.stall import Stall


class LabError(Exception):
    """The learner's namespace does not hold what the check asks for."""


class CaseFailed(Exception):
    """A test case of another grader's did not pass; the text says where."""


class Problem:
    """A mistake seen while the code ran.

    ``kind`` is one of ``blocking-call``, ``never-awaited``, ``pending-task``,
    ``unretrieved-exception``, ``stall``.
    """

    def __init__(self, kind, message, file=None, line=None):
        self.kind, self.message, self.file, self.line = kind, message, file, line

    def __repr__(self):
        if self.file is None:
            return self.message
        return f"{self.message} ({self.file}, line {self.line})"

    __str__ = __repr__


class Problems(list):
    """A list that reads well in a hint."""

    def __str__(self):
        return "; ".join(map(str, self)) or "none"

    def kinds(self):
        return sorted({problem.kind for problem in self})


class TaskRecord:
    """One task of the run: when it was created and done (seconds since the start), and how."""

    def __init__(self, task, coroutine, created):
        self.name = task.get_name()
        self.coroutine = getattr(coroutine, "__name__", type(coroutine).__name__)
        self.created, self.done = created, None
        self.cancelled, self.error = False, None
        self._task = task

    def __repr__(self):
        end = "pending" if self.done is None else f"{self.done:g}"
        return f"<{self.coroutine} {self.created:g}..{end}>"


class Trace:
    """What ``lab.run`` saw. Times are seconds since the start, on the unit's clock."""

    def __init__(self):
        self.result = None
        self.error = None
        self.elapsed = 0
        self.tasks = []
        self.problems = Problems()
        self.max_in_flight = 0
        self._written = _Transcript()

    @property
    def stdout(self):
        """All that was printed."""
        return self._written.text()

    @property
    def lines(self):
        """The lines printed, without their ends."""
        return [line for _, line in self._written.lines()]

    def times(self, text):
        """When each line that contains `text` was printed."""
        return [when for when, line in self._written.lines() if text in line]

    def __repr__(self):
        return (f"<Trace result={self.result!r} error={self.error!r} elapsed={self.elapsed:g} "
                f"lines={len(self.lines)} problems={len(self.problems)}>")


def _outlet(transcript):
    """Takes the place of ``sys.stdout`` while the learner's code runs, to whom it shows nothing of
    the transcript."""

    class Outlet:
        encoding, errors, newlines, closed = "utf-8", "strict", None, False

        def write(self, text):
            return transcript.write(text)

        def writelines(self, lines):
            for line in lines:
                transcript.write(line)

        def flush(self):
            pass

        def isatty(self):
            return False

        def writable(self):
            return True

    return Outlet()


class _Transcript:
    """What was printed, and when."""

    #: Text kept, in characters; what a run prints beyond it is dropped.
    LIMIT = 1_000_000

    def __init__(self):
        self._pieces, self._size, self.now = [], 0, lambda: 0

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._size < self.LIMIT:
            self._pieces.append((self.now(), text))
            self._size += len(text)
        return len(text)

    def text(self):
        return "".join(text for _, text in self._pieces)

    def lines(self):
        """``(when its first character was written, line)`` for each line."""
        found, begun, line = [], None, ""
        for when, text in self._pieces:
            while text:
                if begun is None:
                    begun = when
                head, newline, text = text.partition("\n")
                line += head
                if newline:
                    found.append((begun, line))
                    begun, line = None, ""
        if begun is not None:
            found.append((begun, line))
        return found


class _Stopwatch:
    """Seconds since its start; exact on the virtual clock."""

    def __init__(self):
        import time

        self._wall = time.perf_counter_ns()
        self._read = time.perf_counter_ns

    def __call__(self):
        nanos = self._read() - self._wall
        seconds, rest = divmod(nanos, 1_000_000_000)
        # Whole seconds stay integers, so that a hint reads "5" and `== 5` is exact.
        return seconds if rest == 0 else nanos / 1_000_000_000


class Lab:
    """What check cells call ``lab``."""

    def __init__(self, namespace):
        self._namespace = namespace
        #: The clock of `run`; a unit says which, whatever clock the notebook itself is on.
        self.clock = "virtual"
        self.score_value = None
        #: What test cases of other graders run with.
        self.builtins = vars(builtins)
        #: Whether `run` takes a timeline, and the last one.
        self.timelines, self.timeline = False, None

    def __repr__(self):
        return "<lab>"

    # Looking

    def get(self, name):
        """The learner's object of this name."""
        try:
            return self._namespace[name]
        except KeyError:
            raise LabError(f"{name} is not defined: run the cell that defines it") from None

    def source(self, name):
        """The source text of the learner's function or class."""
        value = inspect.unwrap(self.get(name))
        try:
            return inspect.getsource(value)
        except (OSError, TypeError):
            raise LabError(f"{name} has no source: define it in a cell") from None

    def ast(self, name):
        """The syntax tree of the learner's function or class."""
        import ast
        import textwrap

        return ast.parse(textwrap.dedent(self.source(name))).body[0]

    # Running

    def run(self, function, /, *args, replace=None, **kwargs):
        """Calls a function of the learner's namespace (by name, or the object itself) and returns
        a `Trace`. A coroutine function runs on a fresh event loop. ``replace`` puts other objects
        under the given names meanwhile."""
        trace = Trace()
        target = self.get(function) if isinstance(function, str) else function
        if not callable(target):
            raise LabError(f"{function} is {type(target).__name__}, not a function")
        with self._replaced(replace or {}), _OnClock(self.clock), self._timeline():
            _observe(trace, target, args, kwargs)
        return trace

    def _timeline(self):
        import contextlib

        if not self.timelines:
            return contextlib.nullcontext()
        from cellist import timelines

        self.timeline = timelines.Taken()
        return contextlib.closing(self.timeline)

    def doctest(self, name, text):
        """Runs a doctest on a copy of the learner's names; one that fails fails the check."""
        from cellist import cases

        self._passed(cases.run_doctest(name, text, self._namespace, self.builtins))

    def test_function(self, source, number):
        """Runs a test function of a file for Otter; one that raises fails the check."""
        from cellist import cases

        self._passed(cases.run_function(source, number, self._namespace, self.builtins, cases.marked))

    @staticmethod
    def _passed(failure):
        if failure is not None:
            raise CaseFailed(failure)

    def sleep(self, seconds):
        """A coroutine that sleeps; for the spies that a check puts in place of real functions."""
        return asyncio.sleep(seconds)

    def seed(self, number):
        """Seeds ``random``."""
        import random

        random.seed(number)

    def score(self, share):
        """Lets the check pay this share of its points, 0 to 1, if it passes."""
        self.score_value = min(max(float(share), 0.0), 1.0)

    def _replaced(self, replacements):
        return _Replaced(self._namespace, replacements)


class _Replaced:
    def __init__(self, namespace, replacements):
        self._namespace, self._new = namespace, replacements

    def __enter__(self):
        self._old = {name: self._namespace[name] for name in self._new if name in self._namespace}
        self._namespace.update(self._new)

    def __exit__(self, *exc):
        for name in self._new:
            if name in self._old:
                self._namespace[name] = self._old[name]
            else:
                self._namespace.pop(name, None)


class _OnClock:
    """Virtual time begins at 0 and costs nothing; afterwards the clock that was goes on."""

    def __init__(self, clock):
        self._wanted = clock == "virtual"

    def __enter__(self):
        self._before = _cellist.virtual_now()
        _cellist.virtual_resume(0 if self._wanted else None)

    def __exit__(self, *exc):
        _cellist.virtual_resume(self._before)


def _observe(trace, target, args, kwargs):
    observer = _Observer(trace)
    before = sys.stdout
    sys.stdout = _outlet(trace._written)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with observer:
            try:
                trace.result = observer.call(target, args, kwargs)
            except Stall as stall:
                trace.error = stall
                trace.problems.append(Problem("stall", str(stall)))
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                trace.error = error
            finally:
                sys.stdout = before
                trace.elapsed = observer.now()
        observer.finish(caught)


def _watch_tasks(kind, seen):
    """Has `seen(task, coroutine)` called for each task that loops of this class make; returns
    what ends that."""
    own, stock = kind.__dict__.get("create_task"), kind.create_task

    def create_task(loop, coro, **options):
        task = stock(loop, coro, **options)
        seen(task, coro)
        return task

    def undo():
        if own is None:
            del kind.create_task
        else:
            kind.create_task = own

    kind.create_task = create_task
    return undo


class _Observer:
    """Hooks that are in place while the learner's code runs."""

    def __init__(self, trace):
        self._trace = trace
        self.now = trace._written.now = _Stopwatch()
        self._alive = 0

    def call(self, target, args, kwargs):
        outcome = target(*args, **kwargs)
        if not inspect.iscoroutine(outcome):
            return outcome
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(outcome)

    def __enter__(self):
        from asyncio import base_events, runners

        from cellist import native_loop

        observer = self
        self._cancel_all = runners._cancel_all_tasks
        # Of the two, the loop in Rust has its own; a `create_task` put in its place is called for
        # every task, also for those that `gather` makes.
        def record(task, coro):
            observer._record(task, coro)

        self._unwatch = [_watch_tasks(kind, record)
                         for kind in (base_events.BaseEventLoop, native_loop.EventLoop)]

        def cancel_all_tasks(loop):
            observer._pending(loop)
            return observer._cancel_all(loop)

        runners._cancel_all_tasks = cancel_all_tasks
        # No bound method: it would show this object.
        clock.blocking_observer = lambda frame, what: observer._blocking(frame, what)
        return self

    def __exit__(self, *exc):
        from asyncio import runners

        for undo in self._unwatch:
            undo()
        runners._cancel_all_tasks = self._cancel_all
        clock.blocking_observer = None

    def _record(self, task, coro):
        if self._trace.tasks and self._trace.tasks[-1]._task is task:
            return
        record = TaskRecord(task, coro, self.now())
        self._trace.tasks.append(record)
        # The task of the entry point itself is not "in flight": it is the one who waits.
        counted = len(self._trace.tasks) > 1
        if counted:
            self._alive += 1
            self._trace.max_in_flight = max(self._trace.max_in_flight, self._alive)

        def done(task):
            record.done = self.now()
            record.cancelled = task.cancelled()
            if counted:
                self._alive -= 1

        task.add_done_callback(done)

    def _blocking(self, frame, what):
        if _asyncio._get_running_loop() is None:
            return
        self._problem("blocking-call", f"{what} blocks the event loop", frame)

    def _pending(self, loop):
        for task in asyncio.all_tasks(loop):
            if task.done():
                continue
            frames = task.get_stack(limit=1)
            name = getattr(task.get_coro(), "__name__", task.get_name())
            self._problem("pending-task", f"the task {name}() was still running at the end",
                          frames[-1] if frames else None)

    def _problem(self, kind, message, frame=None):
        file = frame.f_code.co_filename if frame is not None else None
        line = frame.f_lineno if frame is not None else None
        self._trace.problems.append(Problem(kind, message, file, line))

    def finish(self, caught):
        for record in self._trace.tasks:
            task = record._task
            record._task = None
            if record is self._trace.tasks[0] or not task.done() or task.cancelled():
                continue
            if getattr(task, "_log_traceback", False):
                error = task.exception()
                record.error = error
                self._problem("unretrieved-exception",
                              f"{record.coroutine}() raised {error!r}, which nobody looked at")
        for warning in caught:
            text = str(warning.message)
            if issubclass(warning.category, RuntimeWarning) and "was never awaited" in text:
                self._trace.problems.append(
                    Problem("never-awaited", text, warning.filename, warning.lineno))
