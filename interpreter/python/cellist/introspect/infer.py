"""What the expressions of source come to, found without running them."""

import _ast as ast
import builtins as _builtins
import types
from _thread import _local  # `threading`, which has it too, imports more

#: More steps than this are not worth an answer.
_STEPS = 400

_state = _local()
_CONTAINERS = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
_COMPREHENSIONS = {ast.ListComp: list, ast.SetComp: set, ast.GeneratorExp: types.GeneratorType}


def begin():
    """A new question."""
    _state.steps = 0


def builtins():
    """The names that Python itself provides."""
    return vars(_builtins)


def infer(node, scope):
    """The value of an expression, or None."""
    _state.steps = getattr(_state, "steps", 0) + 1
    if node is None or _state.steps > _STEPS:
        return None
    handler = _HANDLERS.get(type(node))
    try:
        return handler(node, scope) if handler is not None else None
    except RecursionError:
        return None


def lookup(name, scope, line=None):
    """The value of a name as seen in a scope, or None."""
    from cellist.introspect import guarded

    binding = scope.find(name, line)
    found = bound(binding) if binding is not None else None
    if binding is None:
        for around in _around(scope):
            for module in around.stars:
                value = imported(module)
                found = value and value.get(name)
                if found is not None:
                    return found
    elif binding.scope.parent is not scope.root:
        return found
    live = scope.root.value(name)
    if live is guarded.MISSING:
        return found
    return _newer(found, values.Live(live))


def _newer(found, live):
    """Of what the source says and of what the session has, what tells more."""
    if found is None:
        return live
    if isinstance(found, values.Instance) and found.cls is live.cls:
        if found.cls is dict and found.keys() is not None:
            found.live = live
            return found
        return live
    if isinstance(found, values.Live) and found.cls is live.cls:
        return live
    return found


def _around(scope):
    while scope is not None:
        yield scope
        scope = scope.parent


def bound(binding):
    """The value that a binding gives its name, or None."""
    if binding.busy:
        return None
    binding.busy = True
    try:
        value = _bound(binding)
        for number in binding.path:
            value = value and value.item(number)
        return value
    finally:
        binding.busy = False


