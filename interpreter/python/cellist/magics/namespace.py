"""The user's variables: ``%who``, ``%reset``, ``%precision``."""

import re
import sys
import types

from cellist.magics import UsageError, options

#: Names that every namespace has.
_OURS = {"In", "Out", "exit", "quit", "get_ipython", "_exit_code"}


def user_names(shell):
    """The variables that the user has made, in order."""
    hidden = shell.session.memory.hidden | _OURS
    return sorted(name for name in shell.user_ns
                  if not name.startswith("_") and name not in hidden)


def _of_types(shell, line):
    wanted = line.split()
    names = user_names(shell)
    if not wanted:
        return names
    return [name for name in names if type(shell.user_ns[name]).__name__ in wanted]


def who_ls(shell, line):
    """The names of the user's variables, as a list; words are names of types to choose."""
    return _of_types(shell, line)


def who(shell, line):
    """Print the names of the user's variables; words are names of types to choose."""
    names = _of_types(shell, line)
    if not names:
        print("No variables match your requested type." if line.strip() else "Interactive namespace is empty.")
        return
    width, text = 0, ""
    for name in names:
        if width > 70:
            text, width = text + "\n", 0
        text += f"{name}\t"
        width += len(name) + 8 - len(name) % 8
    print(text)


def whos(shell, line):
    """Print a table of the user's variables: name, type and value."""
    names = _of_types(shell, line)
    if not names:
        print("No variables match your requested type." if line.strip() else "Interactive namespace is empty.")
        return
    rows = [(name, type(shell.user_ns[name]).__name__, _summary(shell.user_ns[name])) for name in names]
    first = max(len("Variable"), *(len(row[0]) for row in rows)) + 3
    second = max(len("Type"), *(len(row[1]) for row in rows)) + 4
    print(f"{'Variable':<{first}}{'Type':<{second}}Data/Info")
    print("-" * (first + second + len("Data/Info")))
    for name, kind, value in rows:
        print(f"{name:<{first}}{kind:<{second}}{value}")


def _summary(value):
    if isinstance(value, (dict, list, tuple, set, frozenset)) and type(value).__repr__ in (
            dict.__repr__, list.__repr__, tuple.__repr__, set.__repr__, frozenset.__repr__):
        return f"n={len(value)}"
    try:
        text = str(value)
    except Exception as error:
        return f"<str() failed: {type(error).__name__}>"
    text = text.replace("\n", "\\n")
    return text if len(text) < 60 else f"{text[:25]}<...>{text[-25:]}"


def psearch(shell, line):
    """List the names that match a pattern with *: `%psearch str.*find*`, or `str.*find*?`."""
    import fnmatch

    pattern = line.split()[-1] if line.split() else "*"
    owner, _, last = pattern.rpartition(".")
    if owner:
        names = dir(shell.ev(owner))
    else:
        import builtins

        names = [*user_names(shell), *dir(builtins)]
    for name in sorted(set(names)):
        if fnmatch.fnmatchcase(name, last) and (last.startswith("_") or not name.startswith("_")):
            print(f"{owner}.{name}" if owner else name)


def reset(shell, line):
    """Delete all variables: %reset [-f] [-s] [in] [out] [dhist].

    -f does not ask, -s keeps the history of inputs. With words, only these are emptied.
    """
    given, words = options.parse(line, "sf", "aggressive", mode="list")
    if "f" not in given and not _confirmed(
            "Once deleted, variables cannot be recovered. Proceed (y/[n])? "):
        print("Nothing done.")
        return
    memory = shell.session.memory
    if not words:
        shell.reset(new_session="s" not in given)
        return
    for word in words:
        if word in ("in", "out"):
            memory.reset(inputs=word == "in", outputs=word == "out")
        elif word == "dhist":
            from cellist.magics import environment

            environment.visited.clear()
        elif word != "array":
            raise UsageError(f"%reset knows `in`, `out` and `dhist`, not `{word}`")


def _confirmed(question):
    try:
        return input(question).strip().lower() in ("y", "yes")
    except (RuntimeError, EOFError):
        raise UsageError("there is nobody to ask: with -f, this magic does not ask") from None


def reset_selective(shell, line):
    """Delete the variables whose names match a regular expression: %reset_selective [-f] REGEX."""
    given, pattern = options.parse(line, "f")
    if not pattern:
        raise UsageError("%reset_selective needs a regular expression")
    try:
        matches = re.compile(pattern).search
    except re.error as error:
        raise UsageError(f"`{pattern}` is no regular expression: {error}") from None
    if "f" not in given and not _confirmed(
            "Once deleted, variables cannot be recovered. Proceed (y/[n])? "):
        print("Nothing done.")
        return
    for name in user_names(shell):
        if matches(name):
            del shell.user_ns[name]


def xdel(shell, line):
    """Delete a variable and the other names of its value; -n: only the variable."""
    given, name = options.parse(line, "n")
    try:
        shell.del_var(name, "n" in given)
    except KeyError:
        raise UsageError(f"there is no variable `{name}`") from None
    if getattr(sys, "last_exc", None) is not None:
        # Its traceback keeps the values of its frames.
        sys.last_exc = sys.last_value = sys.last_traceback = None


def precision(shell, line):
    """Digits of floats in outputs: %precision 3, or %precision %.4e; without, as Python does."""
    formatter = shell.display_formatter.formatters["text/plain"]
    try:
        formatter.float_precision = line.strip()
    except ValueError as error:
        raise UsageError(str(error)) from None
    return formatter.float_format or "%r"


def store(shell, line):
    """Keep variables for later sessions: %store NAME…; %store -r [NAME…] brings them back.

    -d NAME… forgets them, -z forgets all; without arguments, lists what is kept. Values must be
    such that pickle knows them.
    """
    import pickle

    given, words = options.parse(line, "rdz", mode="list")
    folder = _store_folder()
    if "z" in given:
        words, given = [path.stem for path in folder.glob("*.pickle")], {"d": ""}
    if "d" in given:
        for name in words:
            (folder / f"{name}.pickle").unlink(missing_ok=True)
        return
    if "r" in given:
        for name in words or [path.stem for path in folder.glob("*.pickle")]:
            path = folder / f"{name}.pickle"
            if not path.exists():
                raise UsageError(f"no stored variable `{name}`")
            shell.user_ns[name] = pickle.loads(path.read_bytes())
        return
    if not words:
        print("Stored variables and their in-db values:")
        for path in sorted(folder.glob("*.pickle")):
            print(f"{path.stem:<20} -> {_summary(pickle.loads(path.read_bytes()))}")
        return
    for name in words:
        if name not in shell.user_ns or not name.isidentifier():
            raise UsageError(f"there is no variable `{name}`")
        value = shell.user_ns[name]
        if isinstance(value, (types.FunctionType, types.ModuleType)) or getattr(
                type(value), "__module__", None) == "__main__":
            raise UsageError(f"`{name}` is, or is made of, what cells define: a later session does not have it")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(value))
        print(f"Stored '{name}' ({type(value).__name__})")


def _store_folder():
    from cellist.magics.packages import data_folder

    return data_folder() / "store"
