"""Help and settings: ``%lsmagic``, ``%magic``, ``obj?``, ``%config``."""

import inspect

from cellist.magics import UsageError


class _List:
    """The magics, printed as a list."""

    def __init__(self, manager):
        self._manager = manager

    def __repr__(self):
        line, cell = self._manager.names("line"), self._manager.names("cell")
        return (f"Available line magics:\n{'  '.join('%' + name for name in line)}\n\n"
                f"Available cell magics:\n{'  '.join('%%' + name for name in cell)}\n\n"
                "Automagic is OFF, % prefix IS needed for line magics.")

    def _repr_json_(self):
        return {kind: {name: "" for name in self._manager.names(kind)} for kind in ("line", "cell")}


def lsmagic(shell, line):
    """List the magics."""
    return _List(shell.magics_manager)


def magic(shell, line):
    """Explain the magics, each with its first line."""
    parts = ["A magic begins with % and takes the rest of its line, or with %% and takes the rest of\n"
             "its cell. `%name?` explains one.\n"]
    for kind, mark in (("line", "%"), ("cell", "%%")):
        for name in shell.magics_manager.names(kind):
            document = inspect.getdoc(shell.magics_manager.find(kind, name)) or ""
            parts.append(f"{mark + name:<18}{document.splitlines()[0] if document else ''}")
    _page(shell, "\n".join(parts))


def quickref(shell, line):
    """A page about all that is special in cells."""
    _page(shell, _QUICK)


_QUICK = """\
x?  x??            what x is; with its source       x.*b*?  names that match
%magic  %%magic    of a line, of a whole cell       %lsmagic  all of them
!command           a shell command; $x and {x} are Python's
y = !command       its output as a list of lines    _exit_code  how it ended
_  __  ___         the last values                  Out[3], _3  value of cell 3
In[3], _i3         source of cell 3                 expression;  not shown
await x            at the level of a cell           asyncio.run(main())  too
%time  %timeit     how long code takes              %prun  where the time goes
%pip install x     packages in pure Python          %who  your variables
%debug             after an exception, its frames   %history  earlier cells
"""


def _page(shell, text):
    shell.page(text)


def _found(shell, name):
    """``(value, name)`` of what help is asked about."""
    name = name.strip().rstrip(";")
    if not name:
        raise UsageError("help about what? Write `name?`")
    if name.startswith("%"):
        for kind in ("cell", "line") if name.startswith("%%") else ("line", "cell"):
            function = shell.find_magic(name, kind)
            if function is not None:
                return getattr(function, "__wrapped__", function), name
        raise UsageError(f"Object `{name}` not found.")
    try:
        return shell.ev(name), name
    except Exception:
        function = shell.find_magic(name, "line") or shell.find_magic(name, "cell")
        if function is not None:
            return getattr(function, "__wrapped__", function), "%" + name
        raise UsageError(f"Object `{name}` not found.") from None


def _explain(shell, line, detail):
    from cellist.introspect import describe

    value, name = _found(shell, line)
    _page(shell, describe.describe(value, name, detail))


def pinfo(shell, line):
    """Explain an object: `name?`."""
    _explain(shell, line, 0)


def pinfo2(shell, line):
    """Explain an object with its source: `name??`."""
    _explain(shell, line, 1)


def pdoc(shell, line):
    """Show an object's documentation."""
    value, name = _found(shell, line)
    document = inspect.getdoc(value)
    if document is None:
        print(f"No documentation found for {name}")
    else:
        _page(shell, f"Class docstring:\n{document}" if isinstance(value, type) else document)


def psource(shell, line):
    """Show an object's source."""
    value, name = _found(shell, line)
    try:
        _page(shell, inspect.getsource(value))
    except (OSError, TypeError):
        print(f"No source found for {name}")


def pdef(shell, line):
    """Show how an object is called."""
    value, name = _found(shell, line)
    try:
        print(f" {name}{inspect.signature(value)}")
    except (TypeError, ValueError):
        print(f"No definition header found for {name}")


def pfile(shell, line):
    """Show the file in which an object is defined."""
    value, name = _found(shell, line)
    try:
        with open(inspect.getsourcefile(value), encoding="utf-8") as file:
            _page(shell, file.read())
    except (OSError, TypeError):
        print(f"No file found for {name}")


def config(shell, line):
    """Show or change settings: %config, %config CLASS, %config CLASS.NAME = VALUE."""
    from cellist.config import SETTINGS

    text = line.strip()
    if not text:
        print("Available objects for config:")
        for name in SETTINGS:
            print(f"    {name}")
        return None
    target, assigned, source = text.partition("=")
    section, _, name = target.strip().partition(".")
    if section not in SETTINGS:
        if assigned and name.isidentifier() and section.isidentifier():
            # Somebody else's section, such as InlineBackend: kept, as nothing here reads it.
            shell.config[section][name] = shell.ev(source.strip())
            return None
        raise UsageError(f"Invalid config statement: {text!r}; `%config` lists what there is")
    settings = SETTINGS[section]
    if not name:
        for key, setting in settings.items():
            print(f"{section}.{key} = {setting.read(shell)!r}\n    {setting.description}")
        return None
    if name not in settings:
        raise UsageError(f"{section} has no setting `{name}`; it has {', '.join(settings)}")
    if not assigned:
        return settings[name].read(shell)
    try:
        value = shell.ev(source.strip())
    except (NameError, SyntaxError):
        # As on a command line, a word needs no quotes.
        value = source.strip()
    try:
        settings[name].write(shell, value)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None
    return None


def connect_info(shell, line):
    """Show how other clients reach this kernel."""
    # A kernel is told its connection file by its command line.
    with open("/proc/self/cmdline", encoding="utf-8", errors="surrogateescape") as file:
        words = file.read().split("\0")
    names = ("-f", "--connection-file")
    path = next((after for word, after in zip(words, words[1:]) if word in names), None)
    if path is None or not path.endswith(".json"):
        raise UsageError("this session is not a kernel that others could reach")
    with open(path, encoding="utf-8") as file:
        print(file.read())
    print(f"Another client connects to this kernel by:\n    jupyter console --existing {path}")


def subshell(shell, line):
    """List the subshells, and say which one runs this cell."""
    import os
    import threading

    from cellist import subshells

    print(f"subshell id: {subshells.current()}\n"
          f"thread id: {threading.get_ident()} ({threading.current_thread().name})\n"
          f"main thread id: {threading.main_thread().ident}\n"
          f"pid: {os.getpid()}\n"
          f"thread count: {threading.active_count()}\n"
          f"subshell list: {list(subshells.known)}")


def automagic(shell, line):
    """Say that a magic always needs its %."""
    print("Automagic is OFF, % prefix IS needed for line magics.")


def autocall(shell, line):
    """Say that a call always needs its parentheses."""
    print("Automatic calling is: OFF")
