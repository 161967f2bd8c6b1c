"""Completion, inspection and completeness of a piece of source."""

import builtins
import codeop
import inspect
import keyword
import re

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|\.$")


def _expression_before(source, cursor):
    """The dotted name that ends at the cursor."""
    line = source[:cursor].rsplit("\n", 1)[-1]
    match = re.search(r"(?:[^\W\d]\w*\.)*(?:[^\W\d]\w*)?$", line)
    text = match.group(0) if match else ""
    start = len(line) - len(text)
    if start > 0 and line[start - 1] in ".)]}'\"":
        # An attribute of something that would have to be run first: not guessed at.
        return None if text == "" or line[start - 1] == "." else text
    return text


def _lookup(parts, namespace):
    """The object of a dotted name, without running code of the user's."""
    name, *rest = parts
    if name in namespace:
        value = namespace[name]
    elif hasattr(builtins, name):
        value = getattr(builtins, name)
    else:
        raise LookupError(name)
    for attribute in rest:
        value = _static_attribute(value, attribute)
    return value


def _static_attribute(value, attribute):
    found = inspect.getattr_static(value, attribute)
    if isinstance(found, (staticmethod, classmethod)) or inspect.isfunction(found):
        return getattr(value, attribute)
    if isinstance(found, property) or hasattr(type(found), "__get__"):
        # Slots and methods of built-in types are harmless; a property may run anything.
        if isinstance(found, property):
            raise LookupError(attribute)
        return getattr(value, attribute)
    return found


def _names_of(value):
    try:
        return [name for name in dir(value) if isinstance(name, str)]
    except Exception:
        return []


def _kind(value):
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    if callable(value):
        return "function"
    return "instance"


def complete(source, cursor, namespace):
    """``{matches, start, end, types}``, positions in code points."""
    cursor = min(max(cursor, 0), len(source))
    magic = _complete_magic(source, cursor)
    if magic is not None:
        return magic
    imported = _complete_import(source, cursor)
    if imported is not None:
        return imported
    text = _expression_before(source, cursor)
    if text is None:
        return _answer([], cursor, cursor)
    *owner, prefix = text.split(".")
    start = cursor - len(prefix)
    if owner:
        try:
            value = _lookup(owner, namespace)
        except (LookupError, AttributeError):
            return _answer([], cursor, cursor)
        found = [(name, _attribute_kind(value, name)) for name in _names_of(value)]
    else:
        found = [(name, _kind(value)) for name, value in list(namespace.items())]
        found += [(name, _kind(value)) for name, value in vars(builtins).items() if name not in namespace]
        found += [(name, "keyword") for name in keyword.kwlist + keyword.softkwlist]
    hidden = not prefix.startswith("_")
    seen, matches = set(), []
    for name, kind in found:
        if name in seen or not name.startswith(prefix) or (hidden and name.startswith("_")):
            continue
        if name.startswith("__cellist"):
            continue
        seen.add(name)
        matches.append((name, kind))
    matches.sort()
    return _answer(matches, start, cursor)


def _complete_magic(source, cursor):
    """Names of magics, where one may stand."""
    begin = source.rfind("\n", 0, cursor) + 1
    match = re.fullmatch(r"(?:\s*|\s*[^\W\d]\w*\s*=\s*)(%%?)(\w*)", source[begin:cursor])
    if match is None:
        return None
    from cellist import shell

    if shell.current() is None:
        return None
    mark, prefix = match.groups()
    manager = shell.current().magics_manager
    found = [f"%%{name}" for name in manager.names("cell")] if not source[:begin].strip() else []
    if mark == "%":
        found = [f"%{name}" for name in manager.names("line")] + found
    matches = [(name, "magic") for name in found if name.lstrip("%").startswith(prefix)]
    return _answer(matches, begin + match.start(1), cursor)


def _attribute_kind(value, name):
    try:
        return _kind(inspect.getattr_static(value, name))
    except AttributeError:
        return "instance"


def _complete_import(source, cursor):
    line = source[:cursor].rsplit("\n", 1)[-1]
    match = re.match(r"\s*(?:import\s+(?:[\w.]+\s*(?:as\s+\w+\s*)?,\s*)*|from\s+)([\w.]*)$", line)
    if match is None:
        return None
    import pkgutil
    import sys

    *package, prefix = match.group(1).split(".")
    names = set()
    if package:
        module = sys.modules.get(".".join(package))
        paths = getattr(module, "__path__", None)
        if paths is not None:
            names = {info.name for info in pkgutil.iter_modules(paths)}
    else:
        names = set(sys.stdlib_module_names) | {info.name for info in pkgutil.iter_modules()}
    matches = sorted((name, "module") for name in names
                     if name.startswith(prefix) and (prefix or not name.startswith("_")))
    return _answer(matches, cursor - len(prefix), cursor)


