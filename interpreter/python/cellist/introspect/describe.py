"""What is told about an object: ``name?``, ``name??``, and what front ends show as a tooltip."""

import inspect
import keyword
import os
import re
import sys
import types

from cellist.introspect import guarded, infer, models, values
from cellist.introspect.completer import Completer
from cellist.introspect.place import Place

#: Longer texts of values are cut.
_LONGEST = 500
#: More subclasses than these are not listed.
_SUBCLASSES = 10


def inspect_at(source, cursor, detail, namespace, omit=()):
    """The text about what stands at the cursor, or None. `omit`: sections by their title or name."""
    infer.begin()
    cursor = min(max(cursor, 0), len(source))
    magic = _magic_at(source, cursor)
    if magic is not None:
        return describe(*magic, detail, omit)
    for place, text in _candidates(source, cursor):
        value = _property(place, text, namespace) or Completer(place, namespace).infer(text)
        if value is not None:
            return _told(value, text, detail, omit, source)
    return None


def describe(value, name, detail, omit=()):
    """The text about an object."""
    return _text(_sections(guarded.unwrapped(value), name, detail), omit)


def _candidates(source, cursor):
    """Places and the expressions there, best first: the name under the cursor, the function in
    whose call the cursor stands, the name before the cursor (IPython's order)."""
    end = cursor
    while end < len(source) and (source[end].isalnum() or source[end] == "_"):
        end += 1
    on = Place(source, end)
    before = Place(source, cursor)
    expression = _expression(on)
    if expression is not None and end > cursor:
        yield on, expression
    call = before.call()
    if call is not None:
        yield before, call.callee
    if expression is not None:
        yield on, expression
    elif before.string is None and before.tokens and before.tokens[-1].text in (")", "(", ".", ",", "="):
        shorter = Place(source, before.tokens[-1].start)
        expression = _expression(shorter)
        if expression is not None:
            yield shorter, expression


def _expression(place):
    if not place.prefix or keyword.iskeyword(place.prefix) or place.string is not None:
        return None
    if not place.is_attribute:
        return place.prefix
    return None if place.owner is None else f"{place.owner}.{place.prefix}"


def _property(place, text, namespace):
    """The descriptor itself, where only the user's code could tell its value."""
    if "." not in text or place.owner is None:
        return None
    owner = Completer(place, namespace).infer(place.owner)
    if not isinstance(owner, values.Live):
        return None
    if guarded.attribute(owner.obj, place.prefix) is not guarded.MISSING:
        return None
    raw = guarded.raw(owner.obj, place.prefix)
    return None if raw is guarded.MISSING else values.Live(raw)


def _magic_at(source, cursor):
    """The function and the name of the magic that the cursor stands on, or None."""
    begin = source.rfind("\n", 0, cursor) + 1
    match = re.match(r"\s*(%%?)([^\W\d][\w.]*)", source[begin:])
    if match is None or not begin + match.start(1) <= cursor <= begin + match.end():
        return None
    from cellist import shell

    found = shell.current() and shell.current().find_magic(
        match.group(2), "cell" if match.group(1) == "%%" else "line")
    return (getattr(found, "__wrapped__", found), "".join(match.groups())) if found else None


def _told(value, name, detail, omit, source):
    if isinstance(value, values.Live):
        return describe(value.obj, name, detail, omit)
    if isinstance(value, values.Method):
        return describe(value.function, name, detail, omit)
    if isinstance(value, (models.Function, models.Class)):
        sections = _of_source(value, name, detail, source)
    elif isinstance(value, models.ClassInstance):
        sections = [("Type", "type_name", value.model.node.name),
                    ("Class docstring", "class_docstring", value.model.doc)]
    elif isinstance(value, models.Module):
        sections = [("Type", "type_name", "module"), ("File", "file", value.folder),
                    ("Docstring", "docstring", value.doc)]
    elif isinstance(value, values.Instance):
        sections = [("Type", "type_name", guarded.name_of(value.cls)),
                    ("Class docstring", "class_docstring", _doc(value.cls))]
    else:
        return None
    return _text(sections, omit)


def _of_source(value, name, detail, source):
    """The sections about a function or class whose cell has not run yet."""
    last = name.rpartition(".")[2]
    signature = value.signature()
    is_class = isinstance(value, models.Class)
    text = None
    node = value.node
    if detail and hasattr(node, "end_lineno") and hasattr(node, "name"):
        lines = source.split("\n")[node.lineno - 1: node.end_lineno]
        if lines and node.name in lines[0]:
            text = inspect.cleandoc("\n" + "\n".join(lines))
    kind = "type" if is_class else "coroutine function" if type(node).__name__ == "AsyncFunctionDef" else "function"
    return [
        ("Init signature" if is_class else "Signature", "init_definition" if is_class else "definition",
         f"{last}{signature}" if signature is not None else None),
        ("Source", "source", text) if text else ("Docstring", "docstring", value.doc or "<no docstring>"),
        ("Type", "type_name", kind),
    ]


