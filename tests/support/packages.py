"""Packages from the package index, installed as a learner does it: by `%pip` in a cell."""

import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from support.executable import cellist

# What pip says when it does not reach the index.
_NO_NETWORK = ("Temporary failure in name resolution", "Failed to establish a new connection",
               "Connection refused", "Network is unreachable", "Could not fetch URL", "timed out")


def install(env: dict[str, str], folder: Path, *names: str) -> str:
    """Installs packages into the user's site folder of `env`; returns what pip said. Skips the test,
    loudly, when the package index cannot be reached."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"%pip install {' '.join(names)}")])
    source, done = folder / "install.ipynb", folder / "installed.ipynb"
    nbformat.write(notebook, source)
    # Downloads are kept from one run of the tests to the next.
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cellist" / "pip"
    subprocess.run(
        [cellist(), "run", source, "--output", done],
        env=env | {"PIP_CACHE_DIR": str(cache), "PIP_RETRIES": "1"},
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=500,
    )
    outputs = nbformat.read(done, as_version=4).cells[0].outputs
    said = "".join(output.get("text", output.get("evalue", "")) for output in outputs)
    if any(output.output_type == "error" for output in outputs):
        if any(sign in said for sign in _NO_NETWORK):
            reason = f"{' '.join(names)} cannot be installed: the package index is out of reach"
            print(f"\n*** SKIPPED: {reason} ***\n")
            pytest.skip(reason)
        raise AssertionError(f"%pip install {' '.join(names)} failed:\n{said}")
    return said
