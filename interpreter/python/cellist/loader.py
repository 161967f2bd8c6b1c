"""A loader of modules around another one."""


class AroundLoader:
    """Is the other loader in everything but `exec_module`, which subclasses write."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)
