"""The real nbgrader, in an environment of its own: it wants older packages than the other tests."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

NBGRADER = "nbgrader==0.9.6"


def programs() -> Path:
    """The folder of nbgrader's programs, made once; skips the test, loudly, when it cannot be."""
    venv = Path(sys.prefix).parent / NBGRADER.replace("==", "-")
    if not (venv / "bin/nbgrader").exists():
        install = [venv / "bin/python", "-m", "pip", "install", "--quiet", NBGRADER]
        for command in ([sys.executable, "-m", "venv", venv], install):
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode:
                shutil.rmtree(venv, ignore_errors=True)
                warnings.warn(f"SKIPPED: {NBGRADER} could not be installed: {done.stderr[-300:]}")
                pytest.skip(f"{NBGRADER} could not be installed")
    return venv / "bin"