def _answer(matches, start, end):
    return {
        "matches": [name for name, _ in matches],
        "start": start,
        "end": end,
        "types": [kind for _, kind in matches],
    }


def _name_at(source, cursor):
    """The dotted name around the cursor, or the function whose call the cursor stands in."""
    cursor = min(max(cursor, 0), len(source))
    end = cursor
    while end < len(source) and (source[end].isalnum() or source[end] == "_"):
        end += 1
    match = re.search(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*$", source[:end])
    if match:
        return match.group(0)
    depth = 0
    for position in range(cursor - 1, -1, -1):
        char = source[position]
        if char in ")]}":
            depth += 1
        elif char in "([{":
            if depth == 0:
                match = re.search(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*\s*$", source[:position])
                return match.group(0).strip() if match and char == "(" else None
            depth -= 1
    return None


def inspect_at(source, cursor, detail, namespace):
    """The text about the object at the cursor, or None."""
    magic = _magic_at(source, cursor)
    if magic is not None:
        return describe(*magic, detail)
    name = _name_at(source, cursor)
    if not name or keyword.iskeyword(name):
        return None
    try:
        value = _lookup(name.split("."), namespace)
    except (LookupError, AttributeError):
        return None
    return describe(value, name, detail)


def _magic_at(source, cursor):
    """The function and the name of the magic that the cursor stands on, or None."""
    begin = source.rfind("\n", 0, cursor) + 1
    match = re.match(r"\s*(%%?)([^\W\d][\w.]*)", source[begin:])
    if match is None or not begin + match.start(1) <= cursor <= begin + match.end():
        return None
    from cellist import shell

    found = shell.current() and shell.current().find_magic(
        match.group(2), "cell" if match.group(1) == "%%" else "line")
    return (getattr(found, "__wrapped__", found), "".join(match.groups())) if found else None


def describe(value, name, detail):
    """The text about an object: its signature, type, file, documentation and (`detail`) source."""
    parts = []
    if callable(value):
        try:
            parts.append(("Signature", f"{name.rsplit('.', 1)[-1]}{inspect.signature(value)}"))
        except (TypeError, ValueError):
            pass
    else:
        text = repr(value)
        parts.append(("Value", text if len(text) <= 500 else text[:500] + "…"))
    parts.append(("Type", type(value).__name__))
    file = _file_of(value)
    if file:
        parts.append(("File", file))
    text = "\n".join(f"{label}: {content}" for label, content in parts)
    document = inspect.getdoc(value) if callable(value) or inspect.ismodule(value) else None
    if detail:
        try:
            text += "\nSource:\n" + inspect.getsource(value)
        except (OSError, TypeError):
            pass
    if document:
        text += "\nDocstring:\n" + document
    return text


def _file_of(value):
    try:
        return inspect.getsourcefile(value) or inspect.getfile(value)
    except TypeError:
        return None


def is_complete(source):
    """``("complete" | "incomplete" | "invalid", indent)``."""
    import warnings

    from cellist import transform

    source = transform.unprompted(source)
    lines = source.split("\n")
    if transform.split_cell_magic(source) is not None:
        # The rest may be any language: an empty line ends it.
        return ("incomplete", _indent_of(lines[-1])) if lines[-1].strip() else ("complete", "")
    if re.match(r"\s*[%!].*\\$", lines[-1]):
        return "incomplete", ""
    source, _ = transform.transform(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = _compile_command(source)
        except (SyntaxError, OverflowError, ValueError):
            return "invalid", ""
    lines = source.splitlines()
    last = lines[-1] if lines else ""
    if code is not None:
        # An indented block goes on until an empty line, as at Python's own prompt.
        if last[:1] in (" ", "\t") and last.strip() and len(lines) > 1:
            return "incomplete", _indent_after(last)
        return "complete", ""
    return "incomplete", _indent_after(last)


def _compile_command(source):
    import ast

    compiler = codeop.Compile()
    compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return codeop._maybe_compile(compiler, source, "<input>", "exec", 0)


def _indent_of(line):
    return line[: len(line) - len(line.lstrip())]


def _indent_after(line):
    indent = _indent_of(line)
    if line.rstrip().endswith(":"):
        indent += "    "
    return indent
