"""One installation for all tests of this folder: it takes minutes."""

import pytest

from install.installation import Installation, run_install, shared_caches
from support import home


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A development build in an empty home, JupyterLab included."""
    root = tmp_path_factory.mktemp("machine")
    env = home.make(root / "home") | shared_caches()
    done = run_install(env, "--profile", "dev")
    assert done.returncode == 0, done.stdout
    return Installation(root / "home" / ".local", env, done.stdout)
