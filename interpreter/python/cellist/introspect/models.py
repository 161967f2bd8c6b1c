"""Classes, functions and modules as their source describes them, before anything has run."""

import _ast as ast
import types

from cellist.introspect import guarded, infer, scopes, signatures, values

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Function(values.Value):
    """A function whose `def` (or lambda) is known; `owner` is what it is bound to, or None."""

    kind = "function"

    def __init__(self, node, scope, owner=None):
        self.node, self.scope, self.owner = node, scope, owner

    def bound(self, owner):
        """The same, as a method of `owner`."""
        return Function(self.node, self.scope, owner)

    def decorators(self):
        """The last parts of the names of its decorators."""
        found = set()
        for node in getattr(self.node, "decorator_list", ()):
            node = node.func if isinstance(node, ast.Call) else node
            found.add(getattr(node, "attr", None) or getattr(node, "id", None))
        return found

    @property
    def doc(self):
        """Its docstring, or None."""
        return docstring(self.node)

    def names(self):
        return values.Live(infer.builtins().get("len")).names() | {"__defaults__": "instance", "__code__": "instance"}

    def signature(self):
        found = signature(self.node)
        return found.without_first() if self.owner is not None else found

    def call(self, node=None, scope=None):
        mine = scopes.Scope(self.node, self.scope, self.owner)
        if isinstance(self.node, ast.Lambda):
            return infer.infer(self.node.body, mine)
        returned, yielded = _results(self.node)
        is_async = isinstance(self.node, ast.AsyncFunctionDef)
        if yielded is not None:
            cls = types.AsyncGeneratorType if is_async else types.GeneratorType
            found = values.Instance(cls, lambda key: infer.infer(yielded, mine))
            managers = {"contextmanager", "asynccontextmanager"} & self.decorators()
            return Manager(found) if managers else found
        result = None
        if self.node.returns is not None:
            result = infer.annotation(self.node.returns, mine, self.owner)
        for node in returned:
            if result is not None:
                break
            result = infer.infer(node, mine)
        return infer.coroutine(result) if is_async else result


class Manager(values.Value):
    """What a function returns that `contextmanager` decorates."""

    def __init__(self, generator):
        self.generator = generator

    def entered(self):
        return self.generator.element()


