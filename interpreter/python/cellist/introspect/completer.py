"""What could stand at the cursor."""

import keyword

# The others load when a line looks as if it needed them.
from cellist.introspect import guarded, infer, scopes, tree, values
from cellist.introspect.place import Place

#: For so many candidates the signature is told; for more it would take too long, and nobody reads it.
_SIGNATURES = 60
#: More than so many candidates help nobody.
_LARGEST = 2000

_STATEMENTS = {"def", "class"}


class Match:
    """A candidate: its text, what it is, and how it is called (made when asked for)."""

    __slots__ = ("text", "kind", "value")

    def __init__(self, text, kind, value=None):
        self.text, self.kind, self.value = text, kind, value


def complete(source, cursor, namespace):
    """``{matches, start, end, types, signatures}``, positions in code points."""
    infer.begin()
    cursor = min(max(cursor, 0), len(source))
    for attempt in _special(source[source.rfind("\n", 0, cursor) + 1: cursor]):
        found = attempt(source, cursor, namespace)
        if found is not None:
            return _answer(found[0], found[1], cursor)
    place = Place(source, cursor)
    if place.is_comment or place.is_number:
        return _answer([], cursor, cursor)
    return Completer(place, namespace).answer()


def _special(line):
    """The completers of what is not Python that may have to do with a line."""
    if "\\" in line:
        from cellist.introspect import latex

        yield latex.complete
    if "%" in line:
        from cellist.introspect import imports

        yield imports.magic
    if "%" in line or "!" in line:
        from cellist.introspect import paths

        yield paths.shell


class Completer:
    """The candidates at one place."""

    def __init__(self, place, namespace):
        self.place = place
        self.live = scopes.Live(namespace, infer.builtins())
        self.scope = self._scope()
        self.line = place.before.count("\n") + 1

    def answer(self):
        place = self.place
        cursor = place.cursor
        found = None
        if place.subscripted() is not None:
            from cellist.introspect import keys

            found = keys.complete(self)
        if found is None and place.string is not None:
            from cellist.introspect import paths

            found = paths.in_string(self) or ([], cursor)
        if found is None and place.statement and place.statement[0].text in ("import", "from"):
            from cellist.introspect import imports

            found = imports.statement(self)
        if found is not None:
            return _answer(*found, cursor)
        start = cursor - len(place.prefix)
        if place.is_attribute:
            return _answer(self._attributes(), start, cursor)
        statement = place.statement
        if statement and statement[-1].text in _STATEMENTS:
            return _answer(self._to_override(), start, cursor)
        return _answer(self._arguments() + self._names(), start, cursor)

    def infer(self, text):
        """The value of an expression at the cursor, or None."""
        found = tree.parse(f"({text}\n)")
        if isinstance(found, Exception) or len(found.body) != 1:
            return None
        node = getattr(found.body[0], "value", None)
        if node is None:
            return None
        _move(node, self.line)
        return infer.infer(node, self.scope)

    def _scope(self):
        """The scope at the cursor; of what does not parse only the live names are known."""
        marked = tree.marked(self.place)
        if marked is None:
            return self.live
        scope = scopes.Scope(marked.tree, self.live)
        path = marked.path
        for node, inner in zip(path, path[1:]):
            if _opens(node, inner):
                scope = scopes.Scope(node, scope)
        return scope

    def _attributes(self):
        owner = self.place.owner
        value = self.infer(owner) if owner is not None else None
        if value is None:
            return []
        prefix = self.place.prefix
        shown = [(name, kind) for name, kind in value.names().items()
                 if name.startswith(prefix) and (prefix.startswith("_") or not name.startswith("_"))]
        shown = [(name, kind) for name, kind in shown if name.isidentifier()]
        return _sorted([Match(name, kind, lambda name=name: value.get(name)) for name, kind in shown])

    def _names(self):
        prefix, found = self.place.prefix, {}
        scope, inner = self.scope, None
        while scope is not self.live:
            if not (scope.is_class and inner is not None):
                for name, bindings in scope.names.items():
                    if name.startswith(prefix) and name not in found and tree.MARK not in name:
                        if inner is None and all(item.line > self.line for item in bindings):
                            continue
                        found[name] = Match(name, bindings[-1].kind, lambda item=bindings[-1]: infer.bound(item))
                for module in scope.stars:
                    value = infer.imported(module)
                    for name, kind in (value.names() if value is not None else {}).items():
                        if name.startswith(prefix) and not name.startswith("_"):
                            found.setdefault(name, Match(name, kind))
            scope, inner = scope.parent, scope
        hidden = _hidden() if not prefix.startswith("_") and prefix not in ("I", "O") else ()
        for name, value in list(self.live.namespace.items()):
            if type(name) is str and name.startswith(prefix) and name not in found and name not in hidden:
                found[name] = Match(name, guarded.kind(value), lambda value=value: values.Live(value))
        for name, value in self.live.builtins.items():
            if name.startswith(prefix) and name not in found and (prefix.startswith("_") or not name.startswith("_")):
                found[name] = Match(name, guarded.kind(value), lambda value=value: values.Live(value))
        for name in keyword.kwlist + keyword.softkwlist:
            if name.startswith(prefix) and name != "_":
                found[name] = Match(name, "keyword")
        return _sorted([match for match in found.values() if not match.text.startswith("__cellist")])

    def _arguments(self):
        """The keyword arguments that the call at the cursor still takes."""
        call = self.place.call_of_argument()
        if call is None or not call.is_new:
            return []
        value = self.infer(call.callee)
        signature = value.signature() if value is not None else None
        if signature is None:
            return []
        prefix, taken, found = self.place.prefix, call.positional, []
        for parameter in signature.parameters:
            kind = parameter.kind
            if kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD") and taken:
                taken -= 1
                continue
            if kind in ("KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD") and parameter.name.startswith(prefix) \
                    and parameter.name not in call.keywords:
                found.append(Match(parameter.name + "=", "param"))
        return found

    def _to_override(self):
        """After `def` in a class: the methods of its bases."""
        if not self.scope.is_class:
            return []
        from cellist.introspect import models

        model = models.Class(self.scope.node, self.scope.parent)
        found = {}
        for base in model.bases() or [values.Live(object)]:
            found.update(base.names())
        return _sorted([Match(name, kind) for name, kind in found.items()
                        if kind == "function" and name.startswith(self.place.prefix)])


