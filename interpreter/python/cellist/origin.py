"""Which cell caused what runs now: a context variable, so that tasks and threads keep it."""

import _cellist
import _cellist_print
import sys
from contextvars import ContextVar

origin = ContextVar("cellist_origin", default=0)


class OutStream(_cellist.StreamCore):
    """``sys.stdout`` and ``sys.stderr`` of cells. ``write`` is native."""

    encoding = "utf-8"
    errors = "strict"
    newlines = None
    line_buffering = True
    closed = False
    mode = "w"

    def __init__(self, name, origin, descriptor):
        self.name = f"<{name}>"
        self._descriptor = descriptor

    @property
    def buffer(self):
        return BytesStream(self)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        _cellist.flush()

    def close(self):
        pass

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    def seekable(self):
        return False

    def fileno(self):
        return self._descriptor

    def reconfigure(self, **options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def __repr__(self):
        return f"<cellist.OutStream name={self.name!r} encoding='utf-8'>"


class BytesStream:
    """``sys.stdout.buffer``: bytes become text as UTF-8."""

    closed = False

    def __init__(self, text):
        self._text = text

    def write(self, data):
        data = bytes(data)
        self._text.write(data.decode("utf-8", "replace"))
        return len(data)

    def flush(self):
        pass

    def fileno(self):
        return self._text.fileno()

    def writable(self):
        return True


def install():
    """Puts our streams in the place of ``sys.stdout`` and ``sys.stderr``."""
    import io
    import os

    sys.stdout = OutStream("stdout", origin, 1)
    sys.stderr = OutStream("stderr", origin, 2)
    io.TextIOBase.register(OutStream)
    _cellist_print.install(OutStream)
    os.register_at_fork(after_in_child=_cellist.detach)
    for name in ("system", "posix_spawn", "posix_spawnp"):
        setattr(os, name, _noted(getattr(os, name)))


def _noted(start):
    """``start``, after which the order of a child's lines and the cell's is looked after."""
    def started(*args, **kwargs):
        try:
            return start(*args, **kwargs)
        finally:
            _cellist.note_child()

    started.__name__ = started.__qualname__ = start.__name__
    started.__doc__, started.__module__ = start.__doc__, start.__module__
    return started
