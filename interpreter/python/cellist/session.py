"""One session: a namespace, and the cells that run in it."""

import _cellist
import _cellist_history
import _cellist_limits
import builtins
import contextvars
import sys

# Not `ast`, which imports much: a session starts before its first cell can.
import _ast as ast

from cellist import children, comm_module, display, fallback, lazy
from cellist.after_import import after_import
from cellist.memory import Memory
from cellist.origin import install as install_streams, origin

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_SHOW = "__cellist_show__"
#: Values whose text is longer are not noted in the history, unless they are to be kept.
_LONG = 1 << 16
#: As `inspect.CO_COROUTINE`.
_COROUTINE = 0x80

#: The main one.
_session = None
#: That of the subshell whose cell, task or thread this is.
_here = contextvars.ContextVar("cellist_session", default=None)


def current():
    """The session whose code runs: of a subshell, or the main one."""
    return _here.get() or _session


def main():
    """The main session."""
    return _session


def enter(session):
    """From now on this context's code is that session's."""
    _here.set(session)


def start(namespace, log=None):
    """Makes the session that runs cells in `namespace` (the dict of ``__main__``), and notes them
    as the shell `log` of the history."""
    global _session
    _session = Session(namespace, log)
    return _session


class Session:
    """Runs cells; every method is called by the Rust side, on the main thread."""

    #: Readable when comm messages may have come.
    wake = None
    #: Whether cells are told what they did wrong with tasks and coroutines (`cellist.advice`).
    warns = False

    def __init__(self, namespace, log=None):
        self.namespace = namespace
        #: The cells run so far, for child processes.
        self.sources = []
        self.memory = Memory(namespace)
        self.prepare(log)
        install_streams()
        self._install_builtins()
        if _cellist.virtual_now() is not None:
            # The native datetime asks the operating system; the one in Python asks `time`.
            sys.modules["_datetime"] = None
            from cellist import blocking

            blocking.install(after_import)
        if _cellist.seed() is not None:
            from cellist import schedule

            schedule.install(_cellist.seed())
        # Before: what is put off until it is used then waits behind it.
        after_import("subprocess", children.install)
        lazy.begin()
        comm_module.install()
        fallback.offer()
        after_import("asyncio", self._install_loop)
        after_import("warnings", self._install_advice)
        after_import("multiprocessing.spawn", self._install_processes)
        after_import("getpass", _install_getpass)
        after_import("tqdm", self._tell_tqdm)

    def prepare(self, log):
        """What a session has before its first cell."""
        self.context = contextvars.copy_context()
        self.count = 0
        self.silent = False
        self.kept = True
        #: The origin of the cell that runs, or ran last.
        self.home = 0
        self._lab = None
        #: Its number in the history, or None where there is none.
        self.log = log
        self.log_outputs = False
        #: The history has what the running cell was made into.
        self._noted = True
        #: What the running cell's end is told as, once somebody listens.
        self.result = None

    def _install_builtins(self):
        namespace = self.namespace
        namespace.setdefault("__builtins__", builtins)
        builtins.display = display.display
        builtins.input = _input
        builtins.get_ipython = _get_ipython
        setattr(builtins, _SHOW, _show)
        builtins.exit = builtins.quit = _Exit()
        # What checks run with, whatever a cell does to the real ones later.
        self.pristine = dict(builtins.__dict__)

    def _install_loop(self):
        from cellist import loop

        lazy.end()
        loop.install()
        from cellist import advice

        advice.install(self)
        # The first import may be that of a subshell's cell.
        if current().count:
            loop.enter_cell()

    def _install_advice(self):
        from cellist import advice

        advice.install_warnings(self)

    def _install_processes(self):
        from cellist import processes

        processes.install(self)

    def _tell_tqdm(self):
        if self.wake is None:
            # No front end: nobody could show a bar that is a widget.
            return
        # By these modules `tqdm.auto` knows a notebook.
        import IPython  # noqa: F401
        import ipykernel.zmqshell  # noqa: F401

    # Running

    def run_cell(self, source, home, count, silent, kept, expressions):
        """Runs a cell; returns a dict with the outcome."""
        self.count, self.silent, self.home, self.kept = count, silent, home, kept
        self.payload = []
        self.context.run(origin.set, home)
        # Also for what the loop itself prints between this cell and the next.
        origin.set(home)
        loop = sys.modules.get("cellist.loop")
        if loop is not None:
            loop.enter_cell()
        if kept and source.strip():
            self.memory.enter(count, source)
            if self.log is not None:
                _cellist_history.note(self.log, count, source)
        self._tell_shell("before_cell", source)
        outcome = self._outcome(source, expressions)
        advice = sys.modules.get("cellist.advice")
        if advice is not None:
            self.context.run(advice.after_cell, self)
        self._tell_shell("after_cell", outcome)
        return outcome

    def _tell_shell(self, method, *args):
        # Nobody listens as long as no cell has asked for the shell.
        module = sys.modules.get("cellist.shell")
        if module is not None and module.shell is not None:
            self.context.run(getattr(module.shell, method), *args)

    def _outcome(self, source, expressions):
        try:
            if _is_check(source):
                self.context.run(self._run_check_cell, source)
            elif _is_quiz(source):
                self.context.run(_run_quiz_cell, source)
            else:
                self._execute(source)
            results = self._evaluate(expressions)
            _cellist_limits.settle()
        except SystemExit as exc:
            return {"exit": _exit_code(exc)}
        except BaseException as exc:
            try:
                return _described(exc)
            except KeyboardInterrupt as stopped:
                # Another interrupt, while the error was being made into text: by `__str__`, say.
                if not isinstance(exc, KeyboardInterrupt):
                    stopped.__context__ = None
                    exc = stopped
                return _described(exc)
        return {"expressions": results, "payload": self.payload}

    def _execute(self, source):
        name = self.file = self.remember(source)
        self._noted = self.log is None or not self.kept
        code = self.compile(source, name)
        sys.modules["cellist.lines"].compiled(name, code)
        if code.co_flags & _COROUTINE:
            import asyncio  # noqa: F401  (installs our loop)

            from cellist import loop

            loop.enter_cell()
            coroutine = eval(code, self.namespace)
            _run(loop.run_cell, coroutine, code, self.context, f"cell {self.count}")
        else:
            _run(self.context.run, exec, code, self.namespace)

    def remember(self, source):
        """Gives the source a file name, under which tracebacks and ``inspect`` find its lines."""
        from cellist import lines

        return lines.remember(self.count, source)

    def compile(self, source, name, first_line=1):
        """The code of a cell that stands at this line of the file `name`."""
        tree = self.parse(source, name, first_line)
        if tree.body and not self.silent and not tree.quiet:
            for statement in self._displayed(tree.body):
                statement.value = _shown(statement.value)
        return self.compile_tree(tree, name)

    def parse(self, source, name, first_line=1):
        """The tree of a cell; its `quiet` says whether the cell ends in a semicolon."""
        rewritten = {}
        if _could_need_transform(source):
            from cellist import transform

            source, rewritten = transform.transform(source)
            if rewritten and not self._noted:
                self._noted = True
                _cellist_history.note_transformed(self.log, self.count, source)
        if first_line > 1:
            source = "\n" * (first_line - 1) + source
        tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | _FLAGS, dont_inherit=True)
        if rewritten:
            shift = first_line - 1
            transform.place(tree, {line + shift: length for line, length in rewritten.items()})
        tree.quiet = _ends_quietly(source)
        self.sources.append(source)
        return tree

    def compile_tree(self, tree, name):
        return compile(tree, name, "exec", _FLAGS, dont_inherit=True)

    def _displayed(self, body):
        """The expressions whose values are shown: the last statement, unless the user wants more."""
        module = sys.modules.get("cellist.shell")
        if module is not None:
            return module.displayed(body)
        return [body[-1]] if isinstance(body[-1], ast.Expr) else []

    def _show(self, value):
        """The display hook of a cell's last expression."""
        if value is None:
            return
        data, metadata = display.bundle(value)
        if self.kept:
            self.memory.keep(self.count, value)
            self._note_output(data)
        if data and display.captures:
            display.captures[-1](data, metadata, {}, False)
        elif data:
            _cellist.emit_result(self.home, self.count, data, metadata)
        if self.warns and type(value).__name__ in ("coroutine", "sleep"):
            from cellist import advice

            advice.unawaited_value(value, self)

    def _note_output(self, data):
        text = data.get("text/plain")
        if self.log is None or not isinstance(text, str):
            return
        if self.log_outputs or len(text) <= _LONG:
            _cellist_history.note_output(self.log, self.count, text, self.log_outputs)

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

    def run_check(self, identifier, source, clock, watched):
        """Runs a check; returns a dict with its outcome. `watched`: with a timeline, if it fails."""
        from cellist import check

        run = check.run_watched if watched else check.run
        return self.context.run(_run, run, identifier, source, self.lab(), self.pristine, clock)

    def prepare_check(self, identifier, source, anew):
        """Compiles a check ahead."""
        from cellist import check

        check.prepare(identifier, source, anew)

    def _run_check_cell(self, source):
        from cellist import advice, check, progress

        with advice.paused():
            outcome = _run(check.run_cell, source, self.lab(), self.pristine)
            progress.note_cell(self.namespace, source, outcome)
        if not outcome["passed"] and check.header(source).get("on-failure") == "raise":
            # For graders that know no checks, such as nbgrader.
            raise AssertionError(outcome["hint"] or outcome["message"])

    # Between cells

    def idle(self, fd):
        """Drives background tasks until `fd` is readable. True if there is a loop to drive."""
        loop = sys.modules.get("cellist.loop")
        if loop is None or not loop.exists():
            return False
        loop.idle(fd)
        return True

    def listen(self, fd):
        """While a cell awaits, comm messages are asked for when `fd` is readable."""
        self.wake = fd

    def finish(self):
        loop = sys.modules.get("cellist.loop")
        if loop is not None:
            loop.finish()

    # Introspection

    def complete(self, source, cursor):
        from cellist import introspect

        return introspect.complete(source, cursor, self.namespace)

    def inspect(self, source, cursor, detail, omit):
        from cellist import introspect

        return introspect.inspect_at(source, cursor, detail, self.namespace, omit)

    def is_complete(self, source):
        from cellist import introspect

        return introspect.is_complete(source)


