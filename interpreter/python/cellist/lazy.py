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

#: What asyncio imports and uses only inside functions, with the values for which nothing is loaded.
_SELDOM_USED = {
    "asyncio.graph": {},
    "asyncio.sslproto": {},
    "asyncio.staggered": {},
    "inspect": {},
    # asyncio's defaults of parameters.
    "subprocess": {"PIPE": -1, "STDOUT": -2, "DEVNULL": -3},
    "ssl": {},
    "traceback": {},
}

#: The names that asyncio takes from `asyncio.graph`: two data classes, for which much is imported.
_GRAPH = (
    "capture_call_graph",
    "format_call_graph",
    "print_call_graph",
    "FrameCallGraphEntry",
    "FutureCallGraph",
)

#: Stands for each of them until asyncio has been imported.
_LATER = object()
_LATER_NAMES = {"__all__": _GRAPH, **dict.fromkeys(_GRAPH, _LATER)}

#: What the import system itself reads of a module that is imported again.
_KNOWN_BEFORE = {"__class__", "__name__", "__spec__"}

_plain = ModuleType.__getattribute__

#: The names of modules that load at this moment, with the thread that does it.
_loading = {}

#: What is called when a module has loaded, by the module's name.
_waiting = {}


class _LazyModule(ModuleType):
    def __getattribute__(self, name):
        if name not in _KNOWN_BEFORE and name not in _known(self):
            _load(self)
        return _plain(self, name)

    def __setattr__(self, name, value):
        _load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name):
        _load(self)
        ModuleType.__delattr__(self, name)


def _known(module):
    name = _plain(module, "__spec__").name
    if name == "asyncio.graph" and _is_importing_asyncio():
        # `from .graph import *` also asks whether it is a package.
        return {*_LATER_NAMES, "__path__"}
    return _SELDOM_USED[name]


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
            for function in _waiting.pop(spec.name, ()):
                function()
            # Only now: until then other threads wait above.
            ModuleType.__setattr__(module, "__class__", ModuleType)
        finally:
            del _loading[spec.name]


class _Loader(AroundLoader):
    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        name = module.__name__
        module.__dict__.update(_LATER_NAMES if name == "asyncio.graph" else _SELDOM_USED[name])
        module.__class__ = _LazyModule


class _Finder:
    def __init__(self):
        #: What is asked of the others, who may ask everybody in their turn.
        self._asked = None

    def find_spec(self, name, path=None, target=None):
        if name not in _SELDOM_USED or name == self._asked or not _is_importing_asyncio():
            return None
        self._asked = name
        try:
            for finder in list(sys.meta_path):
                spec = None if finder is self else finder.find_spec(name, path, target)
                if spec is not None:
                    spec.loader = _Loader(spec.loader)
                    return spec
            return None
        finally:
            self._asked = None


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
    graph = sys.modules.get("asyncio.graph")
    if type(graph) is _LazyModule:
        _put_graph_off(sys.modules["asyncio"], graph)


def _put_graph_off(asyncio, graph):
    """Lets asyncio's own names of `asyncio.graph` load it."""
    names = vars(asyncio)
    own = _plain(graph, "__dict__")
    for name in _GRAPH:
        del names[name], own[name]
    del own["__all__"]
    stock = asyncio.__getattr__

    def __getattr__(name):
        if name not in _GRAPH:
            return stock(name)
        _load(graph)
        # Loading it has put it there.
        return names[name]

    def __dir__():
        return sorted({*names, *_GRAPH} - {"__dir__"})

    def loaded():
        if names.get("__getattr__") is __getattr__:
            asyncio.__getattr__ = stock
        if names.get("__dir__") is __dir__:
            del asyncio.__dir__
        for name in _GRAPH:
            names.setdefault(name, own[name])

    asyncio.__getattr__, asyncio.__dir__ = __getattr__, __dir__
    when_loaded("asyncio.graph", loaded)


def when_loaded(name, function):
    """Calls the function when a module that has been imported is there whole: now, if it is."""
    if type(sys.modules[name]) is _LazyModule:
        _waiting.setdefault(name, []).append(function)
    else:
        function()
