"""The lines of cells: tracebacks and ``inspect`` find them in `linecache`, as those of files."""

import linecache
from collections import deque

#: Of cells that leave no function and no class behind, the latest so many keep their lines: only a
#: stored exception could still point to one. In a long session the rest would fill memory.
_KEPT = 1000

_passing = deque()


def remember(count, source):
    """Gives the source of the cell of this number a file name, and returns that."""
    name = f"Cell In[{count}]"
    lines = source.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    attempt = 1
    while name in linecache.cache and linecache.cache[name][2] != lines:
        attempt += 1
        name = f"Cell In[{count}.{attempt}]"
    linecache.cache[name] = (len(source), None, lines, name)
    return name


def compiled(name, code):
    """Notes what the cell of this file name came to: a code object."""
    # A magic runs code under this name that is not in this one.
    if "get_ipython" in code.co_names or any(hasattr(each, "co_code") for each in code.co_consts):
        return
    _passing.append(name)
    if len(_passing) > _KEPT:
        linecache.cache.pop(_passing.popleft(), None)
