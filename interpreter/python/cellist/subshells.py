"""Subshells: threads that run cells of their own in the session's namespace (JEP 91)."""

import _cellist_subshell as native
import sys
import threading

from cellist import session
from cellist.memory import Memory

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

    def interrupted(self):
        """Called on this thread, wherever its code stands, when somebody wants the cell to end."""
        loop = sys.modules.get("cellist.loop")
        if loop is None:
            raise KeyboardInterrupt
        loop.interrupt_task()


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
