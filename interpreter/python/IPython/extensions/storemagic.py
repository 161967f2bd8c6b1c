"""``%load_ext storemagic``: `%store` is there without it."""


def load_ipython_extension(ip):
    """Nothing to load."""
