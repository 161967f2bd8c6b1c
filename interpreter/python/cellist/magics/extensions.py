"""Extensions, and modules that are loaded again when their file changes."""

import importlib
import os
import sys

from cellist.magics import UsageError, complain

_managers = {}


def manager(shell):
    """The shell's extensions."""
    return _managers.setdefault(id(shell), ExtensionManager(shell))


class ExtensionManager:
    """Modules with a function ``load_ipython_extension(shell)``."""

    def __init__(self, shell):
        self.shell = shell
        self.loaded = set()

    def load_extension(self, name):
        """Loads; returns why not, or None."""
        if name in self.loaded:
            return "already loaded"
        if name not in sys.modules:
            importlib.import_module(name)
        return self._call(name, "load_ipython_extension", "no load function", self.loaded.add)

    def unload_extension(self, name):
        """Unloads; returns why not, or None."""
        if name not in self.loaded:
            return "not loaded"
        return self._call(name, "unload_ipython_extension", "no unload function", self.loaded.discard)

    def reload_extension(self, name):
        """Unloads what is loaded and loads it again."""
        if name in sys.modules:
            self.unload_extension(name)
            importlib.reload(sys.modules[name])
        else:
            importlib.import_module(name)
        self.loaded.discard(name)
        return self._call(name, "load_ipython_extension", "no load function", self.loaded.add)

    def _call(self, name, function, missing, done):
        found = getattr(sys.modules[name], function, None)
        if found is None:
            return missing
        found(self.shell)
        done(name)
        return None


#: Extensions of IPython that are here without being loaded.
_BUILT_IN = {"autoreload": "autoreload", "IPython.extensions.autoreload": "autoreload",
             "storemagic": "store", "IPython.extensions.storemagic": "store",
             "memory_profiler": "memit"}


def _name(line, magic):
    name = line.strip()
    if not name:
        raise UsageError(f"Missing module name: `%{magic} MODULE`")
    return name


def load_ext(shell, line):
    """Load an extension: a module with a function `load_ipython_extension(shell)`."""
    name = _name(line, "load_ext")
    if name in _BUILT_IN:
        # Ours: `%autoreload` is there from the start.
        return
    why = manager(shell).load_extension(name)
    if why == "already loaded":
        print(f"The {name} extension is already loaded. To reload it, use:\n  %reload_ext {name}")
    elif why:
        print(f"The {name} module is not an IPython extension.")


def unload_ext(shell, line):
    """Unload an extension, if it can be."""
    name = _name(line, "unload_ext")
    why = manager(shell).unload_extension(name)
    if why == "not loaded":
        print(f"The {name} extension is not loaded.")
    elif why:
        print(f"The {name} extension doesn't define how to unload it.")


def reload_ext(shell, line):
    """Unload an extension and load it again."""
    name = _name(line, "reload_ext")
    if name not in _BUILT_IN and manager(shell).reload_extension(name):
        print(f"The {name} module is not an IPython extension.")


class _Reloader:
    """Loads modules again before a cell, when their files have changed."""

    def __init__(self, shell):
        self.shell = shell
        self.mode = 0
        self.chosen = set()
        self.excluded = set()
        self.times = {}

    def set_mode(self, mode):
        events = self.shell.events
        if mode and not self.mode:
            events.register("pre_run_cell", self.before_cell)
            events.register("post_run_cell", self.after_cell)
        elif self.mode and not mode:
            events.unregister("pre_run_cell", self.before_cell)
            events.unregister("post_run_cell", self.after_cell)
        self.mode = mode
        self.remember()

    def before_cell(self, info):
        self.check()

    def after_cell(self, result):
        # What the cell has imported is as new as now.
        self.remember()

    def remember(self):
        for name, time in self._files():
            self.times.setdefault(name, time)

    def check(self, everything=False):
        for name, time in list(self._files()):
            wanted = everything or self.mode == 2 and name not in self.excluded or name in self.chosen
            if not wanted or self.times.setdefault(name, time) == time:
                continue
            self.times[name] = time
            try:
                _reload(sys.modules[name])
            except Exception as error:
                complain(f"[autoreload of {name} failed: {type(error).__name__}: {error}]")

    def _files(self):
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if name == "__main__" or not isinstance(path, str) or not path.endswith(".py"):
                continue
            try:
                yield name, os.stat(path).st_mtime_ns
            except OSError:
                continue


def _reload(module):
    """Loads a module again; its old functions and classes get the new ones' code, so that
    instances and names imported from it are up to date."""
    before = dict(module.__dict__)
    importlib.reload(module)
    for name, old in before.items():
        new = module.__dict__.get(name)
        if new is not old and getattr(old, "__module__", None) == module.__name__:
            _update(old, new)


def _update(old, new):
    if type(old) is not type(new):
        return
    if hasattr(old, "__code__"):
        for attribute in ("__code__", "__defaults__", "__kwdefaults__", "__doc__", "__dict__"):
            try:
                setattr(old, attribute, getattr(new, attribute))
            except (AttributeError, TypeError, ValueError):
                pass
    elif isinstance(old, type):
        for name in [name for name in vars(old) if name not in vars(new) and not name.startswith("__")]:
            delattr(old, name)
        for name, value in list(vars(new).items()):
            current = vars(old).get(name)
            if hasattr(current, "__code__") and hasattr(value, "__code__"):
                _update(current, value)
            elif name not in ("__dict__", "__weakref__", "__module__"):
                try:
                    setattr(old, name, value)
                except (AttributeError, TypeError):
                    pass


_reloaders = {}


def _reloader(shell):
    return _reloaders.setdefault(id(shell), _Reloader(shell))


def autoreload(shell, line):
    """Load modules again when their files change: %autoreload 2 all, before each cell.

    %autoreload        now, once         %autoreload 0 (off)      not before cells
    %autoreload 1      those of %aimport    %autoreload 2 (all)   all but those of `%aimport -name`
    """
    reloader = _reloader(shell)
    mode = line.strip().lower()
    if mode in ("", "now"):
        reloader.check(everything=True)
        reloader.remember()
        return
    modes = {"0": 0, "off": 0, "1": 1, "explicit": 1, "2": 2, "all": 2, "3": 2, "complete": 2}
    if mode not in modes:
        raise UsageError("%autoreload takes 0, 1, 2 or nothing")
    reloader.set_mode(modes[mode])


def aimport(shell, line):
    """Import modules for %autoreload 1; with - before a name, leave it out of %autoreload 2."""
    reloader = _reloader(shell)
    words = line.replace(",", " ").split()
    if not words:
        print(f"Modules to reload:\n{' '.join(sorted(reloader.chosen)) or 'all-except-skipped'}\n")
        print(f"Modules to skip:\n{' '.join(sorted(reloader.excluded))}")
        return
    for word in words:
        if word.startswith("-"):
            reloader.excluded.add(word[1:])
            reloader.chosen.discard(word[1:])
        else:
            importlib.import_module(word)
            reloader.chosen.add(word)
            reloader.excluded.discard(word)
            shell.user_ns[word.split(".")[0]] = sys.modules[word.split(".")[0]]
    reloader.remember()
