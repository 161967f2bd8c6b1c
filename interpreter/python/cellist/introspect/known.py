"""What the built-in functions and some of the library's return: their source does not say."""

import _ast as ast
import sys
import types

from cellist.introspect import guarded, infer, values

_INTS = "len hash id ord sum round abs"
_STRS = "repr str ascii bin hex oct chr input format"
_BOOLS = "any all isinstance issubclass callable hasattr"
_BUILTINS = {
    **dict.fromkeys(_INTS.split(), int), **dict.fromkeys(_STRS.split(), str), **dict.fromkeys(_BOOLS.split(), bool),
    "dir": list, "vars": dict, "globals": dict, "locals": dict, "divmod": tuple,
}

_STR = "capitalize casefold center expandtabs format format_map join ljust lower lstrip removeprefix " \
       "removesuffix replace rjust rstrip strip swapcase title translate upper zfill"
_METHODS = {
    str: {**dict.fromkeys(_STR.split(), str), "encode": bytes, "split": [str], "rsplit": [str],
          "splitlines": [str], "partition": (str,), "rpartition": (str,), "count": int, "find": int,
          "rfind": int, "index": int, "rindex": int},
    bytes: {**dict.fromkeys(_STR.split(), bytes), "decode": str, "hex": str, "split": [bytes],
            "rsplit": [bytes], "splitlines": [bytes], "count": int, "find": int, "index": int},
    int: {"bit_length": int, "bit_count": int, "to_bytes": bytes},
    float: {"hex": str, "is_integer": bool},
    list: {"count": int, "index": int},
    dict: {"fromkeys": dict},
}

#: Functions of the library by module and name: the class of the result as ``module.name``; ``await``
#: before it where the result is awaited first, several in parentheses are a tuple.
_LIBRARY = {
    "asyncio.tasks.create_task": "asyncio.Task", "asyncio.tasks.ensure_future": "asyncio.Task",
    "asyncio.tasks.current_task": "asyncio.Task", "asyncio.tasks.gather": "asyncio.Future",
    "asyncio.tasks.shield": "asyncio.Future", "asyncio.taskgroups.TaskGroup.create_task": "asyncio.Task",
    "asyncio.base_events.BaseEventLoop.create_task": "asyncio.Task",
    "asyncio.base_events.BaseEventLoop.create_future": "asyncio.Future",
    "asyncio.base_events.BaseEventLoop.run_in_executor": "asyncio.Future",
    "asyncio.base_events.BaseEventLoop.call_later": "asyncio.TimerHandle",
    "asyncio.base_events.BaseEventLoop.call_soon": "asyncio.Handle",
    "asyncio.events.get_running_loop": "asyncio.BaseEventLoop", "asyncio.events.get_event_loop": "asyncio.BaseEventLoop",
    "asyncio.events.new_event_loop": "asyncio.BaseEventLoop",
    "asyncio.timeouts.timeout": "asyncio.Timeout", "asyncio.timeouts.timeout_at": "asyncio.Timeout",
    "asyncio.streams.open_connection": "await (asyncio.StreamReader asyncio.StreamWriter)",
    "asyncio.streams.start_server": "await asyncio.Server",
    "asyncio.streams.StreamReader.read": "await builtins.bytes", "asyncio.streams.StreamReader.readline": "await builtins.bytes",
    "asyncio.streams.StreamReader.readexactly": "await builtins.bytes",
    "asyncio.subprocess.create_subprocess_exec": "await asyncio.subprocess.Process",
    "asyncio.subprocess.create_subprocess_shell": "await asyncio.subprocess.Process",
    "asyncio.subprocess.Process.communicate": "await (builtins.bytes builtins.bytes)",
    "concurrent.futures.thread.ThreadPoolExecutor.submit": "concurrent.futures.Future",
    "concurrent.futures.process.ProcessPoolExecutor.submit": "concurrent.futures.Future",
    "subprocess.run": "subprocess.CompletedProcess", "threading.current_thread": "threading.Thread",
    "re.compile": "re.Pattern", "re.match": "re.Match", "re.search": "re.Match", "re.fullmatch": "re.Match",
    "re.sub": "builtins.str", "json.dumps": "builtins.str", "logging.getLogger": "logging.Logger",
    "collections.namedtuple": "builtins.type", "urllib.request.urlopen": "http.client.HTTPResponse",
    "pathlib.Path.read_text": "builtins.str", "pathlib.Path.read_bytes": "builtins.bytes",
}
_PATHS = "absolute resolve with_name with_suffix with_stem joinpath expanduser rename replace relative_to cwd home"

#: Which of the library's own names replace the compiled ones.
_ALIASES = {"_asyncio": "asyncio.tasks", "_cellist_tasks": "asyncio.tasks", "pathlib._local": "pathlib"}


def called(function, node, scope, owner=None):
    """What a call of a function returns that is known here, or None."""
    if type(function) not in (types.FunctionType, *guarded.FUNCTIONS):
        return None
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if type(function) is types.BuiltinFunctionType and module in ("builtins", "_io"):
        return _builtin(name, node, scope)
    if type(name) is not str:
        return None
    first, _, method = name.rpartition(".")
    cls = _owner_class(function, owner)
    if cls is not None:
        for base, methods in _METHODS.items():
            if method in methods and base in guarded.mro(cls):
                return _of(methods[method])
        found = _contained(cls, method, function, owner)
        if found is not None:
            return found
        if method in _PATHS.split() and guarded.name_of(cls).endswith("Path") and type(module) is str \
                and module.startswith("pathlib"):
            return values.Instance(cls)
    if type(module) is not str:
        return None
    text = _LIBRARY.get(f"{_ALIASES.get(module, module)}.{name}") or _LIBRARY.get(f"asyncio.events.{name}" if module == "_asyncio" else "")
    return _library(text, name, node, scope) if text else None