def _sections(value, name, detail):
    """``(title, key, text)`` of all that is told about an object, as IPython names and orders it."""
    from cellist.introspect import signatures

    last = name.rpartition(".")[2]
    signature = signatures.of(value)
    called = None if signature is None else f"{last}{signature}"
    source = _source_of(value) if detail else None
    native = ("Native", "native", _native(value, source) if detail else None)
    told = ("Source", "source", source) if source else ("Docstring", "docstring", _doc(value) or "<no docstring>")
    if guarded.is_a(value, type):
        below = _subclasses(value)
        return [
            ("Init signature", "init_definition", called), native, told,
            ("Init docstring", "init_docstring", None if source else _init_doc(value)),
            ("File", "file", _file_of(value)), ("Type", "type_name", guarded.name_of(type(value))),
            ("Subclasses", "subclasses", below),
        ]
    if type(value) in guarded.FUNCTIONS:
        return [("Signature", "definition", called), native, told,
                ("File", "file", _file_of(value)), ("Type", "type_name", guarded.name_of(type(value)))]
    is_module = guarded.is_a(value, types.ModuleType)
    own = _doc(value) if is_module or guarded.is_a(value, property) else guarded.own(value).get("__doc__")
    return [
        ("Call signature", "call_def", called), ("Type", "type_name", guarded.name_of(type(value))),
        ("String form", "string_form", _string_form(value)), ("Length", "length", _length(value)),
        ("File", "file", _file_of(value) if is_module else _file_of(type(value))),
        native,
        ("Source", "source", source) if source else ("Docstring", "docstring", own if type(own) is str else None),
        ("Class docstring", "class_docstring", None if is_module or guarded.is_a(value, property) else _doc(type(value))),
        ("Init docstring", "init_docstring", None if is_module else _init_doc(type(value))),
        ("Call docstring", "call_docstring", _method_doc(type(value), "__call__")),
    ]


def _text(sections, omit):
    shown = [(title, text) for title, key, text in sections
             if text and title not in omit and key not in omit]
    width = max((len(title) for title, text in shown if "\n" not in text), default=0) + 2
    parts = []
    for title, text in shown:
        title += ":"
        parts.append(f"{title}\n{text}" if "\n" in text else f"{title:<{width}}{text}")
    return "\n".join(parts)


def _doc(value):
    """A docstring as `inspect.getdoc` finds it, without asking the object."""
    if guarded.is_a(value, property):
        value = value.fget
    if guarded.is_a(value, type):
        for base in guarded.mro(value):
            found = guarded.own(base).get("__doc__")
            if type(found) is types.GetSetDescriptorType or found is None:
                found = type.__dict__["__doc__"].__get__(base) if base is value and "__doc__" not in guarded.own(base) else None
            if type(found) is str and (base is not object or value is object):
                return inspect.cleandoc(found)
        return None
    if type(value) in guarded.FUNCTIONS or guarded.is_a(value, types.ModuleType):
        found = inspect.getdoc(value)
    else:
        found = guarded.own(value).get("__doc__")
        if found is None:
            return _doc(type(value))
    return inspect.cleandoc(found) if type(found) is str else None


def _method_doc(cls, name):
    found = guarded.in_class(cls, name)
    return _doc(found) if type(found) is types.FunctionType and found.__doc__ else None


def _init_doc(cls):
    return _method_doc(cls, "__init__")


def _source_of(value):
    if not (guarded.is_a(value, type) or type(value) in guarded.FUNCTIONS or guarded.is_a(value, types.ModuleType)):
        value = value.fget if guarded.is_a(value, property) else type(value)
    try:
        return inspect.cleandoc("\n" + inspect.getsource(value)) + "\n"
    except (OSError, TypeError, SyntaxError, IndexError):
        return None


def _native(value, source):
    """What there is to say of something that is not written in Python, or None."""
    if source is None:
        is_native = type(value) in guarded.NATIVE or guarded.is_a(value, type) and not _has_line(value)
        return "compiled: it has no source in Python" if is_native else None
    return "runs in Rust here; the source is that of Python's own library" if guarded.is_replaced(value) else None


def _has_line(cls):
    return "__firstlineno__" in guarded.own(cls)


def _file_of(value):
    if guarded.is_a(value, type):
        # Not by `inspect`, which looks for the module's file, and cells have none.
        own = (raw for raw in guarded.own(value).values() if type(raw) is types.FunctionType)
        value = next(own, None) or sys.modules.get(guarded.module_of(value))
    try:
        found = inspect.getsourcefile(value) or inspect.getfile(value)
    except (TypeError, OSError, AttributeError):
        return None
    # Python's own modules are part of the executable.
    return found if found.startswith("Cell In[") or os.path.exists(found) else None


def _string_form(value):
    # Who asks what a value is wants to see it: the one place where the user's own code is asked.
    try:
        text = str(value)
    except Exception:
        return None
    lines = text.split("\n")
    text = "\n".join(lines[:20] + ["…"] * (len(lines) > 20))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _length(value):
    if type(value) not in (list, tuple, dict, set, frozenset, str, bytes, range):
        return None
    return str(len(value))


def _subclasses(cls):
    try:
        found = [guarded.name_of(item) for item in type.__subclasses__(cls)]
    except TypeError:
        return None
    return ", ".join(found[:_SUBCLASSES] + ["..."] * (len(found) > _SUBCLASSES))
