"""Looking at live objects without running code of the user's.

No property, no `__getattr__`, no `__getattribute__`, no `__class__`, no `__dir__` and no `__eq__`
of the user's is called: classes are read through the slots of `type`, objects through their
dictionaries. Python modules that exist to be completed (a library's `__dir__`, a property of a
class in `_HARMLESS`) are trusted.
"""

import sys
import types

_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__

#: Descriptors that native code implements.
NATIVE = (types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType,
          types.MemberDescriptorType, types.ClassMethodDescriptorType, types.BuiltinFunctionType)
FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType,
             types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType,
             types.ClassMethodDescriptorType)

#: Modules whose properties only compute.
_HARMLESS = {"pathlib", "pathlib._local", "datetime", "_pydatetime", "fractions", "decimal", "uuid", "enum",
             "inspect", "types", "ipaddress", "asyncio.base_events", "asyncio.events", "threading",
             "concurrent.futures._base", "urllib.parse", "re", "dataclasses", "statistics"}

#: Types of keys and values that are compared and shown.
PLAIN = (str, int, float, bool, bytes, complex, type(None))

MISSING = object()


def mro(cls):
    """The class and its bases, in the order in which attributes are looked for."""
    return _MRO(cls)


def is_a(value, cls):
    """As `isinstance`, which would ask for `value.__class__`."""
    return cls in _MRO(type(value))


def is_plain(value):
    """Whether comparing and showing a value runs no code but Python's own."""
    return type(value) in PLAIN


def in_class(cls, name):
    """What a class or its bases have under a name, as it stands there, or MISSING."""
    for base in _MRO(cls):
        found = _DICT(base).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def own(value):
    """The dictionary of an object, or an empty one."""
    if is_a(value, type):
        return _DICT(value)
    if type(value) is types.ModuleType or module_of(type(value)) == "cellist.lazy":
        return value.__dict__
    if is_a(value, types.ModuleType):
        return types.ModuleType.__getattribute__(value, "__dict__")
    descriptor = in_class(type(value), "__dict__")
    if type(descriptor) is not types.GetSetDescriptorType:
        return {}
    try:
        found = descriptor.__get__(value)
    except (AttributeError, TypeError):
        return {}
    return found if type(found) is dict else {}


def names(value):
    """The names of an object's attributes, each with what stands under it (or MISSING)."""
    found = {}
    if is_a(value, type):
        for base in reversed(_MRO(type(value))):
            if base is not object and base is not type:
                found.update(_DICT(base))
        for base in reversed(_MRO(value)):
            found.update(_DICT(base))
    else:
        for base in reversed(_MRO(type(value))):
            found.update(_DICT(base))
        found.update(own(value))
    for name in _listed(value):
        found.setdefault(name, MISSING)
    return {name: raw for name, raw in found.items() if type(name) is str}


def _listed(value):
    """The names that a library's own `__dir__` adds."""
    listing = own(value).get("__dir__") if is_a(value, types.ModuleType) else in_class(type(value), "__dir__")
    if type(listing) is not types.FunctionType or listing.__module__ in (None, "__main__"):
        return ()
    if not is_library(listing):
        return ()
    try:
        return [name for name in (listing() if is_a(value, types.ModuleType) else listing(value))
                if type(name) is str]
    except Exception:
        return ()


def is_library(function):
    """Whether a function comes with Python or with an installed package."""
    module = function.__module__
    if type(module) is not str:
        return False
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    return "site-packages" in function.__code__.co_filename


def raw(value, name):
    """What stands under a name, found as an attribute is, or MISSING."""
    if is_a(value, type):
        found = in_class(value, name)
        return found if found is not MISSING else in_class(type(value), name)
    found = in_class(type(value), name)
    if found is not MISSING and _is_data(found):
        return found
    mine = own(value).get(name, MISSING)
    return mine if mine is not MISSING else found


def _is_data(found):
    if type(found) in (types.MemberDescriptorType, types.GetSetDescriptorType):
        return True
    return in_class(type(found), "__set__") is not MISSING


