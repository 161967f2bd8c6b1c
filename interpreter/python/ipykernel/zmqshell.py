"""The class of ``get_ipython()``. That this module is loaded tells tqdm that it is in a notebook."""

from cellist.shell import ZMQInteractiveShell

__all__ = ["ZMQInteractiveShell"]
