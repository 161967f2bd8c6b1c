"""The class of ``get_ipython()``."""

from cellist.execution import ExecutionInfo, ExecutionResult
from cellist.shell import InteractiveShell

InteractiveShellABC = InteractiveShell

__all__ = ["ExecutionInfo", "ExecutionResult", "InteractiveShell", "InteractiveShellABC"]
