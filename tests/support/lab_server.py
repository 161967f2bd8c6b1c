"""JupyterLab, started the way a learner starts it: by `cellist lab`."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from support.executable import cellist
from support.waiting import until


class LabServer:
    """A running JupyterLab on a free port of the loopback; stops when the `with` block ends."""

    def __init__(self, env: dict[str, str], course: Path, folder: Path, log: Path):
        self.folder = folder
        self.log = log
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # The JupyterLab of this very environment, found on the PATH.
        env = env | {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}
        command = [cellist(), "lab", folder, "--no-browser", "--from", course, "--"]
        command += [
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=",
            "--LabApp.expose_app_in_browser=True",
        ]
        with log.open("w") as output:
            self._process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def __enter__(self) -> "LabServer":
        until(self._answers, "JupyterLab to answer", seconds=180)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def _answers(self) -> bool:
        ended = self._process.poll()
        assert ended is None, f"`cellist lab` ended with {ended}:\n{self.log.read_text()}"
        try:
            with urllib.request.urlopen(f"{self.url}/api/status", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
