"""Paths of files: in strings, and in what goes to a shell."""

import os
import re

_SHELL = re.compile(r"(?:[ \t]*[^\W\d]\w*[ \t]*=)?[ \t]*(!!?|%sx[ \t]|%system[ \t])(.*)$")
_PATH_MAGICS = re.compile(r"[ \t]*%%?(?:cd|run|load|loadpy|save|writefile|file|cat|ls|pushd|mkdir|pfile|less|more)[ \t](.*)$")
#: More entries of a folder than these are not listed.
_MOST = 500
_FIELD = re.compile(r"(?:\$\{?|\{)([^\W\d]\w*)?$")


def in_string(completer):
    """``(matches, start)`` of files whose path begins with what a string contains, else None."""
    string = completer.place.string
    if string is None:
        return None
    if any(item.text == "f{" for item in completer.place.lexer.stack):
        return None
    typed = completer.place.before[string.content:]
    if "\n" in typed or len(typed) > 1000:
        return None
    found = _listed(typed)
    if "r" not in string.prefix:
        for match in found:
            match.text = match.text.replace("\\", "\\\\")
    return [match for match in found if string.quote not in match.text], completer.place.cursor - len(typed)


def shell(source, cursor, namespace):
    """``(matches, start)`` after `!` and after magics that take paths, else None."""
    from cellist.introspect.completer import Match

    line = source[source.rfind("\n", 0, cursor) + 1: cursor]
    match = _SHELL.match(line)
    is_command = match is not None
    match = match or _PATH_MAGICS.match(line)
    if match is None:
        return None
    text = match.group(match.lastindex)
    name = _FIELD.search(text)
    if name is not None and is_command:
        prefix = name.group(1) or ""
        return ([Match(found, "instance") for found in sorted(namespace)
                 if type(found) is str and found.startswith(prefix) and not found.startswith("_")], cursor - len(prefix))
    word = re.search(r"(?:\\.|[^\s\\;|&<>()'\"=])*$", text).group()
    before = text[: len(text) - len(word)].rstrip()
    start = cursor - len(word)
    if is_command and (not before or before[-1] in ";|&(") and "/" not in word:
        return [Match(found, "function") for found in _commands(word)], start
    found = _listed(re.sub(r"\\(.)", r"\1", word))
    for each in found:
        each.text = re.sub(r"([\s\\'\"$&();<>|*?`!#])", r"\\\1", each.text)
    return found, start


def _commands(prefix):
    found = set()
    if not prefix:
        return []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        try:
            with os.scandir(folder or ".") as entries:
                found.update(entry.name for entry in entries if entry.name.startswith(prefix))
        except OSError:
            continue
    return sorted(found)[:_MOST]


def _listed(typed):
    """The paths that begin with what was typed; folders end in a slash."""
    from cellist.introspect.completer import Match

    if "\0" in typed:
        return []
    folder, slash, prefix = typed.rpartition("/")
    found = []
    try:
        with os.scandir(os.path.expanduser(folder + slash) or ".") as entries:
            for entry in entries:
                if entry.name.startswith(prefix) and (prefix or not entry.name.startswith(".")):
                    found.append((entry.name, _is_folder(entry)))
                    if len(found) >= _MOST:
                        break
    except (OSError, ValueError):
        return []
    return [Match(folder + slash + name + ("/" if is_folder else ""), "path") for name, is_folder in sorted(found)]


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        return False
