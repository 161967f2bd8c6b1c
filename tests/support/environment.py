"""Python environments for programs whose packages must not meet those of the other tests."""

import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest


def programs(requirement: str, program: str, seconds: float) -> Path:
    """The folder of the programs of a pinned package, one of which is `program`. It is made once, where each
    command may take so many seconds; skips the test, loudly, when it cannot be."""
    name = re.sub(r"\[.*\]", "", requirement).replace("==", "-")
    venv = Path(sys.prefix).parent / name
    if not (venv / "bin" / program).exists():
        install = [venv / "bin/python", "-m", "pip", "install", "--quiet", requirement]
        for command in ([sys.executable, "-m", "venv", venv], install):
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
            if done.returncode:
                shutil.rmtree(venv, ignore_errors=True)
                warnings.warn(f"SKIPPED: {requirement} could not be installed: {done.stderr[-300:]}")
                pytest.skip(f"{requirement} could not be installed")
    return venv / "bin"
