"""What notebooks written for IPython import, on Cellist's own session.

An implementation of its own of the names below, not IPython; the numbers are those of the IPython
whose behaviour it follows.
"""

version_info = (9, 0, 0, "")
__version__ = "9.0.0"


def get_ipython():
    """The shell that runs this session, or None."""
    from cellist.shell import current

    return current()


def _nothing_to_embed(*args, **kwargs):
    """There is no other IPython to start."""
    raise RuntimeError("this session cannot start another shell inside itself")


embed = start_ipython = start_kernel = _nothing_to_embed


def __getattr__(name):
    # Imported when asked for: `import IPython` alone costs nothing.
    if name in ("display", "core", "lib", "utils", "extensions", "paths"):
        import importlib

        return importlib.import_module(f"IPython.{name}")
    if name == "InteractiveShell":
        from cellist.shell import InteractiveShell

        return InteractiveShell
    raise AttributeError(f"module 'IPython' has no attribute {name!r}")
