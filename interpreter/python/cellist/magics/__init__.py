"""Magics: what is there, how users add theirs, and how one is called.

The magics of Cellist stand in the modules of this package, which are loaded when one of theirs is
called. Each is a function ``name(shell, line)`` or, of a cell, ``name(shell, line, cell)``; one
that runs code that may await is a coroutine function.
"""

import sys

from cellist.magics.builtin import TABLE


class UsageError(Exception):
    """A magic was called in a way that makes no sense; shown without a traceback."""


UsageError.__module__ = "IPython.core.error"


def is_coroutine(value):
    """Whether a magic's result is to be awaited."""
    # No value of a user's class is asked: it could answer to every name.
    return type(value).__name__ == "coroutine" and hasattr(type(value), "cr_frame")




def no_var_expand(function):
    """The line is taken as it was typed: ``$x`` and ``{x}`` mean nothing special in it."""
    function._no_expansion = True
    return function


def needs_local_scope(function):
    """The magic also takes `local_ns`, the variables of the code that calls it."""
    function._needs_scope = True
    return function


def output_can_be_silenced(function):
    """A semicolon at the end of the line hides the value."""
    function._can_be_silenced = True
    return function


class MagicsManager:
    """The magics by kind and name: users' first, then ours."""

    def __init__(self, shell):
        self.shell = shell
        #: Functions of users: of a line, and of a line and a cell.
        self.magics = {"line": {}, "cell": {}}
        #: Instances of users' classes, by the name of the class.
        self.registry = {}
        self.auto_magic = False

    def register(self, *objects):
        """Registers the magics of classes that `magics_class` decorates, or of their instances."""
        for item in objects:
            instance = item(shell=self.shell) if isinstance(item, type) else item
            self.registry[type(instance).__name__] = instance
            for kind, names in type(instance).magics.items():
                for name, attribute in names.items():
                    function = getattr(instance, attribute) if isinstance(attribute, str) else attribute
                    self.magics[kind][name] = function

    def register_function(self, func, magic_kind="line", magic_name=None):
        """Registers a function as a magic."""
        name = magic_name or func.__name__
        for kind in _kinds(magic_kind):
            self.magics[kind][name] = func

    def remove(self, kind, name):
        """Takes a user's magic away."""
        self.magics[kind].pop(name, None)

    def find(self, kind, name):
        """The function that takes the line (and the cell) of a magic, or None."""
        name = name.lstrip("%")
        if name in self.magics[kind]:
            return self.magics[kind][name]
        if kind == "line" and name in self.shell.alias_table:
            from cellist.magics import scripts

            return lambda line: scripts.run_alias(self.shell, name, line)
        module, kinds = TABLE.get(name, (None, "line"))
        if module is None or kind not in _kinds(kinds):
            return None
        function = load(name)
        shell = self.shell

        def bound(line="", cell=None):
            return function(shell, line) if cell is None else function(shell, line, cell)

        bound.__name__, bound.__doc__, bound.__wrapped__ = name, function.__doc__, function
        for attribute in ("_no_expansion", "_can_be_silenced"):
            setattr(bound, attribute, getattr(function, attribute, False))
        return bound

    def names(self, kind):
        """All names of a kind, in order."""
        ours = [name for name, (_, kinds) in TABLE.items() if kind in _kinds(kinds)]
        aliases = list(self.shell.alias_table) if kind == "line" else []
        return sorted({*ours, *self.magics[kind], *aliases})

    def lsmagic(self):
        """The names by kind."""
        return {kind: self.names(kind) for kind in ("line", "cell")}

    def call_line(self, name, line):
        """Calls a line magic."""
        function = self.find("line", name)
        if function is None:
            raise self._unknown("line", name)
        quiet = getattr(function, "_can_be_silenced", False) and line.rstrip().endswith(";")
        if not getattr(function, "_no_expansion", False):
            line = self.shell.var_expand(line)
        result = function(line, **self._scope(function))
        return _silenced(result) if quiet else result

    def call_cell(self, name, line, cell):
        """Calls a cell magic."""
        function = self.find("cell", name)
        if function is None:
            raise self._unknown("cell", name)
        if not getattr(function, "_no_expansion", False):
            line = self.shell.var_expand(line)
        quiet = getattr(function, "_can_be_silenced", False) and cell.rstrip().endswith(";")
        result = function(line, cell, **self._scope(function))
        return _silenced(result) if quiet else result

    def _scope(self, function):
        wanted = getattr(function, "_needs_scope", False)
        return {"local_ns": self.shell.locals_of_cell()} if wanted else {}

    def _unknown(self, kind, name):
        mark = "%" if kind == "line" else "%%"
        text = f"{kind.capitalize()} magic function `{mark}{name}` not found"
        other = "cell" if kind == "line" else "line"
        if self.find(other, name) is not None:
            there = "%%" if kind == "line" else "%"
            return UsageError(f"{text} (But {other} magic `{there}{name}` exists, did you mean that instead?).")
        import difflib

        near = difflib.get_close_matches(name, self.names(kind), 3, 0.6)
        hint = f" Did you mean {' or '.join(f'`{mark}{other}`' for other in near)}?" if near else ""
        return UsageError(f"{text}.{hint} `%lsmagic` lists all.")


