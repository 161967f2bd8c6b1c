"""What the locks of ``threading`` can tell beyond CPython's."""

from _thread import _DeadlockError as DeadlockError

__all__ = ["DeadlockError"]
