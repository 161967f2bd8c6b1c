"""Does nothing, for notebooks that were written for another kernel: here ``asyncio.run`` works in
a cell without a patch, and so does ``await``."""


def apply(loop=None):
    """Nothing to patch."""
