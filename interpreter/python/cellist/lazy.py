"""Library modules that load when they are first used, and not when asyncio imports them.

asyncio imports modules for the sake of a few functions; loaded, they take megabytes in a kernel
whose cells only sleep and gather. To everybody else such a module is the real one from the start:
whatever is asked of it, set on it or deleted from it loads it first.
"""

import sys
from _frozen_importlib import _ModuleLockManager
from _thread import get_ident
from types import ModuleType

from cellist.loader import AroundLoader

#: What asyncio imports and uses only inside functions.
_SELDOM_USED = {"asyncio.sslproto", "asyncio.staggered", "ssl", "traceback"}

#: What the import system itself reads of a module that is imported again.
_KNOWN_BEFORE = {"__class__", "__name__", "__spec__"}

_plain = ModuleType.__getattribute__

#: The names of modules that load at this moment, with the thread that does it.
_loading = {}


class _LazyModule(ModuleType):
    def __getattribute__(self, name):
        if name not in _KNOWN_BEFORE:
            _load(self)
        return _plain(self, name)

    def __setattr__(self, name, value):
        _load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name):
        _load(self)
        ModuleType.__delattr__(self, name)


def _load(module):
    spec = _plain(module, "__spec__")
    if _loading.get(spec.name) == get_ident():
        return
    # The import system's own lock: it notices when two threads wait for each other's modules.
    with _ModuleLockManager(spec.name):
        if _plain(module, "__class__") is not _LazyModule:
            return
        _loading[spec.name] = get_ident()
        try:
            spec.loader.exec_module(module)
            # Only now: until then other threads wait above.
            ModuleType.__setattr__(module, "__class__", ModuleType)
        finally:
            del _loading[spec.name]


class _Loader(AroundLoader):
    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        module.__class__ = _LazyModule


class _Finder:
    def find_spec(self, name, path=None, target=None):
        if name not in _SELDOM_USED or not _is_importing_asyncio():
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader)
                return spec
        return None


def _is_importing_asyncio():
    module = sys.modules.get("asyncio")
    return module is not None and getattr(module.__spec__, "_initializing", False)


_finder = _Finder()


def begin():
    """From now on the import of asyncio leaves the modules above for later."""
    sys.meta_path.insert(0, _finder)


def end():
    """asyncio has been imported."""
    sys.meta_path.remove(_finder)
