"""Names that source binds: which, where, and to what."""

import _ast as ast

from cellist.introspect import guarded

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Binding:
    """One place that binds a name.

    `how`: ``value`` (an assignment), ``element`` (of what is iterated), ``enter`` (of a context
    manager), ``annotation``, ``error`` (of an except clause), ``def``, ``class``, ``import``,
    ``from``, ``parameter`` or ``unknown``; `node` is what it is made of, and `path` leads into it
    where a target unpacks it."""

    __slots__ = ("how", "node", "line", "path", "scope", "busy")

    def __init__(self, how, node, line, path=()):
        self.how, self.node, self.line, self.path = how, node, line, path
        self.scope = None
        self.busy = False

    @property
    def kind(self):
        """The word that front ends have an icon for."""
        return {"def": "function", "class": "class", "import": "module", "parameter": "param"}.get(
            self.how, "instance")


class Collector:
    """Collects the bindings of a body, without those of the functions and classes in it."""

    def __init__(self):
        self.names = {}
        self.stars = []
        self.elsewhere = set()

    def add(self, name, how, node, line, path=()):
        self.names.setdefault(name, []).append(Binding(how, node, line, path))

    def body(self, statements):
        for statement in statements:
            self._statement(statement)

    def _statement(self, node):
        kind = type(node)
        if kind in _FUNCTIONS:
            self.add(node.name, "def", node, node.lineno)
        elif kind is ast.ClassDef:
            self.add(node.name, "class", node, node.lineno)
        elif kind is ast.Assign:
            for target in node.targets:
                self.target(target, "value", node.value)
            self.expression(node.value)
        elif kind is ast.AnnAssign:
            self.target(node.target, "annotation", node)
        elif kind in (ast.For, ast.AsyncFor):
            self.target(node.target, "element", node.iter)
        elif kind in (ast.With, ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    self.target(item.optional_vars, "enter", item.context_expr)
        elif kind is ast.Import:
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.add(name, "import", alias.name if alias.asname else name, node.lineno)
        elif kind is ast.ImportFrom:
            self._imported(node)
        elif kind in (ast.Global, ast.Nonlocal):
            self.elsewhere.update(node.names)
        elif kind is ast.Match:
            for case in node.cases:
                self._pattern(case.pattern, node.subject)
                self.body(case.body)
        elif kind in (ast.Expr, ast.Return, ast.If, ast.While, ast.AugAssign, ast.Assert):
            self.expression(getattr(node, "value", None) or getattr(node, "test", None))
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if block and kind not in _FUNCTIONS and kind is not ast.ClassDef:
                self.body(block)
        for handler in getattr(node, "handlers", ()):
            if handler.name:
                self.add(handler.name, "error", handler.type, handler.lineno)
            self.body(handler.body)

    def _imported(self, node):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self.add(alias.asname or alias.name, "from", (module, alias.name), node.lineno)

    def _pattern(self, pattern, subject):
        name = getattr(pattern, "name", None)
        if name:
            how, node = ("value", subject)
            inner = getattr(pattern, "pattern", None)
            if isinstance(inner, ast.MatchClass):
                how, node = "error", inner.cls
            self.add(name, how, node, pattern.lineno)
        for field in ("patterns", "kwd_patterns"):
            for inner in getattr(pattern, field, ()):
                self._pattern(inner, None)
        if getattr(pattern, "pattern", None) is not None:
            self._pattern(pattern.pattern, None)

    def target(self, target, how, node, path=()):
        """What an assignment of any kind binds."""
        if isinstance(target, ast.Name):
            self.add(target.id, how, node, target.lineno, path)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for number, element in enumerate(target.elts):
                self.target(element, how, node, (*path, number))
        elif isinstance(target, ast.Starred):
            self.target(target.value, "unknown", node)

    def expression(self, node):
        """Names that `:=` binds."""
        todo = [node] if node is not None else []
        while todo:
            node = todo.pop()
            if isinstance(node, ast.NamedExpr):
                self.target(node.target, "value", node.value)
            if isinstance(node, ast.Lambda):
                continue
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, ast.AST):
                    todo.append(value)
                elif isinstance(value, list):
                    todo += [item for item in value if isinstance(item, ast.AST)]

    def parameters(self, node):
        """The parameters of a function or lambda."""
        arguments = node.args
        for item in (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg):
            if item is not None:
                self.add(item.arg, "parameter", (node, item), item.lineno)


class Scope:
    """The names of a module, a class, a function, a lambda or a comprehension."""

    def __init__(self, node, parent, owner=None):
        self.node, self.parent = node, parent
        #: Of the function of a method: the class's value.
        self.owner = owner
        collector = Collector()
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            collector.parameters(node)
        if isinstance(node, _COMPREHENSIONS):
            for generator in node.generators:
                collector.target(generator.target, "element", generator.iter)
        elif isinstance(node, ast.Lambda):
            collector.expression(node.body)
        else:
            collector.body(node.body)
        self.names = collector.names
        self.stars = collector.stars
        for name in collector.elsewhere:
            self.names.pop(name, None)
        for bindings in self.names.values():
            for binding in bindings:
                binding.scope = self

    @property
    def is_class(self):
        return isinstance(self.node, ast.ClassDef)

    def binding(self, name, line=None):
        """The binding of a name that holds at a line: the last before it, else the first."""
        bindings = self.names.get(name)
        if not bindings:
            return None
        before = [item for item in bindings if line is None or item.line <= line]
        return before[-1] if before else bindings[0]

    def find(self, name, line=None, inner=None):
        """``(binding, value)`` of a name here or in the scopes around; both None when unknown."""
        if not (self.is_class and inner is not None):
            binding = self.binding(name, line)
            if binding is not None:
                return binding
        return self.parent.find(name, line, inner=self) if self.parent is not None else None

    @property
    def root(self):
        """The live names around all."""
        return self.parent.root


class Live:
    """The outermost scope: the names of a session, and the built-in ones."""

    parent = None
    is_class = False
    names = {}
    stars = ()

    def __init__(self, namespace, builtins):
        self.namespace, self.builtins = namespace, builtins

    @property
    def root(self):
        return self

    def find(self, name, line=None, inner=None):
        return None

    def value(self, name):
        """The object under a name, or `guarded.MISSING`."""
        found = self.namespace.get(name, guarded.MISSING)
        return self.builtins.get(name, guarded.MISSING) if found is guarded.MISSING else found
