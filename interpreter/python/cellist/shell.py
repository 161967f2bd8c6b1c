"""What ``get_ipython()`` gives: the session as notebooks written for IPython know it.

Made when a cell first asks for it; until then a session pays nothing for it.
"""

import _ast as ast
import _cellist
import builtins
import contextvars
import sys

from cellist import config, events, magics
from cellist import session as sessions
from cellist.execution import ExecutionInfo, ExecutionResult
from cellist.origin import origin

_COROUTINE = 0x80
#: Where a cell's last value is kept for the magic that runs it.
_VALUE = "__cellist_value__"

#: The process's shell, once somebody has asked for it.
shell = None


def current():
    """The process's shell; None where there is no session, as under ``cellist python``."""
    global shell
    if shell is None and sessions.current() is not None:
        shell = ZMQInteractiveShell(sessions.current())
    return shell


def displayed(body):
    """The expressions of a cell whose values are shown."""
    wanted = current().ast_node_interactivity
    if wanted == "none":
        return []
    if wanted == "all":
        return [node for node in body if isinstance(node, ast.Expr)]
    last = body[-1]
    if wanted == "last_expr_or_assign" and isinstance(last, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        target = last.targets[0] if isinstance(last, ast.Assign) else last.target
        if isinstance(target, ast.Name):
            at = {key: getattr(target, key) for key in target._attributes}
            last = ast.Expr(ast.Name(target.id, ast.Load(), **at), **at)
            body.append(last)
    return [last] if isinstance(last, ast.Expr) else []


class InteractiveShell(config.Configurable):
    """The shell of a session. There is one: `InteractiveShell.instance()`."""

    #: Which values of a cell are shown: ``last_expr``, ``last_expr_or_assign``, ``all``, ``none``.
    ast_node_interactivity = "last_expr"
    #: How much a traceback tells: ``Plain``, ``Context``, ``Verbose``, ``Minimal``.
    xmode = "Context"
    colors = "linux"
    autoawait = True
    automagic = False
    loop_runner = None
    banner1 = banner2 = ""
    name = "cellist"

    def __init__(self, session):
        self.user_ns = self.user_global_ns = session.namespace
        self.user_module = sys.modules["__main__"]
        self.events = events.EventManager(self)
        self.magics_manager = magics.MagicsManager(self)
        self.config = config.Config(IPKernelApp={}, IPythonKernel={})
        self._custom_exceptions = ()
        self._custom_handler = None
        self._kernel = None
        self._history = None
        #: Where help goes: `print` for consoles without a pager.
        self.alias_table = {}

    @property
    def session(self):
        """The session whose cell runs: subshells share the shell."""
        return sessions.current()

    @classmethod
    def instance(cls, *args, **kwargs):
        """The process's shell."""
        return current()

    @classmethod
    def initialized(cls):
        return shell is not None

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} object at 0x{id(self):x}>"

    # Around cells (called by the session)

    def before_cell(self, source):
        info = ExecutionInfo(source, self.session.kept, self.session.silent)
        self.session.result = ExecutionResult(info, self.execution_count)
        self.events.trigger("pre_execute")
        if not info.silent:
            self.events.trigger("pre_run_cell", info)

    def after_cell(self, outcome):
        result = self.session.result or ExecutionResult(ExecutionInfo(""), self.execution_count)
        self.session.result = None
        if "error" in outcome:
            result.error_in_exec = sys.last_exc
        elif self.execution_count in self.session.memory.outputs:
            result.result = self.session.memory.outputs[self.execution_count]
        self.events.trigger("post_execute")
        if not self.session.silent:
            self.events.trigger("post_run_cell", result)

    # Running code

    @property
    def execution_count(self):
        return self.session.count

    @property
    def history_manager(self):
        if self._history is None:
            from cellist.history import History

            self._history = History()
        return self._history

    @property
    def display_formatter(self):
        from cellist import formatters

        return formatters.display_formatter

    @property
    def display_pub(self):
        from cellist import display

        return display.Publisher()

    @property
    def displayhook(self):
        return self.session

    @property
    def kernel(self):
        if self._kernel is None:
            from cellist.kernel import Kernel

            self._kernel = Kernel(self)
        return self._kernel

    parent = kernel

    def get_parent(self):
        """The message that caused what runs."""
        return self.kernel.get_parent()

    @property
    def parent_header(self):
        return self.get_parent()

    def run_cell(self, raw_cell, store_history=False, silent=False, shell_futures=True, cell_id=None):
        """Runs a cell within the one that runs; what it raises is shown and returned."""
        result = ExecutionResult(ExecutionInfo(raw_cell, store_history, silent), self.execution_count)
        try:
            code = self.compile(raw_cell)
        except Exception as exc:
            result.error_before_exec = exc
            self.showtraceback((type(exc), exc, None))
            return result
        try:
            self.run(code)
        except (Exception, KeyboardInterrupt) as exc:
            result.error_in_exec = exc
            self.showtraceback((type(exc), exc, exc.__traceback__))
        return result

    async def run_cell_async(self, raw_cell, **options):
        """As `run_cell`, where a loop runs already."""
        result = ExecutionResult(ExecutionInfo(raw_cell), self.execution_count)
        try:
            await self.run_awaiting(self.compile(raw_cell))
        except Exception as exc:
            result.error_in_exec = exc
            self.showtraceback((type(exc), exc, exc.__traceback__))
        return result

    def compile(self, source):
        """The code of a cell within this one, which shows its last value."""
        return self.session.compile(source, *self._place(source))

    def compile_value(self, source):
        """The code of a cell within this one, whose last value `run_awaiting` returns."""
        place = self._place(source)
        tree = self.session.parse(source, *place)
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            value = tree.body[-1].value
            at = {key: getattr(value, key) for key in value._attributes}
            tree.body[-1] = ast.Assign([ast.Name(_VALUE, ast.Store(), **at)], value, None, **at)
        return self.session.compile_tree(tree, place[0])

    def compile_quiet(self, source):
        """The code of a cell within this one, which shows nothing."""
        place = self._place(source)
        return self.session.compile_tree(self.session.parse(source, *place), place[0])

    def _place(self, source):
        """The file name and first line of a source: those of the cell that it is the end of."""
        memory = self.session.memory
        number = self.execution_count
        whole = memory.inputs[number] if number < len(memory.inputs) else ""
        if source and "\n" in whole and whole.endswith(source):
            return self.session.file, whole[: len(whole) - len(source)].count("\n") + 1
        return self.session.remember(source), 1

    def run(self, code):
        """Runs compiled code in the user's namespace, and the loop, if the code awaits."""
        if not code.co_flags & _COROUTINE:
            return eval(code, self.user_ns)
        return self.drive(eval(code, self.user_ns), code)

    async def run_awaiting(self, code):
        """Runs compiled code in the user's namespace; awaits it, if it is a coroutine's. Returns
        the value that `compile_value` keeps."""
        if code.co_flags & _COROUTINE:
            from cellist import loop

            with loop.cell_level(code):
                await eval(code, self.user_ns)
        else:
            eval(code, self.user_ns)
        return self.user_ns.pop(_VALUE, None)

    def drive(self, coroutine, code=None):
        """Runs a coroutine on the session's loop to its end, from a cell that does not await."""
        import asyncio  # noqa: F401  (installs our loop)

        from cellist import loop

        context = contextvars.copy_context()
        try:
            return loop.run_cell(coroutine, code, context, f"cell {self.execution_count}")
        finally:
            # A cell that awaits sets context variables as any other does.
            for variable, value in context.items():
                if variable.get(_MISSING) is not value:
                    variable.set(value)

    def ex(self, cmd):
        """Runs statements in the user's namespace."""
        exec(cmd, self.user_global_ns, self.user_ns)

    def ev(self, expr):
        """The value of an expression in the user's namespace."""
        return eval(expr, self.user_global_ns, self.user_ns)

    def push(self, variables, interactive=True):
        """Puts variables (a dict, or names of the caller's) into the user's namespace."""
        if isinstance(variables, (str, list, tuple)):
            names = variables.split() if isinstance(variables, str) else variables
            frame = sys._getframe(1)
            variables = {name: eval(name, frame.f_globals, frame.f_locals) for name in names}
        self.user_ns.update(variables)
        hidden = self.session.memory.hidden
        if interactive:
            hidden.difference_update(variables)
        else:
            hidden.update(variables)

    def del_var(self, varname, by_name=False):
        """Deletes a variable and, unless `by_name`, the other names of its value."""
        value = self.user_ns.pop(varname)
        if not by_name:
            for name in [name for name, other in self.user_ns.items() if other is value]:
                del self.user_ns[name]

    def drop_by_id(self, variables):
        """Takes variables away that still have these values."""
        for name, value in variables.items():
            if self.user_ns.get(name, _MISSING) is value:
                del self.user_ns[name]

    def reset(self, new_session=True, aggressive=False):
        """Empties the user's namespace."""
        from cellist.magics.namespace import user_names

        for name in user_names(self):
            self.user_ns.pop(name, None)
        self.session.memory.reset(inputs=new_session)

    def user_expressions(self, expressions):
        return self.session._evaluate(expressions)

    # Shell commands

    def system(self, cmd):
        """Runs a shell command; its output is the cell's, its exit code is `_exit_code`."""
        from cellist import commands

        self.user_ns["_exit_code"] = commands.run(self.var_expand(cmd))
        self.session.memory.hidden.add("_exit_code")

    system_raw = system_piped = system

    def getoutput(self, cmd, split=True, depth=0):
        """The output of a shell command, as a list of lines."""
        from cellist import commands

        return commands.output(self.var_expand(cmd), split)

    def var_expand(self, cmd, depth=0, formatter=None):
        """Puts values of variables for ``$name`` and ``{expression}``."""
        if "$" not in cmd and "{" not in cmd:
            return cmd
        from cellist import commands

        return commands.interpolate(cmd, {**vars(builtins), **self.user_ns, **self.locals_of_cell()})

    def locals_of_cell(self):
        """The variables of the code that calls: of a function, when it is one of a cell's."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_globals is self.user_ns:
                return frame.f_locals
            frame = frame.f_back
        return self.user_ns

    # Magics

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        """Runs ``%name line``."""
        return self._finished(self.magics_manager.call_line(magic_name, line), line)

    async def await_line_magic(self, magic_name, line):
        """As `run_line_magic`, in a cell that awaits."""
        result = self.magics_manager.call_line(magic_name, line)
        return await result if magics.is_coroutine(result) else result

    def run_cell_magic(self, magic_name, line, cell):
        """Runs ``%%name line`` with the rest of the cell."""
        return self._finished(self.magics_manager.call_cell(magic_name, line, cell), cell + line)

    def _finished(self, result, text):
        if not magics.is_coroutine(result):
            return result
        if "await" in text or "async" in text:
            return self.drive(result)
        # Nothing in it can wait, so it ends at the first step: no loop is needed.
        try:
            result.send(None)
        except StopIteration as stop:
            return stop.value
        result.close()
        raise RuntimeError("a magic waits although its code does not")

    def magic(self, arg_s):
        """Runs a line such as ``"time f()"``."""
        name, _, line = arg_s.lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip())

    def register_magics(self, *magic_objects):
        self.magics_manager.register(*magic_objects)

    def register_magic_function(self, func, magic_kind="line", magic_name=None):
        self.magics_manager.register_function(func, magic_kind, magic_name)

    def find_magic(self, magic_name, magic_kind="line"):
        return self.magics_manager.find(magic_kind, magic_name)

    def find_line_magic(self, magic_name):
        return self.find_magic(magic_name, "line")

    def find_cell_magic(self, magic_name):
        return self.find_magic(magic_name, "cell")

    @property
    def extension_manager(self):
        from cellist.magics import extensions

        return extensions.manager(self)

    # What the front end does

    def set_next_input(self, text, replace=False):
        """Puts text into the next cell, or with `replace` into this one."""
        self.session.payload.append({"source": "set_next_input", "text": text, "replace": bool(replace)})

    def page(self, data, start=0):
        """Shows text (or a MIME bundle) in the front end's pager."""
        if isinstance(data, str):
            data = {"text/plain": data}
        self.session.payload.append({"source": "page", "data": data, "start": start})

    def ask_exit(self):
        raise SystemExit

    def enable_gui(self, gui=None):
        if gui:
            raise magics.UsageError(f"there is no event loop of {gui!r} here")

    def enable_matplotlib(self, gui=None):
        return self.run_line_magic("matplotlib", gui or "")

    def enable_pylab(self, gui=None, import_all=True, welcome_message=False):
        return self.enable_matplotlib(gui)

    # Failures

    def showtraceback(self, exc_tuple=None, *args, **kwargs):
        """Shows an exception (else the one that is handled) without raising it."""
        from cellist import errors

        exc = exc_tuple[1] if exc_tuple else sys.exception() or getattr(sys, "last_exc", None)
        if exc is None:
            print("No traceback available to show.", file=sys.stderr)
            return
        said = errors.describe(exc)
        _cellist.emit_error(origin.get(), said["ename"], said["evalue"], said["traceback"])

    def showsyntaxerror(self, *args, **kwargs):
        self.showtraceback()

    def set_custom_exc(self, exc_tuple, handler):
        """Exceptions of these classes go to ``handler(shell, type, value, traceback, tb_offset=)``;
        what it returns (lines) is shown in the place of the traceback."""
        if not isinstance(exc_tuple, tuple):
            raise TypeError("the exceptions must be a tuple of classes")
        self._custom_exceptions = exc_tuple
        self._custom_handler = handler

    def custom_traceback(self, exc):
        """The lines that a user's handler has for an exception, or None."""
        if self._custom_handler is None or not isinstance(exc, self._custom_exceptions):
            return None
        lines = self._custom_handler(self, type(exc), exc, exc.__traceback__, tb_offset=None)
        if isinstance(lines, str):
            return lines.split("\n")
        return list(lines) if lines is not None else []


class ZMQInteractiveShell(InteractiveShell):
    """The name by which libraries know that they run in a notebook."""


_MISSING = object()


InteractiveShell.__module__ = "IPython.core.interactiveshell"
ZMQInteractiveShell.__module__ = "ipykernel.zmqshell"
