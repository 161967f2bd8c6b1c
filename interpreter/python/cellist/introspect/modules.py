"""Modules by name: which there are, and what is in them, without running any of the user's."""

import importlib
import os
import sys
from importlib.machinery import PathFinder

from cellist.introspect import models, tree, values

#: Modules of the library whose import does something.
_ACTIVE = {"this", "antigravity", "__hello__", "__phello__", "idlelib", "turtledemo", "test", "tkinter", "turtle"}
#: Longer sources are not read.
_LONGEST = 150_000

#: What was read, by file: time of change, and the model.
_read = {}


def value(name):
    """The value of a module, or None. One of Python's own is imported, as nothing comes of that;
    of any other that is not loaded yet the source is read."""
    if name.startswith(".") or not name:
        return None
    loaded = sys.modules.get(name)
    if loaded is not None:
        return values.Live(loaded)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        if top in _ACTIVE or name.endswith("__main__"):
            return None
        try:
            return values.Live(importlib.import_module(name))
        except Exception:
            return None
    return _from_source(name)


def _from_source(name):
    spec = _spec(name)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    try:
        changed = os.stat(spec.origin)
        if changed.st_size > _LONGEST:
            return None
        known = _read.get(spec.origin)
        if known is None or known[0] != changed.st_mtime_ns:
            with open(spec.origin, encoding="utf-8") as file:
                node = tree.parse(file.read())
            model = None if isinstance(node, Exception) else models.Module(name, node, spec.origin)
            known = _read[spec.origin] = (changed.st_mtime_ns, model)
    except (OSError, UnicodeDecodeError):
        return None
    return known[1]


def _spec(name):
    """The spec of a module that is not loaded, found without importing its packages."""
    path = None
    for number in range(1, name.count(".") + 2):
        part = ".".join(name.split(".")[:number])
        loaded = sys.modules.get(part)
        if loaded is not None and number <= name.count("."):
            path = vars(loaded).get("__path__")
            if path is None:
                return None
            continue
        try:
            spec = PathFinder.find_spec(part, path)
        except Exception:
            return None
        if spec is None:
            return None
        path = spec.submodule_search_locations
        if path is None and number <= name.count("."):
            return None
    return spec


def top_level():
    """The names of all modules that could be imported."""
    found = set(sys.stdlib_module_names) | set(sys.builtin_module_names)
    found.update(_in_folders(sys.path), (name for name in _frozen() if "." not in name))
    return found | {name for name in sys.modules if "." not in name and name.isidentifier()}


def _frozen():
    """The names of the modules that are part of the executable."""
    return sys.modules["_imp"]._frozen_module_names() if "_imp" in sys.modules else ()


def inside(package):
    """The names of a package's modules."""
    found = set()
    start = package + "."
    for names in (_frozen(), list(sys.modules)):
        found.update(name[len(start):] for name in names
                     if name.startswith(start) and "." not in name[len(start):])
    loaded = sys.modules.get(package)
    path = vars(loaded).get("__path__") if loaded is not None else None
    if path is None and package.partition(".")[0] not in sys.stdlib_module_names:
        spec = _spec(package)
        path = spec.submodule_search_locations if spec is not None else None
    if path is not None:
        found.update(_in_folders(path))
    return {name for name in found if name != "__main__"}


def _in_folders(folders):
    """The names of the modules and packages in folders, as `pkgutil.iter_modules` finds them; that
    imports `inspect` for it."""
    for folder in list(folders):
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            # Not there, or a zip archive.
            continue
        for entry in entries:
            name, dot, suffix = entry.partition(".")
            if not name.isidentifier() or name == "__init__":
                continue
            if suffix == "py" or not dot and os.path.isfile(os.path.join(folder, entry, "__init__.py")):
                yield name
