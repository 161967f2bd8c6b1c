"""Modules that are provided as long as nobody has installed the real ones."""

import sys

#: Name to the module that stands in for it.
_FALLBACKS = {
    "otter": "cellist.otter", "otter.test_files": "cellist.otter.test_files", "psutil": "cellist.psutil",
}


class _Finder:
    """The last of the finders: it is asked when no other one has found a module."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _FALLBACKS:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, _Loader, origin="cellist")


class _Loader:
    @staticmethod
    def create_module(spec):
        import importlib

        return importlib.import_module(_FALLBACKS[spec.name])

    @staticmethod
    def exec_module(module):
        """It has run already, under its own name."""


def offer():
    """From now on these modules are found."""
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
