"""The Python kernels that ours is measured against."""

import sys
import warnings

import pytest

from support import environment

#: Wants an older IPython than ipykernel, so that it has an environment of its own.
XEUS_PYTHON = "xeus-python==0.19.0"


def commands() -> dict[str, list[str]]:
    """How each is started, by name; without those that cannot be installed."""
    found = {"ipykernel": [sys.executable, "-m", "ipykernel_launcher"]}
    try:
        # It has no program of its own, but brings this one.
        folder = environment.programs(XEUS_PYTHON, "ipython", seconds=600)
    except pytest.skip.Exception as reason:
        warnings.warn(f"{reason}: it counts as missing")
    else:
        found["xeus-python"] = [str(folder / "python"), "-m", "xpython_launcher"]
    return found
