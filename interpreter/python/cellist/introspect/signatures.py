"""How a live object is called, found out without calling anything of the user's.

`inspect` imports much, and is left for the few objects of which only it knows more.
"""

import types

from cellist.introspect import guarded

#: The kinds of parameters, as `inspect.Parameter` names them.
POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD = "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"
VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"

#: Flags of code objects, as `inspect` documents them.
_CO_VARARGS, _CO_VARKEYWORDS = 0x04, 0x08


class Parameter:
    """One parameter: its name, its kind, and the texts of its default and its annotation (None
    without)."""

    __slots__ = ("name", "kind", "default", "annotation")

    def __init__(self, name, kind, default=None, annotation=None):
        self.name, self.kind, self.default, self.annotation = name, kind, default, annotation

    def __str__(self):
        text = {VAR_POSITIONAL: "*", VAR_KEYWORD: "**"}.get(self.kind, "") + self.name
        if self.annotation is not None:
            text += f": {self.annotation}"
        if self.default is not None:
            text += f" = {self.default}" if self.annotation is not None else f"={self.default}"
        return text


class Signature:
    """Parameters, and the text of the return annotation (None without)."""

    def __init__(self, parameters, returns=None):
        self.parameters, self.returns = parameters, returns

    def without_first(self):
        """As the method sees it that is bound to its object."""
        parameters = self.parameters
        if parameters and parameters[0].kind in (POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD):
            parameters = parameters[1:]
        return Signature(parameters, self.returns)

    def __str__(self):
        parts, is_starred, positional = [], False, False
        for parameter in self.parameters:
            if parameter.kind == POSITIONAL_ONLY:
                positional = True
            elif positional:
                parts.append("/")
                positional = False
            if parameter.kind == VAR_POSITIONAL:
                is_starred = True
            elif parameter.kind == KEYWORD_ONLY and not is_starred:
                parts.append("*")
                is_starred = True
            parts.append(str(parameter))
        if positional:
            parts.append("/")
        returns = f" -> {self.returns}" if self.returns is not None else ""
        return f"({', '.join(parts)}){returns}"


def of(value):
    """The signature of a live object, or None when it has none that can be told."""
    if type(value) is types.FunctionType:
        return _of_function(value)
    if type(value) is types.MethodType:
        inner = of(value.__func__)
        return inner and inner.without_first()
    if guarded.is_a(value, type):
        return _of_class(value)
    if type(value) in guarded.FUNCTIONS:
        return _of_native(value)
    name = guarded.name_of(type(value))
    if name in ("partial", "_lru_cache_wrapper") and guarded.module_of(type(value)) == "functools":
        if name == "partial":
            return _inspected(value) if type(value.func) in guarded.FUNCTIONS else None
        return of(guarded.own(value).get("__wrapped__"))
    method = guarded.in_class(type(value), "__call__")
    if type(method) is types.FunctionType:
        return _of_function(method).without_first()
    return None


def _of_function(function):
    attributes = function.__dict__
    wrapped = attributes.get("__wrapped__")
    if wrapped is not None and wrapped is not function and type(wrapped) is types.FunctionType:
        return _of_function(wrapped)
    if _is_signature(attributes.get("__signature__")):
        return _converted(attributes["__signature__"])
    code = function.__code__
    names = code.co_varnames
    count, only = code.co_argcount, code.co_posonlyargcount
    defaults = function.__defaults__ or ()
    annotations = _annotations(function)
    parameters = []

    def add(name, kind, default=guarded.MISSING):
        text = None if default is guarded.MISSING else guarded.show(default)
        parameters.append(Parameter(name, kind, text, annotations.get(name)))

    for number, name in enumerate(names[:count]):
        kind = POSITIONAL_ONLY if number < only else POSITIONAL_OR_KEYWORD
        behind = number - (count - len(defaults))
        add(name, kind, defaults[behind] if behind >= 0 else guarded.MISSING)
    keyword_only = names[count: count + code.co_kwonlyargcount]
    position = count + len(keyword_only)
    if code.co_flags & _CO_VARARGS:
        add(names[position], VAR_POSITIONAL)
        position += 1
    for name in keyword_only:
        add(name, KEYWORD_ONLY, (function.__kwdefaults__ or {}).get(name, guarded.MISSING))
    if code.co_flags & _CO_VARKEYWORDS:
        add(names[position], VAR_KEYWORD)
    return Signature(parameters, annotations.get("return"))


