"""What an expression is found to be: a live object, or what the source says of it."""

import _ast as ast
import types

from cellist.introspect import guarded, infer, known, scopes, signatures, sources

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: A flag of code objects, as `inspect` documents it.
_CO_COROUTINE = 0x80


class Value:
    """Something of which nothing is known."""

    kind = "instance"

    def names(self):
        """The attributes: name to kind."""
        return {}

    def get(self, name):
        """The value of an attribute, or None."""

    def call(self, node=None, scope=None):
        """What a call returns, or None."""

    def item(self, key):
        """What a subscript by a plain key gives (None for any key), or None."""

    def element(self):
        """What iteration gives, or None."""

    def entered(self):
        """What `with` gives."""
        return self

    def awaited(self):
        """What `await` gives."""

    def keys(self):
        """The keys of a dictionary, or None."""

    def signature(self):
        """How it is called, or None."""


class Live(Value):
    """An object that exists."""

    def __init__(self, obj):
        self.obj = guarded.unwrapped(obj)

    @property
    def kind(self):
        return guarded.kind(self.obj)

    @property
    def cls(self):
        return type(self.obj)

    def names(self):
        return {name: "instance" if raw is guarded.MISSING else guarded.kind(raw)
                for name, raw in guarded.names(self.obj).items()}

    def get(self, name):
        found = guarded.attribute(self.obj, name)
        if found is not guarded.MISSING:
            return Live(found)
        raw = guarded.raw(self.obj, name)
        return _of_property(raw)

    def call(self, node=None, scope=None):
        obj = self.obj
        if guarded.is_a(obj, type):
            return _made(obj, node, scope)
        bound = None
        if type(obj) is types.MethodType:
            bound, obj = Live(obj.__self__), obj.__func__
        if type(obj) is types.FunctionType:
            return _called(obj, bound, node, scope)
        if type(obj) in guarded.FUNCTIONS:
            return known.called(obj, node, scope)
        method = guarded.in_class(type(obj), "__call__")
        return _called(method, self, node, scope) if type(method) is types.FunctionType else None

    def item(self, key):
        if key is None:
            found = guarded.first(self.obj)
            if guarded.is_a(self.obj, dict):
                found = next(iter(dict.values(self.obj)), guarded.MISSING)
        else:
            found = guarded.item(self.obj, key)
        if found is not guarded.MISSING:
            return Live(found)
        return Instance(type(self.obj)).item(key)

    def element(self):
        found = guarded.first(self.obj)
        return Live(found) if found is not guarded.MISSING else Instance(type(self.obj)).element()

    def entered(self):
        return Instance(type(self.obj)).entered(self)

    def keys(self):
        return guarded.keys(self.obj)

    def signature(self):
        return signatures.of(self.obj)


class Instance(Value):
    """An object of a live class that nobody has made yet.

    ``elements(key)`` is what it has under a key (None: under any), ``iterated()`` what iteration
    gives where that is something else, ``keys()`` the keys of a dictionary."""

    def __init__(self, cls, elements=None, keys=None, iterated=None):
        self.cls, self.elements, self._keys, self._iterated = cls, elements, keys, iterated
        #: What the name stands for at this moment, if the session has it.
        self.live = None

    def names(self):
        found = {}
        for base in reversed(guarded.mro(self.cls)):
            found.update((name, guarded.kind(raw)) for name, raw in guarded.own(base).items() if type(name) is str)
        model = source_of_class(self.cls)
        if model is not None:
            found.update((name, binding.kind) for name, binding in model.own_attributes().items() if name not in found)
        return found

    def get(self, name):
        raw = guarded.in_class(self.cls, name)
        if raw is guarded.MISSING:
            model = source_of_class(self.cls)
            return model and model.instance_attribute(name)
        kind = type(raw)
        if kind is types.FunctionType:
            return Method(raw, self)
        if kind is staticmethod:
            return Live(raw.__func__)
        if kind is classmethod:
            return Live(types.MethodType(raw.__func__, self.cls))
        if kind in guarded.NATIVE:
            return Method(raw, self)
        return _of_property(raw, self) if guarded.in_class(kind, "__get__") is not guarded.MISSING else Live(raw)

    def call(self, node=None, scope=None):
        method = guarded.in_class(self.cls, "__call__")
        return _called(method, self, node, scope) if type(method) is types.FunctionType else None

    def item(self, key):
        if self.elements is not None:
            return self.elements(key)
        return known.item(self) or self._method("__getitem__")

    def element(self):
        if self._iterated is not None:
            return self._iterated()
        if self.elements is not None and self.cls is not dict:
            return self.elements(None)
        return known.element(self) or self._method("__iter__", Value.element) or self._awaited_next()

    def _awaited_next(self):
        found = self._method("__anext__")
        return found and found.awaited()

    def entered(self, itself=None):
        found = self._method("__enter__")
        if found is None:
            found = self._method("__aenter__")
            found = found and found.awaited()
        return found or itself or self

    def keys(self):
        found = self._keys() if self._keys is not None else None
        more = self.live.keys() if self.live is not None else None
        return [*found, *(key for key in more if key not in found)] if found and more else found or more

    def signature(self):
        method = guarded.in_class(self.cls, "__call__")
        found = signatures.of(method) if type(method) is types.FunctionType else None
        return found and found.without_first()

    def _method(self, name, then=None):
        raw = guarded.in_class(self.cls, name)
        if type(raw) is not types.FunctionType:
            return None
        found = _called(raw, self, None, None)
        return then(found) if found is not None and then is not None else found