def _results(node):
    """The expressions that a function returns, and the first that it yields (or None)."""
    returned, yielded = [], None
    todo = list(reversed(node.body))
    while todo:
        item = todo.pop()
        if isinstance(item, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(item, ast.Return) and item.value is not None:
            returned.append(item.value)
        elif isinstance(item, ast.Yield) and yielded is None:
            yielded = item.value or ast.Constant(None)
        children = []
        for name in item._fields:
            value = getattr(item, name, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list):
                children += [child for child in value if isinstance(child, ast.AST)]
        todo += reversed(children)
    return returned, yielded


class Class(values.Value):
    """A class whose statement is known."""

    kind = "class"

    def __init__(self, node, scope):
        self.node, self.outer = node, scope
        self.scope = scopes.Scope(node, scope)
        self._own = None

    @property
    def doc(self):
        """Its docstring, or None."""
        return docstring(self.node)

    def bases(self):
        """The values of its bases that are known."""
        found = [infer.infer(node, self.outer) for node in self.node.bases]
        return [base for base in found if isinstance(base, Class) or (
            isinstance(base, values.Live) and guarded.is_a(base.obj, type))]

    def own_attributes(self):
        """The names that its methods set on `self`."""
        if self._own is None:
            collector = scopes.Collector()
            for method in self.node.body:
                if isinstance(method, _FUNCTIONS) and method.args.args:
                    _assigned(method, method.args.args[0].arg, collector)
            self._own = {}
            for name, bindings in collector.names.items():
                for binding in bindings:
                    method = binding.node[1]
                    binding.node = binding.node[0]
                    binding.scope = scopes.Scope(method, self.scope, ClassInstance(self))
                self._own[name] = bindings[0]
        return self._own

    def names(self):
        found = {}
        for base in reversed(self.bases() or [values.Live(object)]):
            found.update(base.names())
        found.update((name, bindings[-1].kind) for name, bindings in self.scope.names.items())
        return found

    def get(self, name):
        binding = self.scope.binding(name)
        if binding is not None:
            found = infer.bound(binding)
            if isinstance(found, Function) and "classmethod" in found.decorators():
                return found.bound(self)
            return found
        for base in self.bases():
            found = base.get(name)
            if found is not None:
                return found
        return None

    def instance_attribute(self, name):
        """The value of an attribute that its methods set on `self`, or None."""
        binding = self.own_attributes().get(name)
        return infer.bound(binding) if binding is not None else None

    def call(self, node=None, scope=None):
        return ClassInstance(self)

    def signature(self):
        if self.is_dataclass():
            return signatures.Signature(self._fields())
        for name in ("__init__", "__new__"):
            found = self.get(name)
            if isinstance(found, Function):
                return signature(found.node).without_first()
        for base in self.bases():
            return base.signature()
        return signatures.Signature([])

    def is_dataclass(self):
        """Whether a decorator writes its `__init__`."""
        return "dataclass" in Function(self.node, self.outer).decorators()

    def _fields(self):
        from ast import unparse

        found = {}
        for base in reversed(self.bases()):
            if isinstance(base, Class) and base.is_dataclass():
                found.update((item.name, item) for item in base._fields())
        for node in self.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                annotation = unparse(node.annotation)
                if annotation.startswith(("ClassVar", "typing.ClassVar")):
                    continue
                default = None if node.value is None else "..." if isinstance(node.value, ast.Call) else unparse(node.value)
                found[node.target.id] = signatures.Parameter(
                    node.target.id, signatures.POSITIONAL_OR_KEYWORD, default, annotation)
        return list(found.values())


def _assigned(method, itself, collector):
    """Collects ``self.name = value`` in a method."""
    todo = list(method.body)
    while todo:
        node = todo.pop(0)
        targets = node.targets if isinstance(node, ast.Assign) else (
            [node.target] if isinstance(node, ast.AnnAssign) else [])
        for target in targets:
            how, value = ("annotation", node) if isinstance(node, ast.AnnAssign) else ("value", node.value)
            pairs = [(target, ())]
            if isinstance(target, ast.Tuple):
                pairs = [(element, (number,)) for number, element in enumerate(target.elts)]
            for element, path in pairs:
                if (isinstance(element, ast.Attribute) and isinstance(element.value, ast.Name)
                        and element.value.id == itself):
                    collector.add(element.attr, how, (value, method), element.lineno, path)
        for part in ("body", "orelse", "finalbody"):
            todo += getattr(node, part, ())
        for handler in getattr(node, "handlers", ()):
            todo += handler.body
        for case in getattr(node, "cases", ()):
            todo += case.body


class ClassInstance(values.Value):
    """An object of a class whose statement is known."""

    def __init__(self, model):
        self.model = model

    def names(self):
        found = {}
        for base in reversed(self.model.bases() or [values.Live(object)]):
            found.update((base.call() or base).names())
        found.update((name, bindings[-1].kind) for name, bindings in self.model.scope.names.items())
        for name, binding in self.model.own_attributes().items():
            found.setdefault(name, binding.kind)
        for name, bindings in self.model.scope.names.items():
            last = bindings[-1]
            if last.how == "def" and {"property", "cached_property"} & Function(last.node, None).decorators():
                found[name] = "property"
        return found

    def get(self, name):
        binding = self.model.scope.binding(name)
        if binding is None or binding.how == "annotation" and binding.node.value is None:
            found = self.model.instance_attribute(name)
            if found is not None:
                return found
        if binding is None:
            for base in self.model.bases():
                made = base.call()
                found = made.get(name) if made is not None else None
                if found is not None:
                    return found
            return None
        found = infer.bound(binding)
        if not isinstance(found, Function):
            return found
        decorators = found.decorators()
        if "staticmethod" in decorators:
            return found
        found = found.bound(self.model if "classmethod" in decorators else self)
        return found.call() if {"property", "cached_property"} & decorators else found

    def call(self, node=None, scope=None):
        return self._called("__call__")

    def item(self, key):
        return self._called("__getitem__")

    def element(self):
        made = self._called("__iter__")
        if made is not None:
            return made.element() if not isinstance(made, ClassInstance) else made._called("__next__")
        made = self._called("__anext__") or self._called("__aiter__")
        if isinstance(made, ClassInstance):
            made = made._called("__anext__")
        return made and (made.awaited() or made.element())

    def entered(self):
        found = self._called("__enter__")
        if found is None:
            found = self._called("__aenter__")
            found = found and found.awaited()
        return found or self

    def signature(self):
        found = self.get("__call__")
        return found.signature() if isinstance(found, Function) else None

    def _called(self, name):
        found = self.get(name)
        return found.call() if isinstance(found, Function) else None


class Module(values.Value):
    """A module that is not loaded: its source is read, not run."""

    kind = "module"

    def __init__(self, name, node, folder=None):
        self.name, self.node, self.folder = name, node, folder
        self.scope = scopes.Scope(node, scopes.Live({}, infer.builtins()))

    @property
    def doc(self):
        """Its docstring, or None."""
        return docstring(self.node)

    def names(self):
        return {name: bindings[-1].kind for name, bindings in self.scope.names.items()}

    def get(self, name):
        binding = self.scope.binding(name)
        return infer.bound(binding) if binding is not None else None


def docstring(node):
    """The docstring of a node, or None."""
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
        return None
    value = body[0].value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        import inspect

        return inspect.cleandoc(value.value)
    return None


def signature(node):
    """The signature of the node of a function or lambda."""
    from ast import unparse

    def text(node):
        return None if node is None else unparse(node)

    arguments = node.args
    parameters = []
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    for number, (item, default) in enumerate(zip(positional, defaults)):
        kind = signatures.POSITIONAL_ONLY if number < len(arguments.posonlyargs) else signatures.POSITIONAL_OR_KEYWORD
        parameters.append(signatures.Parameter(item.arg, kind, text(default), text(item.annotation)))
    if arguments.vararg is not None:
        parameters.append(signatures.Parameter(
            arguments.vararg.arg, signatures.VAR_POSITIONAL, None, text(arguments.vararg.annotation)))
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        parameters.append(signatures.Parameter(item.arg, signatures.KEYWORD_ONLY, text(default), text(item.annotation)))
    if arguments.kwarg is not None:
        parameters.append(signatures.Parameter(
            arguments.kwarg.arg, signatures.VAR_KEYWORD, None, text(arguments.kwarg.annotation)))
    return signatures.Signature(parameters, text(getattr(node, "returns", None)))