def _opens(node, inner):
    """Whether what stands in `inner`, a part of `node`, sees names of `node`'s own."""
    kind = type(node).__name__
    if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
        return inner in node.body
    return kind in ("Lambda", "ListComp", "SetComp", "DictComp", "GeneratorExp") and \
        inner is not getattr(node, "args", None)


def _move(node, line):
    """Makes an expression stand at a line, as far as names care."""
    todo = [node]
    while todo:
        node = todo.pop()
        if hasattr(node, "lineno"):
            node.lineno = line
        for name in node._fields:
            value = getattr(node, name, None)
            for item in value if isinstance(value, list) else (value,):
                if hasattr(item, "_fields"):
                    todo.append(item)


def _hidden():
    from cellist import session

    current = session.current()
    return current.memory.hidden if current is not None else ()


def _order(match):
    """As IPython sorts: keyword arguments first, then names, then those with underscores."""
    text = match.text
    rank = 2 if text.startswith("__") else 1 if text.startswith("_") else -1 if text.endswith("=") else 0
    return rank, text.casefold(), text


def _sorted(matches):
    return sorted(matches, key=_order)


def _answer(matches, start, end):
    matches = matches[:_LARGEST]
    signatures = [""] * len(matches)
    if len(matches) <= _SIGNATURES:
        signatures = [_signature(match) for match in matches]
    return {
        "matches": [match.text for match in matches],
        "start": start,
        "end": end,
        "types": [match.kind for match in matches],
        "signatures": signatures,
    }


def _signature(match):
    if match.value is None or match.kind not in ("function", "class"):
        return ""
    try:
        value = match.value()
        found = value.signature() if value is not None else None
    except Exception:
        return ""
    return str(found) if found is not None else ""


