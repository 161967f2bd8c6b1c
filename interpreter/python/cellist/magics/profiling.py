"""Where time and memory go: ``%prun`` and ``%memit``."""

from cellist.magics import UsageError, no_var_expand, options


def _profiler():
    try:
        import cProfile as profile
    except ImportError:
        import profile
    return profile.Profile()


@no_var_expand
def prun(shell, line, cell=None):
    """Run code under the profiler: %prun [-s KEY] [-l LIMIT] [-r] [-q] [-T FILE] [-D FILE] statement.

    -s  order: tottime (the default), cumtime, ncalls, name, filename, …
    -l  a number of lines, a fraction, or part of a name; may come more than once
    -r  return the pstats.Stats    -q  show nothing
    -T  write the text to a file   -D  write the data to a file, for pstats
    """
    import io
    import pstats

    given, statement = options.parse(line, "D:l:rs:T:q", posix=False, list_all=True)
    source = statement if cell is None else f"{statement}\n{cell}"
    if not source.strip():
        raise UsageError("%prun needs a statement")
    code = shell.compile_quiet(source if cell is None or statement else cell)
    profiler = _profiler()
    ended = ""
    try:
        profiler.runcall(shell.run, code)
    except SystemExit:
        ended = "*** SystemExit exception caught in code being profiled."
    except KeyboardInterrupt:
        ended = "*** KeyboardInterrupt exception caught in code being profiled."
    stream = io.StringIO()
    try:
        stats = pstats.Stats(profiler, stream=stream).strip_dirs().sort_stats(*_keys(given.get("s", "tottime")))
    except KeyError as error:
        raise UsageError(f"%prun cannot sort by {error}") from None
    stats.print_stats(*_limits(given.get("l", [])))
    text = stream.getvalue().rstrip() + "\n"
    if "q" not in given:
        shell.page(text)
    if ended:
        print(ended)
    if "T" in given:
        with open(given["T"], "w", encoding="utf-8") as file:
            file.write(text)
        print(f"\n*** Profile printout saved to text file {given['T']!r}.{ended}")
    if "D" in given:
        stats.dump_stats(given["D"])
        print(f"\n*** Profile stats marshalled to file {given['D']!r}.{ended}")
    return stats if "r" in given else None


def _keys(keys):
    return keys if isinstance(keys, list) else [keys]


def _limits(limits):
    for limit in limits if isinstance(limits, list) else [limits]:
        for kind in (int, float, str):
            try:
                yield kind(limit)
                break
            except ValueError:
                continue


def _resident():
    """Resident memory of the process in MiB."""
    import os

    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@no_var_expand
def memit(shell, line, cell=None):
    """Measure the memory that code needs: %memit [-r RUNS] [-i SECONDS] [-o] statement.

    Prints the highest resident memory of the process while the code runs, and by how much it is
    above that of before. -i: seconds between two looks, 0.01; -o returns the figures.
    """
    import gc

    given, statement = options.parse(line, "r:i:t:co", posix=False)
    source = statement if cell is None else f"{statement}\n{cell}"
    try:
        runs, interval = int(given.get("r", 1)), float(given.get("i", 0.01))
    except ValueError:
        raise UsageError("-r takes a number of runs, -i one of seconds") from None
    code = shell.compile_quiet(source) if source.strip() else None
    gc.collect()
    before = _resident()
    peaks = []
    for _ in range(max(runs, 1)):
        with _Watch(interval) as watch:
            if code is not None:
                shell.run(code)
        peaks.append(watch.peak)
    usage = MemitResult(peaks, before)
    print(usage)
    return usage if "o" in given else None


class MemitResult:
    """`mem_usage`: the peaks in MiB; `baseline`: the memory before."""

    def __init__(self, mem_usage, baseline):
        self.mem_usage, self.baseline = mem_usage, baseline

    def __str__(self):
        peak = max(self.mem_usage)
        return f"peak memory: {peak:.2f} MiB, increment: {peak - self.baseline:.2f} MiB"

    def __repr__(self):
        return f"<MemitResult : {self}>"


class _Watch:
    """Looks at the memory every now and then, on a thread."""

    def __init__(self, interval):
        import threading

        self._interval = interval
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memit", daemon=True)
        self.peak = _resident()

    def _watch(self):
        while not self._done.wait(self._interval):
            self.peak = max(self.peak, _resident())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.peak = max(self.peak, _resident())
        self._done.set()
        self._thread.join()