def _bound(binding):
    how, node, scope = binding.how, binding.node, binding.scope
    if isinstance(scope.node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        # What the first generator iterates over belongs to the scope around; close enough for all.
        if scope.node.generators[0].iter is node:
            scope = scope.parent
    if how == "value":
        return infer(node, scope)
    if how == "element":
        iterated = infer(node, scope)
        return iterated and iterated.element()
    if how == "enter":
        manager = infer(node, scope)
        return manager and manager.entered()
    if how == "annotation":
        found = annotation(node.annotation, scope)
        return found or infer(node.value, scope)
    if how == "error":
        nodes = node.elts if isinstance(node, ast.Tuple) else [node]
        cls = infer(nodes[0], scope) if nodes else None
        return cls and cls.call()
    if how == "def":
        return function(node, scope)
    if how == "class":
        return class_(node, scope)
    if how == "import":
        return imported(node)
    if how == "from":
        return imported_from(*node)
    if how == "parameter":
        return _parameter(*node, scope)
    return None


def function(node, scope):
    """The model of a function."""
    return models.Function(node, scope)


def class_(node, scope):
    """The model of a class."""
    return models.Class(node, scope)


def _parameter(node, argument, scope):
    arguments = node.args
    if argument.annotation is not None:
        found = annotation(argument.annotation, scope.parent)
        if argument is arguments.vararg or argument is arguments.kwarg:
            found = None
        if found is not None:
            return found
    if argument is arguments.vararg:
        return values.Instance(tuple)
    if argument is arguments.kwarg:
        return values.Instance(dict)
    positional = [*arguments.posonlyargs, *arguments.args]
    if positional and argument is positional[0] and not isinstance(node, ast.Lambda):
        found = _itself(node, scope)
        if found is not None:
            return found
    default = None
    if argument in positional:
        behind = positional.index(argument) - (len(positional) - len(arguments.defaults))
        default = arguments.defaults[behind] if behind >= 0 else None
    elif argument in arguments.kwonlyargs:
        default = arguments.kw_defaults[arguments.kwonlyargs.index(argument)]
    if default is None or isinstance(default, ast.Constant) and default.value is None:
        return None
    return infer(default, scope.parent)


def _itself(node, scope):
    """What `self` or `cls` of a method is, or None."""
    if scope.owner is not None:
        return scope.owner
    around = scope.parent
    if not getattr(around, "is_class", False):
        return None
    decorators = models.Function(node, around).decorators()
    if "staticmethod" in decorators:
        return None
    model = models.Class(around.node, around.parent)
    is_class = "classmethod" in decorators or node.name in ("__new__", "__init_subclass__", "__class_getitem__")
    return model if is_class else models.ClassInstance(model)


# Annotations


def annotation(node, scope, owner=None):
    """An object of the type that an annotation names, or None."""
    if isinstance(node, ast.Constant):
        return annotation_text(node.value, scope, owner) if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return annotation(node.left, scope, owner) or annotation(node.right, scope, owner)
    if isinstance(node, ast.Subscript):
        return _generic(node, scope, owner)
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    if name == "Self" and owner is not None:
        return owner.call() if isinstance(owner, models.Class) else owner
    found = infer(node, scope)
    if isinstance(found, values.Live):
        from cellist.introspect import guarded

        if not guarded.is_a(found.obj, type):
            return known.aliased(found.obj)
        return values.Instance(found.obj)
    return models.ClassInstance(found) if isinstance(found, models.Class) else None


def annotation_text(text, scope, owner=None):
    """As `annotation`, of its text."""
    from cellist.introspect import tree

    found = tree.parse(text.strip())
    if isinstance(found, Exception) or len(found.body) != 1 or not isinstance(found.body[0], ast.Expr):
        return None
    return annotation(found.body[0].value, scope, owner)


def _generic(node, scope, owner):
    name = getattr(node.value, "attr", None) or getattr(node.value, "id", None)
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in ("Optional", "Union", "Annotated", "Final", "ClassVar", "Required", "NotRequired"):
        return next(filter(None, (annotation(item, scope, owner) for item in inner)), None)
    if name in ("type", "Type"):
        return infer(inner[0], scope)
    found = annotation(node.value, scope, owner)
    if name in ("Awaitable", "Coroutine", "Future", "Task"):
        result = inner[-1]
        base = found.cls if isinstance(found, values.Instance) else types.CoroutineType
        return values.Awaitable(base, lambda: annotation(result, scope, owner))
    if not isinstance(found, values.Instance):
        return found
    is_pair = found.cls is tuple and not (isinstance(inner[-1], ast.Constant) and inner[-1].value is ...)
    last = inner[-1] if found.cls is not tuple or is_pair else inner[0]

    def element(key):
        place = inner[key] if is_pair and type(key) is int and -len(inner) <= key < len(inner) else last
        return annotation(place, scope, owner)

    return values.Instance(found.cls, element, None, lambda: annotation(inner[0], scope, owner))


def coroutine(result):
    """A coroutine that comes to this."""
    return values.Awaitable(types.CoroutineType, lambda: result)


# Imports


def imported(name):
    """The value of a module, or None."""
    from cellist.introspect import modules

    return modules.value(name)


def imported_from(module, name):
    """The value of a name in a module, or None."""
    owner = imported(module)
    found = owner.get(name) if owner is not None else None
    return found if found is not None else imported(f"{module}.{name}")


# Expressions


def _constant(node, scope):
    return values.Live(node.value) if node.value is not ... else None


def _name(node, scope):
    return lookup(node.id, scope, node.lineno)


def _attribute(node, scope):
    owner = infer(node.value, scope)
    return owner and owner.get(node.attr)


def _call(node, scope):
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        return _super(scope)
    called = infer(node.func, scope)
    return called and called.call(node, scope)


def _super(scope):
    for around in _around(scope):
        if getattr(around, "is_class", False):
            bases = models.Class(around.node, around.parent).bases()
            return bases[0].call() if bases else values.Instance(object)
    return None


def _container(node, scope):
    elements = node.elts

    def element(key):
        if type(key) is int and -len(elements) <= key < len(elements):
            return infer(elements[key], scope)
        return infer(elements[0], scope) if elements and key is None else None

    return values.Instance(_CONTAINERS[type(node)], element)


def _dict(node, scope):
    pairs = {key.value: value for key, value in zip(node.keys, node.values)
             if isinstance(key, ast.Constant)}

    def element(key):
        if key in pairs:
            return infer(pairs[key], scope)
        return infer(node.values[0], scope) if node.values and key is None else None

    return values.Instance(dict, element, lambda: list(pairs),
                           lambda: infer(node.keys[0], scope) if node.keys else None)


def _comprehension(node, scope):
    inner = scopes.Scope(node, scope)
    return values.Instance(_COMPREHENSIONS[type(node)], lambda key: infer(node.elt, inner))


def _dict_comprehension(node, scope):
    inner = scopes.Scope(node, scope)
    return values.Instance(dict, lambda key: infer(node.value, inner), None, lambda: infer(node.key, inner))


def _subscript(node, scope):
    owner = infer(node.value, scope)
    if owner is None:
        return None
    key = node.slice
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub) and isinstance(key.operand, ast.Constant):
        return owner.item(-key.operand.value) if isinstance(key.operand.value, int) else None
    if isinstance(key, ast.Slice):
        return owner
    return owner.item(key.value if isinstance(key, ast.Constant) else None)


def _await(node, scope):
    found = infer(node.value, scope)
    return found and found.awaited()


def _operation(node, scope):
    left = infer(node.left, scope)
    if isinstance(left, (values.Live, values.Instance)):
        if left.cls is int:
            right = infer(node.right, scope)
            if isinstance(right, (values.Live, values.Instance)) and right.cls in (float, complex, str, list):
                return values.Instance(right.cls)
            return values.Instance(float if isinstance(node.op, ast.Div) else int)
        if isinstance(left, values.Live) or left.elements is None:
            return values.Instance(left.cls)
    return left


def _first_of(node, scope):
    return next(filter(None, (infer(item, scope) for item in node.values)), None)


def _choice(node, scope):
    return infer(node.body, scope) or infer(node.orelse, scope)


def _unary(node, scope):
    return values.Instance(bool) if isinstance(node.op, ast.Not) else infer(node.operand, scope)


_HANDLERS = {
    ast.Constant: _constant,
    ast.JoinedStr: lambda node, scope: values.Instance(str),
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.List: _container,
    ast.Tuple: _container,
    ast.Set: _container,
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.Subscript: _subscript,
    ast.Await: _await,
    ast.BinOp: _operation,
    ast.BoolOp: _first_of,
    ast.Compare: lambda node, scope: values.Instance(bool),
    ast.IfExp: _choice,
    ast.UnaryOp: _unary,
    ast.NamedExpr: lambda node, scope: infer(node.value, scope),
    ast.Lambda: lambda node, scope: models.Function(node, scope),
}

# Last: they need what stands above.
from cellist.introspect import known, models, scopes, values  # noqa: E402
