"""Running files and earlier cells: ``%run``, ``%rerun``, ``%load``, ``%save``, ``%history``."""

import os
import re
import sys

from cellist.magics import UsageError, no_var_expand, options


@no_var_expand
async def run(shell, line):
    """Run a Python file or a notebook: %run [-n] [-i] [-e] [-t] [-d] [-p] FILE [ARGUMENTS].

    %run FILE        in a namespace of its own, whose names are then the cells' too
    %run -i FILE     in the namespace of the cells
    %run -n FILE     `__name__` is not "__main__"
    %run -e FILE     `sys.exit` is no error
    %run -t FILE     prints the time it took
    %run -m MODULE   a module
    """
    given, words = options.parse(shell.var_expand(line), "nietm", mode="list")
    if not words:
        raise UsageError("%run needs a file")
    if "m" in given:
        import runpy

        _with_arguments(words, lambda: shell.user_ns.update(
            _new_names(runpy.run_module(words[0], run_name="__main__", alter_sys=True))))
        return
    path = _file(words[0])
    if path.endswith(".ipynb"):
        for source in _cells(path):
            result = await shell.run_cell_async(source)
            result.raise_error()
        return
    import time

    begun = time.perf_counter()
    try:
        _with_arguments(words, lambda: _run_file(shell, path, given))
    except SystemExit as exc:
        if "e" not in given and exc.code:
            raise UsageError(f"`{path}` ended by sys.exit({exc.code!r})") from None
    if "t" in given:
        from cellist.magics.timing import format_time

        print(f"\nWall time: {format_time(time.perf_counter() - begun)}")


def _file(name):
    path = os.path.expanduser(name)
    for candidate in (path, path + ".py", path + ".ipynb"):
        if os.path.isfile(candidate):
            return candidate
    raise UsageError(f"File `{path!r}` not found.")


def _with_arguments(words, function):
    before, path = sys.argv, sys.path[:]
    sys.argv = words
    sys.path.insert(0, os.path.dirname(os.path.abspath(words[0])))
    try:
        function()
    finally:
        sys.argv = before
        if sys.path[:1] and sys.path[1:] == path:
            del sys.path[0]


def _run_file(shell, path, given):
    import io

    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec")
    if "i" in given:
        exec(code, shell.user_ns)
        return
    name = os.path.splitext(os.path.basename(path))[0] if "n" in given else "__main__"
    names = {"__name__": name, "__file__": path, "__builtins__": __builtins__}
    try:
        exec(code, names)
    finally:
        shell.user_ns.update(_new_names(names))


def _new_names(names):
    return {name: value for name, value in names.items() if not name.startswith("__")}


def _cells(path):
    import json

    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            yield source if isinstance(source, str) else "".join(source)


# Earlier cells


def ranges(shell, text):
    """The numbers and sources that ``3 5-7 ~1/2`` names; without words, of all cells so far."""
    for _, number, source in shell.history_manager.get_range_by_str(text.strip() or "1-"):
        yield number, source


