"""``get_ipython().history_manager``: the cells of this session, and of earlier ones."""

import re

import _cellist_history as native

from cellist import session as sessions
from cellist.magics import UsageError

#: ``4``, ``4-6``, ``4:7``, ``4-``, ``243/1-5``, ``~2/``, ``~2/7``, ``~8/1-~6/5``.
_RANGE = re.compile(
    r"(?:(?P<first>~?\d+)/)?(?P<start>\d+)?(?:(?P<mark>[-:])(?:(?P<last>~?\d+)/)?(?P<end>\d+)?)?")


class History:
    """The cells by session and number. Rows are ``(session, number, source)`` as in IPython, whose
    session 0 is the one that asks; with `output`, a source is a pair with the value's text."""

    @property
    def _session(self):
        return sessions.current()

    @property
    def _memory(self):
        return self._session.memory

    # How it is

    @property
    def session_number(self):
        """The number of this session among all."""
        return 1 if self._session.log is None else native.state(self._session.log)[0]

    @property
    def hist_file(self):
        """The file; ``:memory:`` if there is none."""
        return (self._session.log is not None and native.state(self._session.log)[1]) or ":memory:"

    @property
    def enabled(self):
        """Whether cells are kept for later sessions."""
        return self._session.log is not None and native.state(self._session.log)[2]

    @enabled.setter
    def enabled(self, value):
        if value and self.hist_file == ":memory:":
            raise ValueError(self._why_none())
        native.enable(bool(value))

    @property
    def db_log_output(self):
        """Whether the values that cells show are kept too."""
        return self._session.log_outputs

    @db_log_output.setter
    def db_log_output(self, value):
        self._session.log_outputs = bool(value)

    def _why_none(self):
        trouble = self._session.log is not None and native.state(self._session.log)[3]
        return f"earlier sessions are not kept: {trouble or 'the history is off'}"

    # This session

    @property
    def input_hist_raw(self):
        return self._memory.inputs

    @property
    def input_hist_parsed(self):
        inputs = [""] * len(self._memory.inputs)
        for _, number, source in self.get_range(raw=False):
            inputs[number] = source
        return inputs

    @property
    def output_hist(self):
        return self._memory.outputs

    @property
    def output_hist_reprs(self):
        return {number: repr(value) for number, value in self._memory.outputs.items()}

    @property
    def dir_hist(self):
        from cellist.magics.environment import visited

        return visited

    # Questions

    def get_range(self, session=0, start=1, stop=None, raw=True, output=False):
        """Cells of a session: 0 is this one, -1 the one before, a positive number that one."""
        own = session in (0, self.session_number) if session else True
        if self._session.log is None:
            rows = self._remembered(start, stop) if own else self._refuse()
        else:
            rows = native.get_range(self._session.log, session, start, stop, raw)
            if not own and not rows and self.hist_file == ":memory:":
                self._refuse()
        for number_of_session, number, source, text in rows:
            text = self._shown(number, text) if own else text
            yield (0 if own else number_of_session, number, (source, text) if output else source)

    def _refuse(self):
        raise UsageError(self._why_none())

    def _remembered(self, start, stop):
        inputs = self._memory.inputs
        for number in range(*slice(start, stop).indices(len(inputs))):
            if inputs[number]:
                yield (0, number, inputs[number], None)

    def _shown(self, number, text):
        outputs = self._memory.outputs
        return repr(outputs[number]) if text is None and number in outputs else text

    def get_range_by_str(self, rangestr, raw=True, output=False):
        """Cells that words such as ``3 5-7 ~1/2 ~2/`` name; without words, this session's."""
        if not rangestr.strip():
            yield from self.get_range(raw=raw, output=output)
        for first, start, stop in self._spans(rangestr):
            yield from self.get_range(first, start, stop, raw, output)

    def _spans(self, text):
        for word in text.split():
            match = _RANGE.fullmatch(word)
            if match is None or (match["start"] is None and (match["first"] is None or match["mark"])):
                raise UsageError(f"`{word}` names no cells: write 3, 5-7, 5:8, ~1/2 or ~1/")
            first = _session_number(match["first"] or "0")
            last = first if match["last"] is None else _session_number(match["last"])
            start = int(match["start"] or 1)
            if match["end"] is not None:
                stop = int(match["end"]) + (match["mark"] == "-")
            else:
                stop = None if match["mark"] or match["start"] is None else start + 1
            if last == first:
                # A cell that asks for this session up to its end does not mean itself.
                if stop is None and first == 0:
                    stop = max(self._session.count, start)
                yield first, start, stop
                continue
            yield first, start, None
            for between in range(first + 1, last):
                yield between, 1, None
            yield last, 1, stop

    def get_tail(self, n=10, raw=True, output=False, include_latest=False):
        """The last cells of all sessions."""
        if self._session.log is None:
            rows = list(self.get_range(output=output))
            return (rows if include_latest else rows[:-1])[-n:]
        return [_row(row, output) for row in native.tail(self._session.log, n, include_latest, raw)]

    def search(self, pattern="*", raw=True, search_raw=True, output=False, n=None, unique=False):
        """Cells of all sessions that a glob pattern matches."""
        if self._session.log is None:
            import fnmatch

            rows = [row for row in self.get_range() if fnmatch.fnmatchcase(row[2], pattern)]
            if unique:
                rows = sorted({row[2]: row for row in rows}.values(), key=lambda row: row[1])
            return rows if n is None else rows[-n:]
        rows = native.search(self._session.log, pattern, n, unique, raw and search_raw)
        return [_row(row, output) for row in rows]

    def get_session_info(self, session=0):
        """``(number, start, end, cells, name)`` of a session; the times as `datetime`."""
        if self._session.log is None:
            return (1, None, None, None, None)
        from datetime import datetime

        number, start, end, cells, name = native.session_info(self._session.log, session)
        start, end = (time and datetime.fromisoformat(time) for time in (start, end))
        return (number, start, end, cells, name)

    def get_last_session_id(self):
        return self.session_number - 1

    def writeout_cache(self, conn=None):
        """Cells are written by themselves, soon."""


def _session_number(text):
    return -int(text[1:]) if text.startswith("~") else int(text)


def _row(row, output):
    session, number, source, text = row
    return (session, number, (source, text) if output else source)
