"""Where the tests find what they share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser):
    parser.addoption("--programs", type=int, default=300, help="how many random programs")
    parser.addoption("--first", type=int, default=0, help="the first program's seed")