def history(shell, line):
    """Print earlier cells: %history [-n] [-o] [-p] [-t] [-l [N]] [-g PATTERN] [-u] [-f FILE] [RANGES].

    -n  with numbers                  -o  with outputs         -p  with >>> prompts
    -t  as they ran: magics and the like are Python
    -l  the last N (10) of all sessions
    -g  those of all sessions that match a glob pattern
    -u  of equal ones only the last   -f  into a file
    RANGES are such as 3, 5-7, 5:8, 5-; ~1/3 and ~1/ (all) are of the session before this, ~2/ of
    the one before that, 12/3 of session 12, ~3/1-~1/ of several.
    """
    given, words = _history_options(line)
    manager, raw, output = shell.history_manager, "t" not in given, "o" in given
    if "g" in given and not words:
        pattern = f"*{given['g']}*" if given["g"] else "*"
        rows = manager.search(pattern, raw, output=output, n=given.get("l"), unique="u" in given)
        # Not the cell that asks.
        rows = [row for row in rows if row[:2] != (manager.session_number, shell.execution_count)]
    elif "l" in given:
        rows = manager.get_tail(given["l"], raw, output)
    else:
        rows = list(manager.get_range_by_str(" ".join(words) or "1-", raw, output))
        if "g" in given:
            import fnmatch

            rows = [row for row in rows if fnmatch.fnmatchcase(
                row[2][0] if output else row[2], f"*{given['g']}*")]
    if "u" in given:
        rows = list({row[2]: row for row in reversed(rows)}.values())[::-1]
    lines = list(_history_lines(rows, given, (0, manager.session_number)))
    if "f" in given:
        with open(os.path.expanduser(given["f"]), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    elif lines:
        print("\n".join(lines))


def _history_lines(rows, given, own):
    for session, number, source in rows:
        source, shown = source if "o" in given else (source, None)
        place = f"{number}" if session in own else f"{session}/{number}"
        prefix = f"{place:>4}: " if "n" in given or "g" in given else ""
        if "p" in given:
            source = ">>> " + source.replace("\n", "\n... ")
        yield prefix + source.replace("\n", "\n" + " " * len(prefix))
        if shown:
            yield shown


def _history_options(line):
    """``(options, ranges)``: -g takes the words up to the next option, -l may stand alone."""
    import shlex

    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    given, rest, pattern = {}, [], None
    while words:
        word = words.pop(0)
        if not re.fullmatch(r"-[noptrugfl]+", word):
            if word.startswith("-") and pattern is None:
                raise UsageError(f"%history has no option {word}; see `%history?`")
            (rest if pattern is None else pattern).append(word)
            continue
        pattern = None
        given.update(dict.fromkeys(word[1:-1]))
        option = word[-1]
        if option == "g":
            pattern = given["g"] = []
        elif option == "l":
            given["l"] = int(words.pop(0)) if words and words[0].isdigit() else 10
        elif option == "f":
            if not words:
                raise UsageError("-f takes the name of a file")
            given["f"] = words.pop(0)
        else:
            given[option] = None
    if "g" in given:
        given["g"] = " ".join(given["g"] or ())
    return given, rest


hist = history


def _text_of(shell, words):
    """The source that words name: ranges of cells, a macro or variable, a file, an address."""
    name = " ".join(words)
    if re.fullmatch(r"[\d~/:\- ]+", name):
        return "\n".join(source for _, source in ranges(shell, name)) + "\n"
    if name.startswith(("http://", "https://")):
        from urllib.request import urlopen

        with urlopen(name) as answer:
            return answer.read().decode("utf-8", "replace")
    path = os.path.expanduser(name)
    for candidate in (path, path + ".py"):
        if os.path.isfile(candidate):
            if candidate.endswith(".ipynb"):
                return "\n".join(_cells(candidate)) + "\n"
            with open(candidate, encoding="utf-8") as file:
                return file.read()
    value = shell.user_ns.get(name)
    if isinstance(value, Macro):
        return value.value
    if isinstance(value, str):
        return value
    if value is not None:
        import inspect

        try:
            return inspect.getsource(value)
        except (OSError, TypeError):
            pass
    raise UsageError(f"`{name}` was not found in history, as a file, address or variable")


def rerun(shell, line):
    """Run earlier cells again: %rerun [RANGES]; without, the last one. -l N: the last N."""
    given, text = options.parse(line, "l:g:")
    rows = list(ranges(shell, text)) if text else list(ranges(shell, ""))[-int(given.get("l", 1)):]
    if not rows:
        raise UsageError("there is no earlier cell")
    source = "\n".join(source for _, source in rows)
    print(f"=== Executing: ===\n{source}\n=== Output: ===")
    shell.run_cell(source).raise_error()


def recall(shell, line):
    """Put earlier cells into the next cell: %recall [RANGES]; without, the last value."""
    if line.strip():
        text = "\n".join(source for _, source in ranges(shell, line))
    else:
        text = str(shell.user_ns.get("_", ""))
    shell.set_next_input(text.rstrip())


rep = recall


def load(shell, line):
    """Put a file, an address or a variable's source into this cell: %load [-y] [-r LINES] SOURCE."""
    given, words = options.parse(line, "yns:r:", mode="list")
    if not words:
        raise UsageError("%load needs a file, an address, a variable or numbers of cells")
    text = _text_of(shell, words)
    if "r" in given:
        lines = text.splitlines()
        chosen = []
        for part in given["r"].replace(":", "-").split(","):
            first, dash, last = part.partition("-")
            try:
                chosen += lines[int(first or 1) - 1: (int(last) if last else None) if dash else int(first)]
            except ValueError:
                raise UsageError(f"-r takes lines such as 3-7, not `{part}`") from None
        text = "\n".join(chosen)
    shell.set_next_input(f"# %load {line}\n{text}", replace=True)


loadpy = load


def save(shell, line):
    """Write cells into a file: %save [-a] [-f] FILE RANGES."""
    given, words = options.parse(line, "rfa", mode="list")
    if not words:
        raise UsageError("%save needs a file and numbers of cells, as in `%save work 1-3`")
    path = os.path.expanduser(words[0])
    if not path.endswith((".py", ".ipy")):
        path += ".py"
    append = "a" in given
    if os.path.exists(path) and not append and "f" not in given:
        raise UsageError(f"`{path}` exists: -f overwrites it, -a appends")
    text = _text_of(shell, words[1:]) if words[1:] else "\n".join(s for _, s in ranges(shell, "")) + "\n"
    with open(path, "a" if append else "w", encoding="utf-8") as file:
        if not append:
            file.write("# coding: utf-8\n")
        file.write(text)
    print(f"The following commands were written to file `{path}`:\n{text}")


class Macro:
    """Earlier cells under a name: `name` alone, as the last line of a cell, runs them."""

    def __init__(self, value):
        self.value = value

    def __str__(self):
        return self.value

    def __repr__(self):
        return f"IPython.macro.Macro({self.value!r})"

    def _ipython_display_(self):
        from cellist.shell import current

        current().run_cell(self.value).raise_error()


def macro(shell, line):
    """Name earlier cells, to run them again by that name: %macro [-q] NAME RANGES."""
    given, words = options.parse(line, "rq", mode="list")
    if not words:
        return sorted(name for name, value in shell.user_ns.items() if isinstance(value, Macro))
    name = words[0]
    if len(words) == 1 or not name.isidentifier():
        raise UsageError("%macro needs a name and numbers of cells, as in `%macro again 1-3`")
    value = Macro(_text_of(shell, words[1:]))
    shell.user_ns[name] = value
    if "q" not in given:
        print(f"Macro `{name}` created. To execute, type its name (without quotes).\n"
              f"=== Macro contents: ===\n{value}", end="")
