"""Timelines: what the tasks and threads of a piece of code did, to be drawn."""

import _cellist_trace
import contextlib
import sys

#: Pixels, and columns, of a drawing.
WIDTH, COLUMNS = 960, 100


class Taken:
    """A timeline; `json` is there once it is closed."""

    def __init__(self):
        self.json = None
        self._watch = _cellist_trace.watch()

    def close(self):
        """Ends it: what happens from now on is not in it."""
        if self.json is None:
            try:
                self._name_threads()
            except Exception:
                # A class of the user's may call a thread anything; its lane then has a number.
                pass
            self.json = self._watch.timeline()
            self._watch.close()

    def _name_threads(self):
        threading = sys.modules.get("threading")
        for thread in threading.enumerate() if threading is not None else ():
            target = getattr(thread, "_target", None)
            function = getattr(target, "__qualname__", "").rpartition("<locals>.")[2]
            if thread.ident is not None:
                self._watch.name_thread(thread.ident, thread.name, function)

    def is_concurrent(self):
        """Whether several tasks or threads are in it."""
        return len(self._lanes()) > 1

    def has_tasks(self):
        """Whether a task is in it."""
        return any(lane["kind"] == "task" for lane in self._lanes())

    def _lanes(self):
        import json

        return json.loads(self.json)["lanes"]

    def svg(self, width=None):
        """The drawing as SVG."""
        return _cellist_trace.draw_svg(self.json, width or WIDTH)

    def text(self, width=None):
        """The drawing in lines."""
        return _cellist_trace.draw_text(self.json, width or COLUMNS)

    def bundle(self):
        """The drawing by MIME types."""
        return {"image/svg+xml": self.svg(), "text/plain": self.text()}


@contextlib.contextmanager
def taken():
    """A `Taken` of what happens within the block."""
    timeline = Taken()
    try:
        yield timeline
    finally:
        timeline.close()