def _owner_class(function, owner):
    if owner is not None:
        # A class model has none.
        return getattr(owner, "cls", None)
    itself = getattr(function, "__self__", None) if type(function) in guarded.FUNCTIONS else None
    if itself is None or type(itself) is types.ModuleType:
        return None
    return itself if guarded.is_a(itself, type) else type(itself)


def _of(wanted):
    if type(wanted) in (list, tuple):
        inner = wanted[0]
        return values.Instance(type(wanted), lambda key: values.Instance(inner))
    return values.Instance(wanted)


def _contained(cls, method, function, owner):
    """What methods of containers give of what is in them."""
    itself = getattr(function, "__self__", None)
    value = owner if owner is not None else (values.Live(itself) if itself is not None else None)
    if value is None:
        return None
    if dict in guarded.mro(cls):
        if method in ("get", "pop", "setdefault"):
            return value.item(None)
        if method == "values":
            return values.Instance(type({}.values()), lambda key: value.item(None))
        if method == "keys":
            return values.Instance(type({}.keys()), lambda key: value.element())
        if method == "items":
            pair = lambda key: values.Instance(tuple, lambda part: value.item(None) if part else value.element())
            return values.Instance(type({}.items()), pair)
        if method == "copy":
            return value
    if list in guarded.mro(cls) or set in guarded.mro(cls):
        if method == "pop":
            return value.element()
        if method in ("copy", "union", "intersection", "difference"):
            return value
    return None


def _builtin(name, node, scope):
    if name in _BUILTINS:
        return values.Instance(_BUILTINS[name])
    arguments = node.args if node is not None else []

    def argument(number=0):
        return infer.infer(arguments[number], scope) if len(arguments) > number else None

    if name == "sorted":
        return values.Instance(list, lambda key: _element(argument()))
    if name in ("iter", "aiter"):
        return argument()
    if name in ("next", "min", "max"):
        return _element(argument()) if len(arguments) == 1 or name == "next" else argument()
    if name == "anext":
        return infer.coroutine(_element(argument()))
    if name == "open":
        import io

        mode = arguments[1].value if len(arguments) > 1 and isinstance(arguments[1], ast.Constant) else "r"
        return values.Instance(io.BufferedReader if "b" in str(mode) else io.TextIOWrapper)
    return None


def _element(value):
    return value.element() if value is not None else None


def made(cls, node, scope):
    """What a call of a class gives where that is more than an object of it, or None."""
    arguments = node.args if node is not None else []

    def argument(number=0):
        return infer.infer(arguments[number], scope) if len(arguments) > number else None

    if cls is type and len(arguments) == 1:
        found = argument()
        return values.Live(found.cls) if isinstance(found, (values.Live, values.Instance)) else getattr(found, "model", None)
    if cls in (list, tuple, set, frozenset, reversed, filter):
        which = 1 if cls is filter else 0
        return values.Instance(cls, lambda key: _element(argument(which)))
    if cls is enumerate:
        return values.Instance(cls, lambda key: values.Instance(
            tuple, lambda part: _element(argument()) if part else values.Instance(int)))
    if cls is zip:
        return values.Instance(cls, lambda key: values.Instance(
            tuple, lambda part: _element(argument(part if type(part) is int else 0))))
    if cls is map:
        called = argument()
        return values.Instance(cls, lambda key: called and called.call())
    if cls is range:
        return values.Instance(cls, lambda key: values.Instance(int))
    return None


def element(value):
    """What iteration of an object of a built-in class gives, or None."""
    for cls, inner in ((str, str), (bytes, int), (range, int)):
        if cls in guarded.mro(value.cls):
            return values.Instance(inner)
    if guarded.name_of(value.cls) == "TextIOWrapper":
        return values.Instance(str)
    return None


def item(value):
    """What a subscript of an object of a built-in class gives, or None."""
    return element(value) if dict not in guarded.mro(value.cls) else None


def aliased(obj):
    """An object of the type that a name of `typing` means, or None."""
    is_alias = guarded.module_of(type(obj)) in ("typing", "types")
    origin = getattr(obj, "__origin__", None) if is_alias else None
    return values.Instance(origin) if isinstance(origin, type) else None


def _library(text, name, node, scope):
    is_awaited = text.startswith("await ")
    names = text.removeprefix("await ")
    if names.startswith("("):
        parts = names.strip("()").split()
        found = values.Instance(tuple, lambda key: _instance(parts[key] if type(key) is int and key < len(parts) else parts[0]))
    else:
        found = _instance(names)
    if name == "gather" and found is not None:
        first = node.args[0] if node is not None and node.args else None
        every = values.Instance(list, lambda key: _awaited(infer.infer(first, scope)))
        return values.Awaitable(found.cls, lambda: every)
    if found is not None and names in ("asyncio.Task", "asyncio.Future") and node is not None and node.args:
        inner = node.args[0]
        found = values.Awaitable(found.cls, lambda: _awaited(infer.infer(inner, scope)))
    return infer.coroutine(found) if is_awaited else found


def _awaited(value):
    return value.awaited() if value is not None else None


def _instance(name):
    module, _, name = name.rpartition(".")
    if module not in sys.modules:
        import importlib

        importlib.import_module(module)
    loaded = sys.modules[module]
    cls = vars(loaded).get(name)
    return values.Instance(cls) if isinstance(cls, type) else None
