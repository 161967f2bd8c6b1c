"""Kernels for the tests: one for each test that wants its own, one for those that leave it as it is."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kernel.client import Kernel
from support import home


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a home of its own."""
    return home.make(tmp_path_factory.mktemp("home"))


@pytest.fixture
def adopt_env(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes it this process's too, for libraries that look for kernels in it."""

    def adopt() -> None:
        for name in set(os.environ) - set(env):
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)

    return adopt


@pytest.fixture
def start_kernel(env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Starts kernels with connection files made to order, and ends them."""
    with ExitStack() as stack:

        def start(**connection: Any) -> Kernel:
            folder = tmp_path / f"kernel-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(Kernel(folder, env, **connection))

        yield start


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """A fresh kernel."""
    return start_kernel()
