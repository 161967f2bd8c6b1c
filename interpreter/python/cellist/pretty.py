"""``repr`` for people: nested containers on several lines, as IPython prints them.

A class takes part with ``_repr_pretty_(self, printer, cycle)``; for a class of somebody else's,
`for_type` and `for_type_by_name` register a function ``(value, printer, cycle)``.
"""

import types
from io import StringIO

from cellist.layout import PrettyPrinter

MAX_SEQ_LENGTH = 1000


def pretty(obj, verbose=False, max_width=79, newline="\n", max_seq_length=MAX_SEQ_LENGTH):
    """The text of a value."""
    stream = StringIO()
    printer = RepresentationPrinter(stream, verbose, max_width, newline, max_seq_length=max_seq_length)
    printer.pretty(obj)
    printer.flush()
    return stream.getvalue()


def pprint(obj, verbose=False, max_width=79, newline="\n", max_seq_length=MAX_SEQ_LENGTH):
    """Prints the text of a value."""
    print(pretty(obj, verbose, max_width, newline, max_seq_length))


class RepresentationPrinter(PrettyPrinter):
    """A printer that knows how to write values."""

    def __init__(self, output, verbose=False, max_width=79, newline="\n",
                 singleton_pprinters=None, type_pprinters=None, deferred_pprinters=None,
                 max_seq_length=MAX_SEQ_LENGTH):
        super().__init__(output, max_width, newline, max_seq_length)
        self.verbose = verbose
        #: The values that are being written, to see that one contains itself.
        self.stack = []
        self.singleton_pprinters = {} if singleton_pprinters is None else singleton_pprinters
        self.type_pprinters = _by_type if type_pprinters is None else type_pprinters
        self.deferred_pprinters = _by_name if deferred_pprinters is None else deferred_pprinters

    def pretty(self, obj):
        """Writes a value."""
        identity = id(obj)
        cycle = identity in self.stack
        self.stack.append(identity)
        self.begin_group()
        try:
            write = self.singleton_pprinters.get(identity) or self._writer(obj)
            return write(obj, self, cycle)
        finally:
            self.end_group()
            self.stack.pop()

    def _writer(self, obj):
        kind = getattr(obj, "__class__", None) or type(obj)
        for cls in _mro(kind):
            if cls in self.type_pprinters:
                return self.type_pprinters[cls]
            deferred = self._deferred(cls)
            if deferred is not None:
                return deferred
            if callable(cls.__dict__.get("_repr_pretty_")):
                return cls._repr_pretty_
            if cls is not object and callable(cls.__dict__.get("__repr__")):
                return _write_repr
        return _write_default

    def _deferred(self, cls):
        key = (_attribute(cls, "__module__"), _attribute(cls, "__name__"))
        if not all(isinstance(part, str) for part in key) or key not in self.deferred_pprinters:
            return None
        write = self.type_pprinters[cls] = self.deferred_pprinters.pop(key)
        return write


def for_type(typ, func):
    """Registers the function that writes values of a type; returns the one before."""
    before = _by_type.get(typ)
    if func is not None:
        _by_type[typ] = func
    return before


def for_type_by_name(type_module, type_name, func):
    """As `for_type`, for a type that may not have been imported yet."""
    key = (type_module, type_name)
    before = _by_name.get(key)
    if func is not None:
        _by_name[key] = func
    return before


def _attribute(value, name, default=None):
    try:
        return getattr(value, name, default)
    except Exception:
        return default


def _mro(kind):
    try:
        return type.__dict__["__mro__"].__get__(kind)
    except TypeError:
        return (kind, object)


def _write_default(obj, p, cycle):
    """A class without a `__repr__` of its own."""
    kind = _attribute(obj, "__class__") or type(obj)
    if _attribute(kind, "__repr__") is not object.__repr__:
        _write_repr(obj, p, cycle)
        return
    p.begin_group(1, "<")
    p.pretty(kind)
    p.text(f" at 0x{id(obj):x}")
    if cycle:
        p.text(" ...")
    elif p.verbose:
        _write_attributes(obj, p)
    p.end_group(1, ">")


