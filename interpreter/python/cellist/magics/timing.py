"""``%time`` and ``%timeit``: how long code takes."""

import _ast as ast
import time as clocks

import _cellist

from cellist.magics import UsageError, no_var_expand, options, output_can_be_silenced

#: `%timeit` chooses as many loops as last for so many seconds.
ENOUGH = 0.2


def format_time(seconds, precision=3):
    """A time for people: ``1min 2s``, ``3.4 ms``, ``12 ns``."""
    if seconds >= 60:
        return _long_time(seconds)
    if seconds <= 0:
        return f"{seconds:.{precision}g} ns"
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9)):
        if seconds * scale >= 1 or unit == "ns":
            return f"{seconds * scale:.{precision}g} {unit}"


def _long_time(seconds):
    parts, rest = [], seconds
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{int(count)}{unit}")
    return " ".join(parts)


def _processor_times():
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


@no_var_expand
@output_can_be_silenced
async def time(shell, line, cell=None):
    """Time the execution of a statement or of a cell.

    %time f(x)          the value is that of the expression
    %time await f(x)
    %%time              the rest of the cell

    On the virtual clock the wall time is virtual.
    """
    if cell is not None and line.strip():
        raise UsageError("Can't use statement directly after '%%time'!")
    source = cell if cell is not None else line
    if not source.strip():
        raise UsageError("%time needs a statement, or %%time a cell")
    code = shell.compile_value(source)
    user, system = _processor_times()
    begun = clocks.perf_counter()
    try:
        return await shell.run_awaiting(code)
    finally:
        wall = clocks.perf_counter() - begun
        user, system = (now - then for now, then in zip(_processor_times(), (user, system)))
        print(f"CPU times: user {format_time(user)}, sys: {format_time(system)}, "
              f"total: {format_time(user + system)}")
        print(f"Wall time: {format_time(wall)}")


class TimeitResult:
    """What `%timeit -o` returns: `average`, `stdev`, `best`, `worst`, `all_runs`, `timings`."""

    def __init__(self, loops, repeat, all_runs, compile_time, precision):
        self.loops, self.repeat = loops, repeat
        self.all_runs = all_runs
        self.compile_time = compile_time
        self.timings = [run / loops for run in all_runs]
        self.best, self.worst = min(self.timings), max(self.timings)
        self._precision = precision

    @property
    def average(self):
        return sum(self.timings) / len(self.timings)

    @property
    def stdev(self):
        mean = self.average
        return (sum((x - mean) ** 2 for x in self.timings) / len(self.timings)) ** 0.5

    def __str__(self):
        mean, spread = (format_time(x, self._precision) for x in (self.average, self.stdev))
        runs, loops = "s"[: self.repeat != 1], "s"[: self.loops != 1]
        return (f"{mean} ± {spread} per loop (mean ± std. dev. of {self.repeat} run{runs}, "
                f"{self.loops:,} loop{loops} each)")

    def __repr__(self):
        return f"<TimeitResult : {self}>"

    def _repr_pretty_(self, printer, cycle):
        printer.text(repr(self))


@no_var_expand
async def timeit(shell, line, cell=None, local_ns=None):
    """Time a statement by running it many times.

    %timeit [-n LOOPS] [-r RUNS] [-p DIGITS] [-q] [-o] [-t] [-c] statement
    %%timeit [options] setup      the cell is what is timed, `setup` runs before each run

    -n  loops of each run; otherwise as many as last 0.2 s
    -r  runs, 7
    -p  digits, 3
    -q  print nothing
    -o  return a TimeitResult
    -t  wall time (as without options), -c  processor time
    """
    given, statement = options.parse(line, "n:r:tcp:qov:", posix=False)
    if not statement and cell is None:
        raise UsageError("%timeit needs a statement")
    setup, body = ("", statement) if cell is None else (statement, cell)
    timer = clocks.process_time if "c" in given else clocks.perf_counter
    begun = clocks.perf_counter()
    run = _looping(shell, setup, body)
    compile_time = clocks.perf_counter() - begun
    repeat = _number(given, "r", 7)
    precision = _number(given, "p", 3)
    loops = _number(given, "n", 0)
    with _no_collections():
        if not loops:
            loops = await _enough_loops(run, timer)
        runs = [await run(range(loops), timer) for _ in range(repeat)]
    result = TimeitResult(loops, repeat, runs, compile_time, precision)
    if "q" not in given:
        print(result)
    return result if "o" in given else None


def _number(given, name, default):
    try:
        number = int(given.get(name, default))
    except ValueError:
        raise UsageError(f"-{name} takes a number, not {given[name]!r}") from None
    if number < 1 and name in given:
        raise UsageError(f"-{name} takes a positive number, not {number}")
    return number


async def _enough_loops(run, timer):
    loops = 1
    # Virtual time does not pass while code computes: no number of loops would be enough.
    while await run(range(loops), timer) < ENOUGH and _cellist.virtual_now() is None:
        loops *= 10
        if loops >= 10**9:
            break
    return loops


class _no_collections:
    def __enter__(self):
        import gc

        self._enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *exc):
        import gc

        if self._enabled:
            gc.enable()


_LOOP = """
def run(_it, _timer):
    _before = _timer()
    for _i in _it:
        pass
    return _timer() - _before
"""


def _looping(shell, setup, body):
    """A coroutine function of ``(iterable, timer)`` that runs the body in a loop, as statements of
    one function: names are as fast as in a user's function."""
    session = shell.session
    place = shell._place(body)
    name = place[0]
    before = session.parse(setup, "<timeit setup>")
    inner = session.parse(body, *place)
    awaits = any(session.compile_tree(tree, name).co_flags & 0x80 for tree in (before, inner))
    template = compile(("async " if awaits else "") + _LOOP.strip(), name, "exec", ast.PyCF_ONLY_AST)
    function = template.body[0]
    loop = function.body[1]
    if inner.body:
        loop.body = inner.body
    function.body[:0] = before.body
    found = {}
    exec(compile(template, name, "exec"), shell.user_ns, found)
    run = found["run"]
    if awaits:
        return run

    async def plain(iterable, timer):
        return run(iterable, timer)

    return plain
