#!/usr/bin/env python3
"""Measures the kernel against ipykernel, in turns, in the same run.

Prints a table: launch to the first kernel_info_reply, round trip of `1+1`, 50,000 printed lines.
Exit code: 0 every goal is met, 1 one is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

LINES = 50_000
PATIENCE = 120


class Kernel:
    """A kernel started as Jupyter starts it; `launch` is the time to the first kernel_info_reply."""

    def __init__(self, command: list[str]):
        self._folder = tempfile.TemporaryDirectory()
        spec = Path(self._folder.name) / "measured"
        spec.mkdir()
        argv = [*command, "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "measured", "language": "python"})
        )
        self._manager = KernelManager(kernel_name="measured")
        self._manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[self._folder.name])
        began = time.perf_counter()
        self._manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.kernel_info()
        self.client.get_shell_msg(timeout=PATIENCE)
        self.launch = time.perf_counter() - began

    def __enter__(self) -> "Kernel":
        self.client.wait_for_ready(timeout=PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._folder.cleanup()

    def run(self, code: str) -> tuple[float, str]:
        """Seconds until both the reply and the idle are there; what was printed."""
        began = time.perf_counter()
        msg_id = self.client.execute(code)
        text = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                text.append(content["text"])
            elif content.get("execution_state") == "idle":
                break
        reply = self.client.get_shell_msg(timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]
        return time.perf_counter() - began, "".join(text)


def launch(command: list[str]) -> float:
    kernel = Kernel(command)
    with kernel:
        return kernel.launch


def round_trip(command: list[str]) -> float:
    with Kernel(command) as kernel:
        for _ in range(20):
            kernel.run("1+1")
        return statistics.median(kernel.run("1+1")[0] for _ in range(200))


def lines(command: list[str]) -> float:
    with Kernel(command) as kernel:
        seconds, text = kernel.run(f"for i in range({LINES}): print(i)")
        assert text == "".join(f"{i}\n" for i in range(LINES)), "lines are missing"
        return seconds


MEASUREMENTS: list[tuple[str, Callable[[list[str]], float], float]] = [
    ("launch to kernel_info", launch, 1 / 5),
    ("1+1, median", round_trip, 1 / 3),
    (f"{LINES:,} lines", lines, 1 / 2),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cellist", required=True, type=Path, metavar="PATH", help="the executable")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the median counts [5]")
    args = parser.parse_args()
    ours = [str(args.cellist.resolve()), "kernel"]
    theirs = [sys.executable, "-m", "ipykernel_launcher"]

    print(f"{'median of ' + str(args.rounds):24}{'cellist':>12}{'ipykernel':>12}{'ratio':>8}{'goal':>8}")
    missed = 0
    for name, measure, goal in MEASUREMENTS:
        pairs = [(measure(ours), measure(theirs)) for _ in range(args.rounds)]
        mine, other = (statistics.median(column) for column in zip(*pairs))
        verdict = "" if mine / other <= goal else "  MISSED"
        missed += bool(verdict)
        print(
            f"{name:24}{mine * 1e3:9.1f} ms{other * 1e3:9.1f} ms{mine / other:8.3f}{goal:8.3f}{verdict}",
            flush=True,
        )
    return 1 if missed else 0


sys.exit(main())
