"""The profiler in native code: as CPython's module of this name.

    import cProfile
    cProfile.run("work()", sort="cumulative")

    with cProfile.Profile() as profile:
        work()
    profile.print_stats("tottime")
"""

__all__ = ["run", "runctx", "Profile"]

import _lsprof
import importlib.machinery
import io
import marshal
import profile as _pyprofile
import types


def run(statement, filename=None, sort=-1):
    """Runs a statement in `__main__` under the profiler; prints the figures or writes them to a file."""
    return _pyprofile._Utils(Profile).run(statement, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    """As `run`, with these globals and locals."""
    return _pyprofile._Utils(Profile).runctx(statement, globals, locals, filename, sort)




class Profile(_lsprof.Profiler):
    """Profile(timer=None, timeunit=0.0, subcalls=True, builtins=True)

    Profiles what the thread that enables it runs. `timer` returns the time, in seconds or in units
    of `timeunit` seconds; `subcalls` keeps who called whom, `builtins` native functions too.
    """

    def print_stats(self, sort=-1):
        """Prints the figures, sorted by a key of `pstats` or several."""
        import pstats

        keys = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*keys).print_stats()

    def dump_stats(self, file):
        """Writes the figures to a file that `pstats` reads."""
        with open(file, "wb") as stream:
            self.create_stats()
            marshal.dump(self.stats, stream)

    def create_stats(self):
        """Ends the profile; its figures are then in `stats`."""
        self.disable()
        self.snapshot_stats()

    def snapshot_stats(self):
        """Makes `stats`, as `pstats` takes it: ``{(file, line, name): (calls that are not recursive,
        calls, seconds inside, seconds in all, callers)}``."""
        entries = self.getstats()
        callers = {}
        figures = {}
        for entry in entries:
            figures.setdefault(label(entry.code), []).append(entry)
        for entry in entries:
            caller = label(entry.code)
            for called in entry.calls or ():
                found = callers.setdefault(label(called.code), {})
                found[caller] = _sum(found.get(caller), called)
        self.stats = {}
        for name, several in figures.items():
            total = None
            for entry in several:
                total = _sum(total, entry)
            calls, plain, inside, whole = total
            # `pstats` wants the calls that are not recursive first here, and last there.
            self.stats[name] = (plain, calls, inside, whole, callers.get(name, {}))

    def run(self, cmd):
        """Profiles a statement in `__main__`."""
        import __main__

        names = __main__.__dict__
        return self.runctx(cmd, names, names)

    def runctx(self, cmd, globals, locals):
        """Profiles a statement with these globals and locals."""
        self.enable()
        try:
            exec(cmd, globals, locals)
        finally:
            self.disable()
        return self

    def runcall(self, func, /, *args, **kw):
        """Profiles one call; returns its value."""
        self.enable()
        try:
            return func(*args, **kw)
        finally:
            self.disable()

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()


def _sum(before, entry):
    """``(calls, calls that are not recursive, seconds inside, seconds in all)`` with one entry more."""
    calls, plain, inside, whole = before or (0, 0, 0.0, 0.0)
    return (calls + entry.callcount, plain + entry.callcount - entry.reccallcount,
            inside + entry.inlinetime, whole + entry.totaltime)


def label(code):
    """``(file, line, name)`` of a code object, or of the text for a native function."""
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


def main():
    """``python -m cProfile [-o FILE] [-s KEY] [-m MODULE | SCRIPT] ...``"""
    import argparse
    import os
    import pstats
    import runpy
    import sys

    keys = sorted(pstats.Stats.sort_arg_dict_default)
    parser = argparse.ArgumentParser(prog="cProfile", description="Run a script under the profiler.")
    parser.add_argument("-o", "--outfile", help="write the figures to this file, for pstats")
    parser.add_argument("-s", "--sort", default="stdname" if "stdname" in keys else -1, metavar="KEY",
                        help=f"order of the printed figures: {', '.join(keys)}")
    parser.add_argument("-m", dest="module", action="store_true", help="the program is a module")
    parser.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")
    given = parser.parse_args()
    if given.sort not in keys and given.sort != -1:
        parser.error(f"option -s: invalid choice: {given.sort!r} (choose from {', '.join(map(repr, keys))})")
    if not given.program:
        parser.print_usage()
        sys.exit(2)
    if given.outfile is not None:
        # The program may change the folder.
        given.outfile = os.path.abspath(given.outfile)
    sys.argv[:] = given.program
    program = given.program[0]
    if given.module:
        code = "run_module(name, run_name='__main__', alter_sys=True)"
        names = {"run_module": runpy.run_module, "name": program}
    else:
        sys.path.insert(0, os.path.dirname(program))
        with io.open_code(program) as file:
            code = compile(file.read(), program, "exec")
        spec = importlib.machinery.ModuleSpec("__main__", None, origin=program)
        module = types.ModuleType("__main__")
        module.__dict__.update(__spec__=spec, __file__=program, __builtins__=__builtins__)
        # What the program defines is found in `__main__`, as by pickle.
        sys.modules["__main__"] = module
        names = module.__dict__
    try:
        runctx(code, names, None, given.outfile, given.sort)
    except BrokenPipeError as error:
        # As a program does whose reader has left.
        sys.stdout = None
        sys.exit(error.errno)


if __name__ == "__main__":
    main()