def _silenced(result):
    if not is_coroutine(result):
        return None

    async def silent():
        await result

    return silent()


def load(name):
    """The function of one of our magics."""
    import importlib

    module, _ = TABLE[name]
    loaded = importlib.import_module(f"cellist.magics.{module}")
    # Names that mean something else in Python have an underscore behind them.
    return getattr(loaded, name, None) or getattr(loaded, f"{name}_")


def _kinds(kind):
    if kind == "line_cell":
        return ("line", "cell")
    if kind not in ("line", "cell"):
        raise ValueError(f"a magic is of a line, a cell or a line_cell, not {kind!r}")
    return (kind,)


# What users write magics with


def _decorator(kind):
    def decorate(argument):
        # `@line_magic`, or `@line_magic("name")`.
        if callable(argument):
            argument._magic = (kind, argument.__name__)
            return argument

        def named(function):
            function._magic = (kind, argument)
            return function

        return named

    decorate.__name__ = f"{kind}_magic"
    decorate.__doc__ = f"Marks a method of a `Magics` class as a {kind} magic."
    return decorate


line_magic = _decorator("line")
cell_magic = _decorator("cell")
line_cell_magic = _decorator("line_cell")


def magics_class(cls):
    """Collects the magics of a class, so that ``register_magics`` finds them."""
    cls.registered = True
    cls.magics = {"line": {}, "cell": {}}
    for base in reversed(cls.__mro__):
        for attribute, value in vars(base).items():
            if hasattr(value, "_magic"):
                kind, name = value._magic
                for each in _kinds(kind):
                    cls.magics[each][name] = attribute
    return cls


class Magics:
    """Base of classes of magics; `shell` is what ``get_ipython()`` gives."""

    registered = False
    magics = {"line": {}, "cell": {}}
    options_table = {}

    def __init__(self, shell=None, **kwargs):
        if not self.registered:
            raise ValueError("Magics subclass without registration: did you forget to apply @magics_class?")
        if shell is None:
            from cellist.shell import current

            shell = current()
        self.shell = shell

    def default_option(self, fn, optstr):
        """Options that a magic always has."""
        self.options_table[fn] = optstr

    def parse_options(self, arg_str, opt_str, *long_opts, **kw):
        """``(options, rest)`` of a line; see `cellist.magics.options.parse`."""
        from cellist.magics import options

        return options.parse(arg_str, opt_str, *long_opts, **kw)


def _registering(kind):
    def register(func):
        from cellist.shell import current

        shell = current()
        if shell is None:
            raise NameError("magics can only be registered in a running session")
        if callable(func):
            shell.register_magic_function(func, kind)
            return func

        def named(function):
            shell.register_magic_function(function, kind, func)
            return function

        return named

    register.__name__ = f"register_{kind}_magic"
    register.__doc__ = f"Registers a function as a {kind} magic; with a string, under that name."
    return register


register_line_magic = _registering("line")
register_cell_magic = _registering("cell")
register_line_cell_magic = _registering("line_cell")


def complain(text):
    """Says something on the cell's standard error."""
    print(text, file=sys.stderr)
