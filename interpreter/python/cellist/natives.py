"""Puts ``sleep`` and ``gather`` in Rust in the place of those in Python, when asyncio is imported.

``CELLIST_STOCK_ASYNCIO=1`` in the environment leaves asyncio as it is: then nobody imports this.
"""

import _asyncio
import sys

from cellist import lazy
from cellist.loader import AroundLoader


def watch():
    """Called when ``_asyncio`` is first imported, which is before ``asyncio.tasks`` is."""
    tasks = sys.modules.get("asyncio.tasks")
    if tasks is None:
        sys.meta_path.insert(0, _Watch())
    elif hasattr(tasks, "gather"):
        install(tasks)


class _Watch:
    def find_spec(self, name, path=None, target=None):
        if name != "asyncio.tasks":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(AroundLoader):
    def exec_module(self, module):
        self._loader.exec_module(module)
        module.__spec__.loader = module.__loader__ = self._loader
        install(module)


_stock_sleep = None


def install(tasks):
    """Replaces the functions in ``asyncio.tasks``, from where the package takes them."""
    import functools

    global _stock_sleep
    _stock_sleep = tasks.sleep
    tasks.sleep = functools.update_wrapper(_asyncio._sleep(_stock_sleep), _stock_sleep)
    lazy.when_loaded("inspect", lambda: _mark(tasks.sleep))
    tasks.gather = functools.update_wrapper(_asyncio._gather(tasks.gather), tasks.gather)


def _mark(sleep):
    import inspect

    inspect.markcoroutinefunction(sleep)


def sleep_code():
    """The code that a coroutine of ``asyncio.sleep`` would run."""
    return _stock_sleep.__code__


class SleepFrame:
    """What asyncio's and traceback's tools read of the frame that a sleep would have."""

    f_back = f_trace = None
    f_lasti = -1

    def __init__(self, sleep, delay, result):
        self.f_code = _stock_sleep.__code__
        self.f_globals = _stock_sleep.__globals__
        self.f_builtins = __builtins__
        self.f_lineno = self.f_code.co_firstlineno
        self.f_locals = {"delay": delay, "result": result}
        self.f_generator = sleep

    def clear(self):
        pass
