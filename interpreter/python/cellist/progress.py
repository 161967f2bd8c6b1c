"""What the public checks of a course came to, kept in the course's own folder.

The file is a log: one line of JSON for each change of a check's result, and the last line of a check
counts. Several kernels add to it at once, each a whole line in one write (POSIX, `O_APPEND`), so they
need no lock. It names units and checks, no paths, so that a folder can be moved. A result belongs to the
text of the check that came to it: a newer edition of the check has not been run yet.
"""

import os

from cellist import coursework

#: Written by `cellist notebooks build` at the top of a course: its plans, their items, their notebooks.
SYLLABUS = "syllabus.json"
RESULTS = ".cellist-progress.jsonl"


def find_course(folder):
    """``(root, syllabus)`` of the course that the folder is in, or None."""
    import json

    folder = os.path.abspath(folder)
    while True:
        try:
            with open(os.path.join(folder, SYLLABUS), encoding="utf-8") as file:
                syllabus = json.load(file)
            if isinstance(syllabus, dict) and syllabus.get("schema") == 1 and "plans" in syllabus:
                return folder, syllabus
        except (OSError, ValueError):
            pass
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


class Results:
    """The results that are kept in a course's folder."""

    def __init__(self, root):
        self.path = os.path.join(root, RESULTS)
        self._last, self._torn = {}, False
        self._read()

    def _read(self):
        import json

        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            return
        # A disk that was full, or a process that was killed, may have left half a line.
        self._torn = bool(text) and not text.endswith("\n")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                if "reset" in entry:
                    self._drop(entry["reset"])
                else:
                    key = entry["unit"], entry["check"]
                    self._last[key] = entry["source"], bool(entry["passed"]), entry.get("score")
            except (ValueError, KeyError, TypeError):
                continue

    def of(self, check):
        """``(passed, score)`` when the check was last run; None when it never was as it is now."""
        source, passed, score = self._last.get((check.unit, check.name), (None, False, None))
        return (passed, score) if source == _fingerprint(check.source) else None

    def note(self, outcomes):
        """Keeps the outcome of each ``(check, outcome)``; raises OSError."""
        lines = []
        for check, outcome in outcomes:
            now = _fingerprint(check.source), outcome["passed"], outcome["score"]
            if self._last.get((check.unit, check.name)) != now:
                self._last[check.unit, check.name] = now
                lines.append({"unit": check.unit, "check": check.name, "source": now[0],
                              "passed": now[1], "score": now[2]})
        self._append(lines)

    def reset(self, units=None):
        """Forgets the results of some units, or of all; returns how many there were."""
        before = len(self._last)
        if units is None:
            self._last.clear()
            try:
                os.remove(self.path)
            except FileNotFoundError:
                pass
            return before
        self._drop(units)
        if len(self._last) < before:
            self._append([{"reset": list(units)}])
        return before - len(self._last)

    def _drop(self, units):
        self._last = {key: result for key, result in self._last.items() if key[0] not in units}

    def _append(self, entries):
        import json

        if not entries:
            return
        text = "".join(json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n" for entry in entries)
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, ("\n" * self._torn + text).encode("utf-8", "surrogatepass"))
            self._torn = False
        finally:
            os.close(file)


def note_cell(namespace, source, outcome):
    """Keeps what a check cell came to, when it is one of a course's notebook. Never disturbs the cell:
    what cannot be kept is for ``%progress`` to tell."""
    try:
        for path in _candidates(namespace):
            for part in coursework.parts(coursework.read(path)):
                if isinstance(part, coursework.Check) and part.source == source:
                    note(path, [(part, outcome)])
                    return
    except (OSError, coursework.NotebookError):
        pass


def note(path, outcomes):
    """Keeps the ``(check, outcome)`` of a notebook, when it is in a course; raises OSError."""
    found = find_course(os.path.dirname(os.path.abspath(path)))
    if found is not None:
        Results(found[0]).note(outcomes)


def _candidates(namespace):
    """The notebook that runs; when it was renamed meanwhile, those of its folder."""
    path = coursework.named_file(namespace)
    if path is not None:
        return [path]
    name = os.environ.get("JPY_SESSION_NAME")
    if not name:
        return []
    folder = os.path.dirname(os.path.abspath(name))
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".ipynb")]


def _fingerprint(source):
    import zlib

    return f"{zlib.crc32(source.encode('utf-8', 'surrogatepass')):08x}"
