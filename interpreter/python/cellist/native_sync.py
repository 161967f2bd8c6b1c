"""asyncio's queues and locks, made of the native ones (``_cellist_sync``).

``CELLIST_STOCK_ASYNCIO=1`` in the environment leaves asyncio's own in place.
"""

import asyncio
import os
from asyncio import locks, queues

import _cellist_sync


class _Copied:
    """Lets `copy` and `pickle` see the attributes in `_STATE`."""

    _STATE = ()

    def __getstate__(self):
        return {name: getattr(self, name) for name in self._STATE} | self.__dict__

    def __setstate__(self, state):
        for name, value in state.items():
            setattr(self, name, value)


class Lock(_Copied, _cellist_sync.Lock):
    """A lock that tasks wait for; who has waited longest gets it next."""

    _STATE = ("_waiters", "_locked", "_loop")


class Event(_Copied, _cellist_sync.Event):
    """A flag that tasks wait for."""

    _STATE = ("_waiters", "_value", "_loop")


class Condition(_Copied, _cellist_sync.Condition):
    """A lock, and tasks that wait until another that holds it notifies them."""

    _STATE = ("_lock", "_waiters", "_loop")


class Semaphore(_Copied, _cellist_sync.Semaphore):
    """A counter that tasks count down, waiting while it is 0."""

    _STATE = ("_waiters", "_value", "_loop")


class BoundedSemaphore(_cellist_sync.BoundedSemaphore, Semaphore):
    """A semaphore that may not be released more often than it was acquired."""

    _STATE = ("_bound_value", *Semaphore._STATE)


class Queue(_Copied, _cellist_sync.Queue):
    """A queue between tasks. With a `maxsize` above 0, ``put()`` waits while so many items are in
    it."""

    _STATE = ("_maxsize", "_getters", "_putters", "_unfinished_tasks", "_finished", "_queue",
              "_is_shutdown", "_loop")


class LifoQueue(_cellist_sync.LifoQueue, Queue):
    """A queue whose last item comes first."""


class PriorityQueue(_cellist_sync.PriorityQueue, Queue):
    """A queue whose least item comes first, for example the least ``(priority, data)``."""


_CLASSES = {
    locks: (Lock, Event, Condition, Semaphore, BoundedSemaphore),
    queues: (Queue, LifoQueue, PriorityQueue),
}
for _module, _classes in _CLASSES.items():
    for _class in _classes:
        _class.__module__ = _module.__name__
        # The source that `inspect` shows is that of the class whose place it takes.
        _class.__firstlineno__ = getattr(_module, _class.__name__).__firstlineno__


def install():
    """Replaces the classes in asyncio. ``asyncio.Barrier`` is made of them from then on."""
    if os.environ.get("CELLIST_STOCK_ASYNCIO") == "1":
        return
    for module, classes in _CLASSES.items():
        for each in classes:
            setattr(module, each.__name__, each)
            setattr(asyncio, each.__name__, each)
