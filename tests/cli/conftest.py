"""Fixtures of the tests that call the executable as a person does in a terminal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from executable import cellist  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--tasks", type=int, default=100_000, help="tasks in the soak")


@pytest.fixture
def call(tmp_path):
    """Runs `cellist ARGS…` in a folder of its own; nothing it does may take a minute."""

    def call(*args, **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60} | options
        return subprocess.run([str(cellist()), *map(str, args)], **options)

    return call


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook of these code cells; returns its path."""

    def notebook(*sources, name="nb.ipynb", metadata=None, minor=5):
        cells = []
        for number, source in enumerate(sources):
            cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [],
                    "execution_count": None}
            if minor >= 5:
                cell["id"] = f"c{number}"
            cells.append(cell)
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": minor, "cells": cells,
                                    "metadata": metadata or {}}))
        return path

    return notebook