def _show(value):
    """The display hook of a cell's last expression."""
    current()._show(value)


def _shown(value):
    """The call that shows the value of an expression, as if it stood there."""
    # To have nodes made by the parser is far cheaper than to make them.
    call = compile(f"{_SHOW}(0)", "", "eval", ast.PyCF_ONLY_AST, dont_inherit=True).body
    call.args[0] = value
    for node in call, call.func:
        node.lineno, node.col_offset = value.lineno, value.col_offset
        node.end_lineno, node.end_col_offset = value.end_lineno, value.end_col_offset
    return call


def _run(function, *args):
    """Runs the user's code."""
    if not _cellist_limits.counts_instructions():
        return function(*args)
    from cellist import limits

    return limits.counting(function, *args)


def _is_check(source):
    """Whether a cell says in its first line that it is a check."""
    source = source.lstrip()
    if source.startswith("### BEGIN HIDDEN TESTS"):
        source = source.partition("\n")[2].lstrip()
    return source.startswith("#| check:")


def _is_quiz(source):
    """Whether a cell says in its first line that it answers a quiz."""
    return source.lstrip().startswith("#| quiz:")


def _run_quiz_cell(source):
    from cellist import quiz

    _run(quiz.run_cell, source)


def _could_need_transform(source):
    """False when a cell is certainly plain Python. Cheap: asked about every cell."""
    if "%" in source or "!" in source or "?" in source:
        return True
    return source[:1] in (" ", "\t", "\n") or source.startswith((">>>", "In"))


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


def _described(exc):
    from cellist import errors

    sys.last_exc = sys.last_value = exc
    sys.last_type, sys.last_traceback = type(exc), errors.trim(exc.__traceback__)
    return {"error": errors.describe(exc)}


def _exit_code(exc):
    code = exc.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _get_ipython():
    """The shell that runs this session, as IPython's function of this name gives it."""
    from cellist import shell

    return shell.current()


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