def _annotations(function):
    """The texts of a function's annotations. Those written in a cell are read from its source:
    annotations are code, which runs when one asks for them."""
    from cellist.introspect import sources

    node = sources.definition(function.__code__)
    if node is not None:
        return sources.annotations(node)
    if not guarded.is_library(function):
        return {}
    if function.__annotate__ is None and not function.__annotations__:
        return {}
    import annotationlib

    try:
        found = annotationlib.get_annotations(function, format=annotationlib.Format.STRING)
    except Exception:
        return {}
    return {name: text if type(text) is str else guarded.show(text) for name, text in found.items()}


def _of_class(cls):
    meta = guarded.in_class(type(cls), "__call__")
    if type(meta) is types.FunctionType and meta.__module__ not in ("abc", "enum"):
        return _of_function(meta).without_first()
    stored = guarded.own(cls).get("__signature__")
    if _is_signature(stored):
        return _converted(stored)
    for base in guarded.mro(cls):
        attributes = guarded.own(base)
        for name in ("__init__", "__new__"):
            found = attributes.get(name)
            if type(found) is staticmethod:
                found = found.__func__
            if type(found) is types.FunctionType:
                return _of_function(found).without_first()
        if base is not object and not _is_made_in_python(base):
            return _text_signature(base)
    return Signature([])


def _is_made_in_python(cls):
    return "__module__" in guarded.own(cls) and "__dict__" in guarded.own(cls) or (
        "__firstlineno__" in guarded.own(cls))


def _is_signature(value):
    return guarded.name_of(type(value)) == "Signature" and guarded.module_of(type(value)) == "inspect"


def _text_signature(cls):
    text = type.__dict__["__text_signature__"].__get__(cls)
    if type(text) is str and text.startswith("("):
        return _parsed(text)
    inherits = all(guarded.in_class(cls, name) is guarded.own(object)[name] for name in ("__init__", "__new__"))
    return Signature([]) if inherits else None


def _of_native(function):
    text = getattr(function, "__text_signature__", None)
    return _parsed(text) if type(text) is str and text.startswith("(") else None


def _inspected(value):
    import inspect

    try:
        return _converted(inspect.signature(value))
    except (TypeError, ValueError):
        return None


def _parsed(text):
    """A signature from the text that native functions carry: ``($self, sep=None, /, *, key=None)``."""
    parameters, kind = [], POSITIONAL_OR_KEYWORD
    for part in _parts(text[1: text.rindex(")")]):
        name, _, default = part.partition("=")
        name = name.strip()
        if name == "/":
            for parameter in parameters:
                parameter.kind = POSITIONAL_ONLY
        elif name == "*":
            kind = KEYWORD_ONLY
        elif name.startswith("**"):
            parameters.append(Parameter(name[2:], VAR_KEYWORD))
        elif name.startswith("*"):
            parameters.append(Parameter(name[1:], VAR_POSITIONAL))
            kind = KEYWORD_ONLY
        elif not name.startswith("$"):
            parameters.append(Parameter(name, kind, default.strip() or None))
    return Signature(parameters)


def _parts(text):
    depth, quote, begin = 0, None, 0
    for position, char in enumerate(text):
        if quote is not None:
            if char == quote:
                quote = None
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            yield text[begin:position].strip()
            begin = position + 1
    if text[begin:].strip():
        yield text[begin:].strip()


def _converted(signature):
    import inspect

    def text(annotation):
        if annotation is inspect.Parameter.empty:
            return None
        return annotation if type(annotation) is str else guarded.show(annotation)

    parameters = [
        Parameter(item.name, item.kind.name,
                  None if item.default is inspect.Parameter.empty else guarded.show(item.default),
                  text(item.annotation))
        for item in signature.parameters.values()]
    return Signature(parameters, text(signature.return_annotation))
