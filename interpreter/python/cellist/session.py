"""One session: a namespace, and the cells that run in it."""

import _cellist
import builtins
import contextvars
import sys

# Not `ast`, which imports much: a session starts before its first cell can.
import _ast as ast

from cellist import display
from cellist.origin import install as install_streams, origin

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_SHOW = "__cellist_show__"
#: As `inspect.CO_COROUTINE`.
_COROUTINE = 0x80

_session = None


def current():
    """The process's session."""
    return _session


def start(namespace):
    """Makes the session that runs cells in `namespace` (the dict of ``__main__``)."""
    global _session
    _session = Session(namespace)
    return _session


class Session:
    """Runs cells; every method is called by the Rust side, on the main thread."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.context = contextvars.copy_context()
        self._count = 0
        self._silent = False
        self._home = 0
        self._lab = None
        #: The cells run so far, for child processes.
        self.sources = []
        install_streams()
        self._install_builtins()
        if _cellist.virtual_now() is not None:
            # The native datetime asks the operating system; the one in Python asks `time`.
            sys.modules["_datetime"] = None
        _after_import("asyncio", self._install_loop)
        _after_import("multiprocessing.spawn", self._install_processes)
        _after_import("getpass", _install_getpass)

    def _install_builtins(self):
        namespace = self.namespace
        namespace.setdefault("__builtins__", builtins)
        builtins.display = display.display
        builtins.input = _input
        setattr(builtins, _SHOW, self._show)
        builtins.exit = builtins.quit = _Exit()
        # What checks run with, whatever a cell does to the real ones later.
        self.pristine = dict(builtins.__dict__)

    def _install_loop(self):
        from cellist import loop

        loop.install()
        if self._count:
            loop.enter_cell()

    def _install_processes(self):
        from cellist import processes

        processes.install(self)

    # Running

    def run_cell(self, source, home, count, silent, expressions):
        """Runs a cell; returns a dict with the outcome."""
        self._count, self._silent, self._home = count, silent, home
        self.payload = []
        self.context.run(origin.set, home)
        # Also for what the loop itself prints between this cell and the next.
        origin.set(home)
        loop = sys.modules.get("cellist.loop")
        if loop is not None:
            loop.enter_cell()
        try:
            if source.lstrip().startswith("#| check:"):
                self.context.run(self._run_check_cell, source)
            else:
                self._execute(source)
        except SystemExit as exc:
            return {"exit": _exit_code(exc)}
        except BaseException as exc:
            from cellist import errors

            sys.last_exc = sys.last_value = exc
            sys.last_type, sys.last_traceback = type(exc), errors.trim(exc.__traceback__)
            return {"error": errors.describe(exc)}
        return {"expressions": self._evaluate(expressions), "payload": self.payload}

    def _execute(self, source):
        if source[:1] in (" ", "\t"):
            # Pasted from within a block: runs all the same, as in IPython.
            import textwrap

            source = textwrap.dedent(source)
        name = self._remember(source)
        code = self._compile(source, name)
        self.sources.append(source)
        if code.co_flags & _COROUTINE:
            import asyncio  # noqa: F401  (installs our loop)

            from cellist import loop

            loop.enter_cell()
            coroutine = eval(code, self.namespace)
            loop.run_cell(coroutine, code, self.context, f"cell {self._count}")
        else:
            self.context.run(exec, code, self.namespace)

    def _remember(self, source):
        """Gives the source a file name, under which tracebacks and ``inspect`` find its lines."""
        import linecache

        name = f"Cell In[{self._count}]"
        lines = source.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        attempt = 1
        while name in linecache.cache and linecache.cache[name][2] != lines:
            attempt += 1
            name = f"Cell In[{self._count}.{attempt}]"
        linecache.cache[name] = (len(source), None, lines, name)
        return name

    def _compile(self, source, name):
        tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | _FLAGS, dont_inherit=True)
        if tree.body and not self._silent and not _ends_quietly(source):
            last = tree.body[-1]
            if isinstance(last, ast.Expr):
                at = {key: getattr(last.value, key) for key in last.value._attributes}
                show = ast.Name(_SHOW, ast.Load(), **at)
                last.value = ast.Call(show, [last.value], [], **at)
        return compile(tree, name, "exec", _FLAGS, dont_inherit=True)

    def _show(self, value):
        """The display hook of a cell's last expression."""
        if value is None:
            return
        data, metadata = display.bundle(value)
        self.namespace["_"] = value
        _cellist.emit_result(self._home, self._count, data, metadata)

    def _evaluate(self, expressions):
        results = {}
        for name, source in (expressions or {}).items():
            try:
                value = self.context.run(eval, source, self.namespace)
                data, metadata = display.bundle(value)
                results[name] = {"status": "ok", "data": data, "metadata": metadata}
            except BaseException as exc:
                from cellist import errors

                results[name] = {"status": "error", **errors.describe(exc)}
        return results

    # Checks

    def lab(self):
        from cellist import laboratory

        if self._lab is None:
            self._lab = laboratory.Lab(self.namespace)
        return self._lab

    def run_check(self, identifier, source, clock):
        """Runs a check; returns a dict with its outcome."""
        from cellist import check

        return self.context.run(check.run, identifier, source, self.lab(), self.pristine, clock)

    def _run_check_cell(self, source):
        from cellist import check

        check.run_cell(source, self.lab(), self.pristine)

    # Between cells

    def idle(self, fd):
        """Drives background tasks until `fd` is readable. True if there is a loop to drive."""
        loop = sys.modules.get("cellist.loop")
        if loop is None or not loop.exists():
            return False
        loop.idle(fd)
        return True

    def finish(self):
        loop = sys.modules.get("cellist.loop")
        if loop is not None:
            loop.finish()

    # Introspection

    def complete(self, source, cursor):
        from cellist import introspect

        return introspect.complete(source, cursor, self.namespace)

    def inspect(self, source, cursor, detail):
        from cellist import introspect

        return introspect.inspect_at(source, cursor, detail, self.namespace)

    def is_complete(self, source):
        from cellist import introspect

        return introspect.is_complete(source)


