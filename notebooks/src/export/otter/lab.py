"""The helpers of this course's checks, for any CPython from 3.13 on: what `lab` is in the course's own kernel.

Otter's test files call `check`. Code under test runs on a virtual clock: an event loop that would wait moves
the time on instead, and `time.sleep` and the clocks of `time` follow it. Threads and processes wait in real
time, so the export leaves out the checks of units about them.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import random
import selectors
import string
import sys
import time
import warnings

_REAL = {name: getattr(time, name) for name in
         ("sleep", "time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")}


class LabError(Exception):
    """The learner's namespace does not hold what the check asks for."""


class Stall(RuntimeError):
    """Nothing can wake what is waited for."""


class _Clock:
    """Seconds since the run began, in nanoseconds: sums of short sleeps stay exact."""

    def __init__(self):
        self.nanos, self.blocked = 0, lambda seconds: None

    def now(self):
        seconds, rest = divmod(self.nanos, 1_000_000_000)
        return seconds if rest == 0 else self.nanos / 1_000_000_000

    def advance(self, seconds):
        self.nanos += max(0, round(seconds * 1_000_000_000))

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.blocked(seconds)
        self.advance(seconds)

    @contextlib.contextmanager
    def running(self):
        """Puts the clocks of `time` on this one."""
        begin = {name: real() for name, real in _REAL.items() if name != "sleep"}
        nanos = {name: lambda name=name: begin[name] + self.nanos for name in begin if name.endswith("_ns")}
        # From whole seconds on, so that differences are exact.
        seconds = {name: lambda name=name: int(begin[name]) + self.nanos / 1e9 for name in begin if name not in nanos}
        for name, value in {**nanos, **seconds, "sleep": self.sleep}.items():
            setattr(time, name, value)
        try:
            yield
        finally:
            for name, value in _REAL.items():
                setattr(time, name, value)


class _Selector(selectors.SelectSelector):
    """Waits by moving the clock on."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            if len(self.get_map()) > 1:
                return super().select(None)
            raise Stall("nothing can wake the event loop: every task waits for something that never happens")
        self.clock.advance(timeout)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock):
        super().__init__(_Selector(clock))
        self._clock_resolution, self._cellist_clock = 1e-9, clock

    def time(self):
        return self._cellist_clock.nanos / 1e9


class Problem:
    """A mistake seen while the code ran."""

    def __init__(self, kind, message):
        self.kind, self.message, self.file, self.line = kind, message, None, None

    def __repr__(self):
        return self.message

    __str__ = __repr__


class Problems(list):
    """A list that reads well in a hint."""

    def __str__(self):
        return "; ".join(map(str, self)) or "none"

    def kinds(self):
        """The kinds of problems, sorted."""
        return sorted({problem.kind for problem in self})


class TaskRecord:
    """One task of the run: when it was created and done, and how."""

    def __init__(self, task, coroutine, created):
        self.task, self.created = task, created
        self.coroutine = getattr(coroutine, "__name__", type(coroutine).__name__)
        self.done, self.cancelled, self.error = None, False, None

    @property
    def name(self):
        """What the task is called; it may get its name later."""
        return self.task.get_name()


class Trace:
    """What `lab.run` saw; times are seconds since the start."""

    def __init__(self):
        self.result, self.error, self.elapsed = None, None, 0
        self.tasks, self.problems, self.max_in_flight = [], Problems(), 0
        self.written = []

    @property
    def stdout(self):
        """All that was printed."""
        return "".join(text for _, text in self.written)

    def _lines(self):
        found, begun, line = [], None, ""
        for when, text in self.written:
            while text:
                begun = when if begun is None else begun
                head, newline, text = text.partition("\n")
                line += head
                if newline:
                    found.append((begun, line))
                    begun, line = None, ""
        return found if begun is None else [*found, (begun, line)]

    @property
    def lines(self):
        """The lines printed."""
        return [line for _, line in self._lines()]

    def times(self, text):
        """When each line that contains `text` was printed."""
        return [when for when, line in self._lines() if text in line]


class _Transcript(io.TextIOBase):
    def __init__(self, trace, clock):
        self.trace, self.clock = trace, clock

    def write(self, text):
        self.trace.written.append((self.clock.now(), text))
        return len(text)


class Lab:
    """What checks call `lab`."""

    def __init__(self, names):
        self._names, self.share = names, None

    def get(self, name):
        """The learner's object of this name."""
        try:
            return self._names[name]
        except KeyError:
            raise LabError(f"{name} is not defined: run the cell that defines it") from None

    def source(self, name):
        """The source text of the learner's function or class."""
        try:
            return inspect.getsource(inspect.unwrap(self.get(name)))
        except (OSError, TypeError):
            raise LabError(f"{name} has no source: define it in a cell") from None

    def ast(self, name):
        """Its syntax tree."""
        return ast.parse(inspect.cleandoc("\n" + self.source(name))).body[0]

    def sleep(self, seconds):
        """A coroutine that sleeps."""
        return asyncio.sleep(seconds)

    def seed(self, number):
        """Seeds `random`."""
        random.seed(number)

    def score(self, share):
        """Otter's tests have no partial credit: nothing but all the points counts."""
        self.share = share

    def run(self, function, /, *args, replace=None, **kwargs):
        """Calls a function of the learner's and returns a `Trace`."""
        target = self.get(function) if isinstance(function, str) else function
        if not callable(target):
            raise LabError(f"{function} is {type(target).__name__}, not a function")
        trace, clock = Trace(), _Clock()
        kept = {name: self._names[name] for name in replace or () if name in self._names}
        self._names.update(replace or {})
        try:
            with (clock.running(), contextlib.redirect_stdout(_Transcript(trace, clock)),
                  warnings.catch_warnings(record=True) as caught):
                warnings.simplefilter("always")
                _observe(trace, clock, target, args, kwargs)
        finally:
            for name in replace or ():
                self._names.pop(name)
            self._names.update(kept)
        for warning in caught:
            if issubclass(warning.category, RuntimeWarning) and "was never awaited" in str(warning.message):
                trace.problems.append(Problem("never-awaited", str(warning.message)))
        return trace


