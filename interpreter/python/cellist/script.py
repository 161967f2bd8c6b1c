"""A script on the virtual clock: what `cellist python --clock virtual` sets up before it runs."""

import _cellist
import sys

from cellist import blocking, clock
from cellist.after_import import after_import


def start():
    """Called in place of ``sitecustomize``, which runs afterwards."""
    import os

    # Not for the child processes of the script: they are outside, on the wall clock.
    for name in "CELLIST_CLOCK", "CELLIST_SCHEDULE":
        os.environ.pop(name, None)
    clock.install()
    sys.modules["_datetime"] = None
    blocking.install(after_import)
    after_import("asyncio", _install_loop)
    seed = _cellist.seed()
    if seed is not None:
        from cellist import schedule

        schedule.install(seed)
    _run_own_customization()


def _install_loop():
    from asyncio import events

    from cellist import native_loop

    base = type(events._get_event_loop_policy())

    class Policy(base):
        _loop_factory = native_loop.EventLoop

    Policy.__name__ = Policy.__qualname__ = base.__name__
    Policy.__module__ = base.__module__
    events._event_loop_policy = Policy()
    sys.modules["asyncio"].EventLoop = native_loop.EventLoop
    clock.install_selector_loops()


def _run_own_customization():
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)
