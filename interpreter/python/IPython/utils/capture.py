"""``capture_output``: what a block prints and shows, kept."""

import sys
from io import StringIO

from cellist import display as displays


class RichOutput:
    """One display."""

    def __init__(self, data=None, metadata=None, transient=None, update=False):
        self.data, self.metadata = data or {}, metadata or {}
        self.transient, self.update = transient or {}, update

    def display(self):
        """Shows it."""
        displays.emit(self.data, self.metadata, self.transient, self.update)

    _ipython_display_ = display

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.data, self.metadata


class CapturedIO:
    """What was kept: `stdout`, `stderr`, `outputs`; calling it (or `show`) shows all again."""

    def __init__(self, stdout, stderr, outputs=None):
        self._stdout, self._stderr, self._outputs = stdout, stderr, outputs if outputs is not None else []

    def __str__(self):
        return self.stdout

    @property
    def stdout(self):
        return self._stdout.getvalue() if self._stdout else ""

    @property
    def stderr(self):
        return self._stderr.getvalue() if self._stderr else ""

    @property
    def outputs(self):
        return [RichOutput(*output) for output in self._outputs]

    def show(self):
        """Prints and shows all again."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)
        for output in self.outputs:
            output.display()

    __call__ = show


class capture_output:
    """``with capture_output() as kept:`` keeps what the block prints and shows."""

    def __init__(self, stdout=True, stderr=True, display=True):
        self.stdout, self.stderr, self.display = stdout, stderr, display

    def __enter__(self):
        self._before = sys.stdout, sys.stderr
        out = err = None
        if self.stdout:
            out = sys.stdout = StringIO()
        if self.stderr:
            err = sys.stderr = StringIO()
        outputs = []
        if self.display:
            self._keep = lambda *output: outputs.append(output)
            displays.captures.append(self._keep)
        return CapturedIO(out, err, outputs)

    def __exit__(self, *exc):
        if self.stdout:
            sys.stdout = self._before[0]
        if self.stderr:
            sys.stderr = self._before[1]
        if self.display:
            displays.captures.remove(self._keep)


__all__ = ["CapturedIO", "RichOutput", "capture_output"]
