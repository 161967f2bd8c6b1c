"""The module ``comm`` in cells: the package of this name, on this session.

Libraries with widgets import it, and install the package, whose comms go nowhere: ours stands in
its place. But a learner's own ``comm.py`` stays what it is.
"""

import sys
from _frozen_importlib import ModuleSpec

#: The version whose interface `cellist.comms` has.
_VERSION = "0.2.3"


class _Finder:
    """Finds and loads ``comm`` and ``comm.base_comm``."""

    def find_spec(self, name, path=None, target=None):
        if name == "comm":
            return None if _is_learners_own() else ModuleSpec(name, self, is_package=True)
        if name == "comm.base_comm" and getattr(sys.modules["comm"], "__loader__", None) is self:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        from cellist import comms

        module.__doc__ = "Comms: see `cellist.comms`."
        module.BaseComm, module.CommManager = comms.BaseComm, comms.CommManager
        module.__all__ = ["BaseComm", "CommManager"]
        if module.__name__ == "comm":
            import comm.base_comm  # noqa: F401  (it is there with its package)

            module.create_comm, module.get_comm_manager = comms.create_comm, comms.get_comm_manager
            module.__version__ = _VERSION
            module.__all__ += ["__version__", "create_comm", "get_comm_manager"]


def _is_learners_own():
    import os
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("comm")
    if spec is None or spec.origin is None:
        return False
    folders = spec.submodule_search_locations or ()
    return not any(os.path.exists(os.path.join(folder, "base_comm.py")) for folder in folders)


def install():
    """From now on ``import comm`` is ours."""
    sys.meta_path.insert(0, _Finder())