def _write_attributes(obj, p):
    first = True
    for name in dir(obj):
        if name.startswith("_"):
            continue
        try:
            value = getattr(obj, name)
        except AttributeError:
            continue
        if isinstance(value, types.MethodType):
            continue
        if not first:
            p.text(",")
        p.breakable()
        p.text(name)
        p.text("=")
        step = len(name) + 1
        p.indentation += step
        p.pretty(value)
        p.indentation -= step
        first = False


def _write_repr(obj, p, cycle):
    with p.group():
        for number, line in enumerate(repr(obj).splitlines()):
            if number:
                p.break_()
            p.text(line)


def _write_items(p, items, begin, end, tail=""):
    step = len(begin)
    p.begin_group(step, begin)
    for number, item in p._enumerate(items):
        if number:
            p.text(",")
            p.breakable()
        p.pretty(item)
    p.text(tail)
    p.end_group(step, end)


def _sequence(begin, end):
    def write(obj, p, cycle):
        if cycle:
            p.text(f"{begin}...{end}")
        else:
            _write_items(p, obj, begin, end, "," if len(obj) == 1 and isinstance(obj, tuple) else "")

    return write


def _set(begin, end):
    def write(obj, p, cycle):
        if cycle:
            p.text(f"{begin}...{end}")
        elif not obj:
            p.text(f"{type(obj).__name__}()")
        else:
            items = obj
            if not (p.max_seq_length and len(obj) >= p.max_seq_length):
                try:
                    items = sorted(obj)
                except Exception:
                    pass
            _write_items(p, items, begin, end)

    return write


def _mapping(begin, end):
    def write(obj, p, cycle):
        if cycle:
            p.text("{...}")
            return
        step = len(begin)
        p.begin_group(step, begin)
        for number, key in p._enumerate(obj.keys()):
            if number:
                p.text(",")
                p.breakable()
            p.pretty(key)
            p.text(": ")
            p.pretty(obj[key])
        p.end_group(step, end)

    return write


class CallExpression:
    """Writes itself as a call: for a ``_repr_pretty_`` that shows how the object is made."""

    def __init__(self, name, /, *args, **kwargs):
        self.name, self.args, self.kwargs = name, args, kwargs

    @classmethod
    def factory(cls, name):
        """A function that makes calls of `name`."""

        def make(*args, **kwargs):
            return cls(name, *args, **kwargs)

        return make

    def _repr_pretty_(self, p, cycle):
        begin = f"{self.name}("
        with p.group(len(begin), begin, ")"):
            first = True
            for arg in self.args:
                _separate(p, first)
                first = False
                p.pretty(arg)
            for name, value in self.kwargs.items():
                _separate(p, first)
                first = False
                with p.group(len(name) + 1, f"{name}="):
                    p.pretty(value)


def _separate(p, first):
    if not first:
        p.text(",")
        p.breakable()


class RawText:
    """Text that is written as it is."""

    def __init__(self, value):
        self.value = value

    def _repr_pretty_(self, p, cycle):
        p.text(self.value)


RawStringLiteral = RawText


def _write_call(p, obj, *args, **kwargs):
    p.pretty(CallExpression(type(obj).__name__, *args, **kwargs))


def _write_ellipsis_call(p, obj):
    _write_call(p, obj, RawText("..."))


def _write_defaultdict(obj, p, cycle):
    if cycle:
        _write_ellipsis_call(p, obj)
    else:
        _write_call(p, obj, obj.default_factory, dict(obj))


def _write_ordered_dict(obj, p, cycle):
    if cycle:
        _write_ellipsis_call(p, obj)
    elif obj:
        _write_call(p, obj, list(obj.items()))
    else:
        _write_call(p, obj)