def attribute(value, name):
    """An attribute, or MISSING where only code of the user's could tell."""
    found = raw(value, name)
    if found is MISSING:
        return MISSING
    is_class = is_a(value, type)
    kind = type(found)
    if kind is staticmethod:
        return found.__func__
    if kind is classmethod:
        return types.MethodType(found.__func__, value if is_class else type(value))
    if kind is types.FunctionType:
        if is_class and in_class(value, name) is not MISSING or own(value).get(name) is found:
            return found
        return types.MethodType(found, value)
    if kind in NATIVE:
        return _bound(found, value, name, is_class)
    if is_a(found, property):
        if is_class:
            return found
        return _computed(found, value) if _is_harmless(found) else MISSING
    if not is_class and own(value).get(name, MISSING) is found:
        return found
    if in_class(kind, "__get__") is not MISSING and not is_a(found, type):
        if module_of(kind) == "enum":
            return _computed(found, value)
        return MISSING
    return found


def _bound(found, value, name, is_class):
    if not is_class and own(value).get(name) is found:
        return found
    if type(found) is types.BuiltinFunctionType:
        return found
    try:
        if is_class:
            if in_class(value, name) is MISSING:
                return found.__get__(value, type(value))
            return found.__get__(None, value)
        return found.__get__(value, type(value))
    except Exception:
        return MISSING


def _is_harmless(found):
    function = found.fget
    return type(function) in NATIVE or (
        type(function) is types.FunctionType and function.__module__ in _HARMLESS)


def _computed(found, value):
    try:
        return found.__get__(value, type(value))
    except Exception:
        return MISSING


def keys(value):
    """The keys of a dictionary, whatever its class overrides; else None."""
    if is_a(value, dict):
        try:
            return list(dict.keys(value))
        except RuntimeError:
            # It changed meanwhile.
            return []
    return None


def item(value, key):
    """``value[key]`` for the built-in containers and a plain key, or MISSING."""
    if is_a(value, dict):
        for mine, found in list(dict.items(value)):
            if type(mine) is type(key) and is_plain(mine) and mine == key:
                return found
        return MISSING
    for container in (list, tuple, str, bytes, range):
        if is_a(value, container) and type(key) in (int, slice):
            try:
                return container.__getitem__(value, key)
            except Exception:
                return MISSING
    return MISSING


def first(value):
    """An element of a built-in container, or MISSING."""
    for container in (list, tuple, set, frozenset, dict, str, bytes, range):
        if is_a(value, container):
            return next(container.__iter__(value), MISSING)
    return MISSING


def unwrapped(value):
    """The Python function in whose place one of asyncio in Rust stands, else the value."""
    if name_of(type(value)) == "native_function" and module_of(type(value)) == "_asyncio":
        return own(value).get("__wrapped__", value)
    return value


def is_replaced(value):
    """Whether a function or class of asyncio's is, or has in its place, one in Rust."""
    if type(value) is types.FunctionType:
        now = vars(sys.modules.get(value.__module__, types)).get(value.__name__)
        return now is not value and unwrapped(now) is value
    # A native base that says it is asyncio's; classes in Python know their line.
    return is_a(value, type) and module_of(value).startswith("asyncio.") and any(
        "__firstlineno__" not in _DICT(base) and module_of(base).startswith(("asyncio.", "_cellist"))
        for base in _MRO(value))


def kind(value):
    """The word that front ends have an icon for."""
    value = unwrapped(value)
    if is_a(value, types.ModuleType):
        return "module"
    if is_a(value, type):
        return "class"
    if type(value) in FUNCTIONS or type(value) in (staticmethod, classmethod):
        return "function"
    if is_a(value, property):
        return "property"
    return "instance"


def show(value, limit=40):
    """A short text for a value, in a signature."""
    if is_plain(value):
        text = repr(value)
        return text if len(text) <= limit else text[: limit - 1] + "…"
    if type(value) in (tuple, list, dict, set, frozenset) and not value:
        return repr(value)
    if is_a(value, type):
        return name_of(value)
    if type(value) in FUNCTIONS:
        return value.__qualname__
    if type(value) is tuple and len(value) <= 4 and all(map(is_plain, value)):
        return repr(value)
    if _is_enum(value):
        return f"{name_of(type(value))}.{own(value).get('_name_')}"
    return "..."


def _is_enum(value):
    enum = sys.modules.get("enum")
    return enum is not None and is_a(value, enum.Enum)


def name_of(cls):
    """The name of a class."""
    return type.__dict__["__name__"].__get__(cls)


def module_of(cls):
    """The name of the module that made a class."""
    found = _DICT(cls).get("__module__", "builtins")
    return found if type(found) is str else type.__dict__["__module__"].__get__(cls)
