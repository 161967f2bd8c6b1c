"""Waiting for a condition that another process makes true."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], what: str, seconds: float = 30) -> T:
    """Asks until the answer is true and returns it; fails after `seconds`, saying `what` was awaited."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)  # the interval between two questions, not a guess at how long it takes
    return answer
