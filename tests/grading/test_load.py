"""A busy machine: what others take of the processor is not the submission's time."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from grading.conftest import RIGHT, Json

Judge = Callable[..., Json]

COMPUTES_FOR_A_SECOND = """
import os
def used():
    times = os.times()
    return times.user + times.system
begun = used()
while used() - begun < 1: pass
"""


@pytest.fixture
def busy() -> Iterator[None]:
    """What is started meanwhile has one processor, with five that never rest."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(5)]
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
        for other in others:
            other.kill()
            other.wait()


def test_a_submission_has_its_time_on_a_busy_machine(judge: Judge, busy: None) -> None:
    # Six seconds of real time.
    verdict = judge(COMPUTES_FOR_A_SECOND + RIGHT, "--cell-timeout", "4")
    assert verdict["points"] == 7, verdict


def test_what_never_ends_is_stopped_on_a_busy_machine(judge: Judge, busy: None) -> None:
    verdict = judge("while True: pass", "--cell-timeout", "1")
    assert verdict["points"] == 0
    [error] = verdict["units"][0]["errors"]
    assert error["evalue"].startswith("Stopped after 1 s.")
