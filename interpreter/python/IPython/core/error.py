"""Errors of the shell."""

from cellist.magics import UsageError


class IPythonCoreError(Exception):
    """Base of IPython's errors."""


class TryNext(IPythonCoreError):
    """Raised by a hook that leaves its work to the next one."""


class StdinNotImplementedError(IPythonCoreError, NotImplementedError):
    """Nobody can be asked for input."""


__all__ = ["IPythonCoreError", "StdinNotImplementedError", "TryNext", "UsageError"]