def _ends_quietly(source):
    """True when the cell's last line ends in a semicolon: its value is not displayed."""
    if ";" not in source:
        return False
    import io
    import tokenize

    last = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER):
                last = token
    except (tokenize.TokenError, SyntaxError):
        return False
    return last is not None and last.string == ";"


def _exit_code(exc):
    code = exc.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _input(prompt="", /):
    """Read a string from the user of the notebook."""
    return _cellist.ask(origin.get(), str(prompt), False)


def _install_getpass():
    import getpass

    def ask(prompt="Password: ", stream=None, *, echo_char=None):
        """Prompt for a password, with echo turned off."""
        return _cellist.ask(origin.get(), str(prompt), True)

    ask.__name__ = ask.__qualname__ = "getpass"
    ask.__module__ = "getpass"
    getpass.getpass = ask


class _Exit:
    """``exit`` and ``quit`` in a cell."""

    def __repr__(self):
        return "Use exit() or quit() to end the kernel"

    def __call__(self, code=None):
        raise SystemExit(code)


def _after_import(name, installed):
    """Runs `installed` once the module has been imported: now, if it has been."""
    if name in sys.modules:
        installed()
    else:
        sys.meta_path.insert(0, _ImportWatch(name, installed))


class _ImportWatch:
    """Runs `installed` right after one module has been imported, and then is gone."""

    def __init__(self, name, installed):
        self._name, self._installed = name, installed

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        spec.loader = _AfterLoader(spec.loader, self._installed)
        return spec


class _AfterLoader:
    def __init__(self, loader, after):
        self._loader, self._after = loader, after

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        module.__spec__.loader = self._loader
        self._after()
