"""``%load_ext autoreload``: the magics are there without it."""


def load_ipython_extension(ip):
    """Nothing to load."""