class Awaitable(Instance):
    """A coroutine, task or future that comes to ``result()``."""

    def __init__(self, cls, result):
        super().__init__(cls)
        self._result = result

    def awaited(self):
        return self._result()

    def get(self, name):
        if name == "result":
            return Function(self._result)
        return super().get(name)


class Function(Value):
    """Something of which no more is known than what a call returns."""

    kind = "function"

    def __init__(self, result):
        self._result = result

    def call(self, node=None, scope=None):
        return self._result()


class Method(Value):
    """A function of a live class, on an object that nobody has made yet."""

    kind = "function"

    def __init__(self, function, owner):
        self.function, self.owner = function, owner

    def names(self):
        return Live(self.function).names()

    def get(self, name):
        return Live(self.function).get(name)

    def call(self, node=None, scope=None):
        if type(self.function) is types.FunctionType:
            return _called(self.function, self.owner, node, scope)
        return known.called(self.function, node, scope, self.owner)

    def signature(self):
        found = signatures.of(self.function)
        return found and found.without_first()


def _of_property(raw, owner=None):
    """What a property gives, as far as its annotation or its source tells."""
    function = None
    if raw is guarded.MISSING:
        return None
    if guarded.is_a(raw, property):
        function = raw.fget
    elif guarded.name_of(type(raw)) == "cached_property" and guarded.module_of(type(raw)) == "functools":
        function = raw.func
    return _called(function, owner, None, None) if type(function) is types.FunctionType else None


def _made(cls, node, scope):
    """What a call of a live class returns."""
    found = known.made(cls, node, scope)
    if found is not None:
        return found
    return Instance(cls)


def _called(function, owner, node, scope):
    """What a call of a live function returns."""
    function = _unwrapped(function)
    found = known.called(function, node, scope, owner)
    if found is not None:
        return found
    definition = sources.definition(function.__code__)
    if definition is not None:
        around = scopes.Live(function.__globals__, infer.builtins())
        model = infer.function(definition, around)
        model.owner = owner
        return model.call()
    if not guarded.is_library(function):
        return None
    signature = signatures.of(function)
    if signature is None or signature.returns is None:
        return None
    result = infer.annotation_text(signature.returns, scopes.Live(function.__globals__, infer.builtins()), owner)
    if function.__code__.co_flags & _CO_COROUTINE and result is not None:
        return infer.coroutine(result)
    return result


def _unwrapped(function):
    wrapped = function.__dict__.get("__wrapped__")
    return wrapped if type(wrapped) is types.FunctionType else function


def source_of_class(cls):
    """The model of a class that a cell has defined, or None."""
    attributes = guarded.own(cls)
    for raw in attributes.values():
        function = raw if type(raw) is types.FunctionType else getattr(raw, "fget", None) if type(raw) is property else None
        if type(function) is types.FunctionType and function.__code__.co_filename.startswith("Cell In["):
            root = sources.of_cell(function.__code__.co_filename)
            node = root and sources.enclosing_class(root, guarded.name_of(cls), function.__code__.co_firstlineno)
            if node is not None:
                return infer.class_(node, scopes.Live(function.__globals__, infer.builtins()))
    return None
