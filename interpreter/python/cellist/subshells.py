"""Subshells: threads that run cells of their own in the session's namespace (JEP 91)."""

import _cellist_subshell as native
import ast
import builtins
import sys
import threading

from cellist import session
from cellist.memory import Memory

#: What code calls to look whether it is to end.
_LOOK = "__cellist_look__"

#: The running ones by identifier, in the order in which they were made.
known = {}


class Subshell(session.Session):
    """A session on a thread of its own. Variables are everybody's; numbers, inputs and outputs
    (and `_` and `Out`, which it does not name in the namespace) are its own."""

    def __init__(self, main, identifier, log):
        # Not the main one's `__init__`, which also prepares the process.
        self.identifier = identifier
        self.namespace = main.namespace
        self.pristine = main.pristine
        self.sources = main.sources
        self.memory = Memory({})
        self.prepare(log)
        self.context.run(session.enter, self)
        setattr(builtins, _LOOK, native.check)

    def compile_tree(self, tree, name):
        """No signal reaches this thread, so the cell's own code looks whether it is to end."""
        return super().compile_tree(_Looking().visit(tree), name)

    def interrupted(self):
        """Called on this thread, wherever its code stands, when somebody wants the cell to end."""
        loop = sys.modules.get("cellist.loop")
        if loop is None:
            raise KeyboardInterrupt
        loop.interrupt_task()


class _Looking(ast.NodeTransformer):
    """Lets each round of a loop or comprehension, and each function, begin with a look."""

    def _visit_body(self, node):
        self.generic_visit(node)
        is_documented = not isinstance(node, _LOOPS) and ast.get_docstring(node, clean=False) is not None
        look = ast.copy_location(ast.Expr(_look(node.body[0])), node.body[0])
        node.body.insert(int(is_documented), look)
        return node

    def visit_comprehension(self, node):
        self.generic_visit(node)
        # It comes back with None.
        node.ifs.insert(0, ast.copy_location(ast.UnaryOp(ast.Not(), _look(node.iter)), node.iter))
        return node

    visit_For = visit_AsyncFor = visit_While = visit_FunctionDef = visit_AsyncFunctionDef = _visit_body


_LOOPS = ast.For, ast.AsyncFor, ast.While


def _look(place):
    """The call, as if it stood there."""
    name = ast.copy_location(ast.Name(_LOOK, ast.Load()), place)
    return ast.copy_location(ast.Call(name, [], []), place)


def start(token, identifier, log):
    """Starts the thread of a subshell, which does the `token`'s work."""
    thread = threading.Thread(
        target=_serve, args=(token, identifier, log), name=f"subshell-{identifier}", daemon=True)
    thread.start()


def _serve(token, identifier, log):
    try:
        side = known[identifier] = Subshell(session.main(), identifier, log)
        native.serve(token, side)
    finally:
        known.pop(identifier, None)
        native.forget(token)


def current():
    """The identifier of the subshell whose code runs; None in the main shell."""
    return getattr(session.current(), "identifier", None)
