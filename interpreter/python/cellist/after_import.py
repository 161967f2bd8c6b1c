"""Runs a function once a module has been imported."""

import sys

from cellist.lazy import when_loaded
from cellist.loader import AroundLoader


def after_import(name, installed):
    """Runs `installed` once the module has been imported: now, if it has been."""
    if name in sys.modules:
        installed()
    else:
        sys.meta_path.insert(0, _ImportWatch(name, installed))


class _ImportWatch:
    """Runs `installed` right after one module has been imported, and then is gone."""

    def __init__(self, name, installed):
        self._name, self._installed = name, installed

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        spec.loader = _AfterLoader(spec.loader, self._installed)
        return spec


class _AfterLoader(AroundLoader):
    def __init__(self, loader, after):
        super().__init__(loader)
        self._after = after

    def exec_module(self, module):
        self._loader.exec_module(module)
        spec = module.__spec__
        if spec.loader is self:
            spec.loader = self._loader
        # It may have been put off.
        when_loaded(spec.name, self._after)