def _observe(trace, clock, target, args, kwargs):
    alive = 0

    def record(loop, coroutine, **options):
        nonlocal alive
        task = asyncio.Task(coroutine, loop=loop, **options)
        one = TaskRecord(task, coroutine, clock.now())
        trace.tasks.append(one)
        counted = len(trace.tasks) > 1
        alive += counted
        trace.max_in_flight = max(trace.max_in_flight, alive)

        def done(task):
            nonlocal alive
            one.done, one.cancelled = clock.now(), task.cancelled()
            alive -= counted

        task.add_done_callback(done)
        return task

    def blocked(seconds):
        if asyncio._get_running_loop() is not None:
            trace.problems.append(Problem("blocking-call", f"time.sleep({seconds:g}) blocks the event loop"))

    def new_loop():
        loop = _Loop(clock)
        loop.set_task_factory(record)
        return loop

    clock.blocked = blocked
    try:
        with _loops(trace, new_loop):
            outcome = target(*args, **kwargs)
            trace.result = asyncio.run(outcome) if inspect.iscoroutine(outcome) else outcome
    except Stall as stall:
        trace.error = stall
        trace.problems.append(Problem("stall", str(stall)))
    except Exception as error:
        trace.error = error
    trace.elapsed = clock.now()
    for one in trace.tasks[1:]:
        if one.task.done() and not one.task.cancelled() and one.task._log_traceback:
            one.error = one.task.exception()
            told = f"{one.coroutine}() raised {one.error!r}, which nobody looked at"
            trace.problems.append(Problem("unretrieved-exception", told))


@contextlib.contextmanager
def _loops(trace, new_loop):
    """Event loops that the code makes are ours, and what they still have to do at their end is told. A
    notebook's own loop runs in this thread and is out of sight meanwhile."""
    outer, stock = asyncio._get_running_loop(), asyncio.runners._cancel_all_tasks
    kept = [(module, module.new_event_loop) for module in (asyncio, asyncio.events)]

    def cancel_all_tasks(loop):
        for task in asyncio.all_tasks(loop):
            name = getattr(task.get_coro(), "__name__", task.get_name())
            trace.problems.append(Problem("pending-task", f"the task {name}() was still running at the end"))
        return stock(loop)

    asyncio._set_running_loop(None)
    asyncio.runners._cancel_all_tasks = cancel_all_tasks
    for module, _ in kept:
        module.new_event_loop = new_loop
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        asyncio.runners._cancel_all_tasks = stock
        for module, factory in kept:
            module.new_event_loop = factory


def check(names, source, only_with=None):
    """Runs a check against a notebook's names; one that fails raises its hint. With `only_with`, other
    checks, it counts only when one of them passes."""
    if only_with is not None and not any(_passes(names, other) for other in only_with):
        raise AssertionError("This counts once another check of the unit passes.")
    hint = " ".join(line.partition("hint:")[2].strip() for line in source.splitlines() if line.startswith("#| hint:"))
    lab = Lab(names)
    namespace = {"lab": lab, "__name__": "__check__"}
    try:
        exec(compile(source, "<check>", "exec", dont_inherit=True), namespace)
    except LabError:
        raise
    except Exception as error:
        raise AssertionError(_rendered(hint, namespace) or f"{type(error).__name__}: {error}") from None
    assert lab.share is None or lab.share >= 1, f"{lab.share:.0%} of the points, which Otter cannot give"


def _passes(names, source):
    try:
        check(names, source)
    except Exception:
        return False
    return True


def _rendered(template, namespace):
    parts = []
    try:
        for literal, field, spec, conversion in string.Formatter().parse(template):
            parts.append(literal)
            if field is not None:
                value = eval(field, namespace)
                parts.append(format({"r": repr, "s": str, "a": ascii}.get(conversion, lambda it: it)(value), spec or ""))
    except Exception:
        return None
    return "".join(parts)