def _write_deque(obj, p, cycle):
    if cycle:
        _write_ellipsis_call(p, obj)
    elif obj.maxlen is not None:
        _write_call(p, obj, list(obj), maxlen=obj.maxlen)
    else:
        _write_call(p, obj, list(obj))


def _write_counter(obj, p, cycle):
    if cycle:
        _write_ellipsis_call(p, obj)
    elif obj:
        _write_call(p, obj, dict(obj.most_common()))
    else:
        _write_call(p, obj)


def _write_user_list(obj, p, cycle):
    if cycle:
        _write_ellipsis_call(p, obj)
    else:
        _write_call(p, obj, obj.data)


def _write_mapping_proxy(obj, p, cycle):
    if cycle:
        p.text("mappingproxy(...)")
    else:
        p.pretty(CallExpression("mappingproxy", obj.copy()))


def _write_namespace(obj, p, cycle):
    name = "namespace" if type(obj) is types.SimpleNamespace else type(obj).__name__
    if cycle:
        p.pretty(CallExpression(name, RawText("...")))
    else:
        p.pretty(CallExpression(name, **obj.__dict__))


def _write_super(obj, p, cycle):
    p.begin_group(8, "<super: ")
    p.pretty(obj.__thisclass__)
    p.text(",")
    p.breakable()
    p.pretty(obj.__self__)
    p.end_group(8, ">")


_BUILTIN = (None, "__builtin__", "builtins", "exceptions")


def _qualified(obj):
    name = _attribute(obj, "__qualname__") or _attribute(obj, "__name__")
    if not isinstance(name, str):
        name = "<unknown type>"
    module = _attribute(obj, "__module__")
    return name if module in _BUILTIN else f"{module}.{name}"


def _write_type(obj, p, cycle):
    # A metaclass may have its own idea.
    owner = next(cls for cls in _mro(type(obj)) if "__repr__" in cls.__dict__)
    if owner is not type:
        _write_repr(obj, p, cycle)
    else:
        p.text(_qualified(obj))


def _write_function(obj, p, cycle):
    from inspect import signature

    text = _qualified(obj)
    try:
        text += str(signature(obj))
    except (TypeError, ValueError):
        pass
    p.text(f"<function {text}>")


def _write_exception(obj, p, cycle):
    name = _qualified(obj.__class__)
    begin = f"{name}("
    p.begin_group(len(begin), begin)
    for number, arg in enumerate(_attribute(obj, "args", ())):
        _separate(p, not number)
        p.pretty(arg)
    p.end_group(len(begin), ")")


_FLAGS = ("DEBUG", "TEMPLATE", "IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE")


def _write_pattern(obj, p, cycle):
    import re

    begin = "re.compile("
    p.begin_group(len(begin), begin)
    literal = repr(obj.pattern).replace("\\\\", "\\")
    p.text(f"r{literal}")
    names = [f"re.{name}" for name in _FLAGS if obj.flags & getattr(re, name, 0)]
    if names:
        p.text(",")
        p.breakable()
        p.text("|".join(names))
    p.end_group(len(begin), ")")


_by_type = {
    int: _write_repr,
    str: _write_repr,
    tuple: _sequence("(", ")"),
    list: _sequence("[", "]"),
    dict: _mapping("{", "}"),
    set: _set("{", "}"),
    frozenset: _set("frozenset({", "})"),
    super: _write_super,
    type: _write_type,
    types.FunctionType: _write_function,
    types.BuiltinFunctionType: _write_function,
    types.MethodType: _write_repr,
    types.SimpleNamespace: _write_namespace,
    types.MappingProxyType: _write_mapping_proxy,
    BaseException: _write_exception,
}

_by_name = {
    ("collections", "defaultdict"): _write_defaultdict,
    ("collections", "OrderedDict"): _write_ordered_dict,
    ("collections", "deque"): _write_deque,
    ("collections", "Counter"): _write_counter,
    ("collections", "UserList"): _write_user_list,
    ("os", "_Environ"): _mapping("environ{", "}"),
    ("re", "Pattern"): _write_pattern,
}
