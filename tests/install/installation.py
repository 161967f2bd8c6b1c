"""Running install.sh, and what it installed."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.executable import REPOSITORY, cellist


@dataclass(frozen=True)
class Installation:
    """Cellist as install.sh put it into `prefix`; `output` is what the learner saw."""

    prefix: Path
    env: dict[str, str]
    output: str

    @property
    def bin(self) -> Path:
        return self.prefix / "bin"

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs an installed program, which must succeed."""
        done = subprocess.run(
            [self.bin / name, *arguments], env=self.env, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr}"
        return done


def run_install(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs install.sh; stdout holds what went to stderr, too, as on a learner's terminal."""
    bash = shutil.which("bash")
    assert bash
    return subprocess.run(
        [bash, REPOSITORY / "install.sh", *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def shared_caches() -> dict[str, str]:
    """What an empty home would make cargo and pip fetch and build again."""
    real = Path.home()
    return {
        "CARGO_HOME": os.environ.get("CARGO_HOME", str(real / ".cargo")),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(real / ".rustup")),
        "CARGO_TARGET_DIR": str(cellist().parents[1]),
        "PIP_CACHE_DIR": str(real / ".cache" / "pip"),
    }
