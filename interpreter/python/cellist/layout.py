"""Breaking text into lines: groups that stand on one line if they fit, and are broken if not.

The way of IPython: of the groups that are open when a line overflows, the outermost is broken
first, and then all of its breaks are line ends. (After D. C. Oppen, "Prettyprinting", 1980.)
"""

from collections import deque
from contextlib import contextmanager


class _Group:
    __slots__ = ("depth", "waiting", "broken")

    def __init__(self, depth):
        self.depth = depth
        #: How many of its breaks wait for a decision.
        self.waiting = 0
        self.broken = False


class _Break:
    __slots__ = ("separator", "indentation", "group")

    def __init__(self, separator, indentation, group):
        self.separator, self.indentation, self.group = separator, indentation, group


class PrettyPrinter:
    """Writes text, breaks and groups to `output` in lines of at most `max_width`, if possible."""

    def __init__(self, output, max_width=79, newline="\n", max_seq_length=1000):
        self.output = output
        self.max_width = max_width
        self.newline = newline
        #: Of longer collections, only so many elements are written.
        self.max_seq_length = max_seq_length
        self.indentation = 0
        #: Columns of the current line that are written, and that wait.
        self.output_width = 0
        self.buffer_width = 0
        #: What waits: texts and breaks, a break first.
        self._waiting = deque()
        self.group_stack = [_Group(0)]
        #: Open groups, and closed ones whose breaks wait, by depth.
        self._levels = [[self.group_stack[0]]]

    def text(self, text):
        """Adds text that is not broken."""
        if not self._waiting:
            self.output.write(text)
            self.output_width += len(text)
            return
        self._waiting.append(text)
        self.buffer_width += len(text)
        self._fit()

    def breakable(self, sep=" "):
        """Adds a separator, at which the line ends if the group does not fit."""
        group = self.group_stack[-1]
        if group.broken:
            self._end_line()
            return
        self._waiting.append(_Break(sep, self.indentation, group))
        group.waiting += 1
        self.buffer_width += len(sep)
        self._fit()

    def break_(self):
        """Ends the line, and breaks the outermost group."""
        group = self._outermost()
        if group is not None:
            self._write_group(group)
        self._end_line()

    def _end_line(self):
        self.flush()
        self.output.write(self.newline + " " * self.indentation)
        self.output_width = self.indentation

    def begin_group(self, indent=0, open=""):
        """Begins a group; its lines are indented by `indent` more."""
        if open:
            self.text(open)
        group = _Group(len(self.group_stack))
        self.group_stack.append(group)
        while len(self._levels) <= group.depth:
            self._levels.append([])
        self._levels[group.depth].append(group)
        self.indentation += indent

    def end_group(self, dedent=0, close=""):
        """Ends the innermost group."""
        self.indentation -= dedent
        group = self.group_stack.pop()
        if not group.waiting and group in self._levels[group.depth]:
            self._levels[group.depth].remove(group)
        if close:
            self.text(close)

    @contextmanager
    def group(self, indent=0, open="", close=""):
        """``with printer.group(…)``: a group from its beginning to its end."""
        self.begin_group(indent, open)
        try:
            yield
        finally:
            self.end_group(indent, close)

    @contextmanager
    def indent(self, indent):
        """``with printer.indent(…)``: lines are indented by so much more."""
        self.indentation += indent
        try:
            yield
        finally:
            self.indentation -= indent

    def flush(self):
        """Writes what waits, unbroken."""
        while self._waiting:
            self._write_next()
        self.buffer_width = 0

    def _enumerate(self, items):
        """Numbers the elements of a collection, and ends a long one with an ellipsis."""
        for index, item in enumerate(items):
            if self.max_seq_length and index >= self.max_seq_length:
                self.text(",")
                self.breakable()
                self.text("...")
                return
            yield index, item

    def _fit(self):
        """Breaks groups from outside to inside until the line is short enough."""
        while self.output_width + self.buffer_width > self.max_width:
            group = self._outermost()
            if group is None:
                return
            self._write_group(group)

    def _write_group(self, group):
        while group.waiting:
            self._write_next()
        while self._waiting and isinstance(self._waiting[0], str):
            self._write_next()

    def _outermost(self):
        for level in self._levels:
            for group in reversed(level):
                group.broken = True
                if group.waiting:
                    level.remove(group)
                    return group
            level.clear()
        return None

    def _write_next(self):
        item = self._waiting.popleft()
        if isinstance(item, str):
            self.output.write(item)
            self.output_width += len(item)
            self.buffer_width -= len(item)
            return
        item.group.waiting -= 1
        self.buffer_width -= len(item.separator)
        if item.group.broken:
            self.output.write(self.newline + " " * item.indentation)
            self.output_width = item.indentation
            return
        if not item.group.waiting and item.group in self._levels[item.group.depth]:
            self._levels[item.group.depth].remove(item.group)
        self.output.write(item.separator)
        self.output_width += len(item.separator)
