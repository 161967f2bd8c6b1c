"""The source of what cells defined, as trees."""

import _ast as ast
import linecache

from cellist.introspect import tree

_CELL = "Cell In["

#: Trees of cells by file name, each with the lines that it was made of.
_trees = {}


def of_cell(name):
    """The tree of a cell that has run, or None."""
    if not name.startswith(_CELL):
        return None
    entry = linecache.cache.get(name)
    if entry is None or len(entry) != 4:
        return None
    lines = entry[2]
    known = _trees.get(name)
    if known is None or known[0] is not lines:
        from cellist import transform

        source, _ = transform.transform("".join(lines))
        found = tree.parse(source)
        if len(_trees) >= 100:
            del _trees[next(iter(_trees))]
        known = _trees[name] = (lines, None if isinstance(found, Exception) else found)
    return known[1]


def definition(code):
    """The node of the function that has this code, if a cell defined it."""
    root = of_cell(code.co_filename)
    return root and _find(root.body, code.co_name, code.co_firstlineno, (ast.FunctionDef, ast.AsyncFunctionDef))


def _find(body, name, line, kinds):
    for node in body:
        if isinstance(node, kinds) and node.name == name:
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            if first <= line <= node.lineno:
                return node
        if node.lineno <= line <= node.end_lineno or hasattr(node, "decorator_list"):
            for part in ("body", "orelse", "finalbody", "handlers", "cases"):
                for_parts = getattr(node, part, None)
                if isinstance(for_parts, list):
                    found = _find_in(for_parts, name, line, kinds)
                    if found is not None:
                        return found
    return None


def _find_in(items, name, line, kinds):
    statements = []
    for item in items:
        statements += item.body if isinstance(item, (ast.ExceptHandler, ast.match_case)) else [item]
    return _find(statements, name, line, kinds)


def annotations(node):
    """The texts of the annotations of a function's node, by parameter, and under ``return``."""
    from ast import unparse

    arguments = node.args
    found = {}
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs,
                 arguments.vararg, arguments.kwarg):
        if item is not None and item.annotation is not None:
            found[item.arg] = unparse(item.annotation)
    if node.returns is not None:
        found["return"] = unparse(node.returns)
    return found


def enclosing_class(root, name, line):
    """The node of the class of this name around a line of a cell."""
    todo = list(root.body)
    while todo:
        node = todo.pop()
        if not node.lineno <= line <= node.end_lineno:
            continue
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
        for part in ("body", "orelse", "finalbody"):
            todo += getattr(node, part, ())
        for handler in getattr(node, "handlers", ()):
            todo += handler.body
    return None
