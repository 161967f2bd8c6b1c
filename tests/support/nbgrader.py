"""The real nbgrader, in an environment of its own: it wants older packages than the other tests."""

from pathlib import Path

from support import environment

NBGRADER = "nbgrader==0.9.6"


def programs() -> Path:
    """The folder of nbgrader's programs."""
    return environment.programs(NBGRADER, "nbgrader", seconds=600)
