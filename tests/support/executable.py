"""The `cellist` executable under test."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@cache
def cellist() -> Path:
    """`$CELLIST`, which tests/run sets, else the development build."""
    told = os.environ.get("CELLIST")
    path = Path(told) if told else _target() / "debug" / "cellist"
    assert path.is_file(), f"no executable at {path}; run `tests/run build`"
    return path


def _target() -> Path:
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version=1"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    return Path(json.loads(metadata.stdout)["target_directory"])
