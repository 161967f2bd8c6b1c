#!/usr/bin/env python3
"""Measures the kernel against ipykernel and xeus-python, in turns, in the same run.

Prints a table: launch to the first kernel_info_reply, round trip of `1+1` (the median, and the time
that 99 of 100 take at most), 50,000 printed lines. The column `client` is a kernel that answers at
once with messages that are ready (tests/bench/echo.py): what the client takes for itself. `ratio` is
ours to ipykernel's.

Exit code: 0 every goal is met, 1 one is missed, or our kernel loses lines.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import rivals  # noqa: E402

LINES = 50_000
PATIENCE = 120
#: After the reply, what is not there within this has been lost.
LATE = 10


class Lost(Exception):
    """The kernel has lost messages."""


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
        text, silent = [], 0
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=LATE)
            except Empty:
                silent += LATE
                if self.client.shell_channel.msg_ready() or silent > PATIENCE:
                    raise Lost(f"{len(text)} messages of text, and no idle") from None
                continue
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


def launch(command: list[str]) -> list[float]:
    kernel = Kernel(command)
    with kernel:
        return [kernel.launch]


def round_trips(command: list[str]) -> list[float]:
    with Kernel(command) as kernel:
        for _ in range(20):
            kernel.run("1+1")
        return [kernel.run("1+1")[0] for _ in range(200)]


def lines(command: list[str]) -> list[float]:
    with Kernel(command) as kernel:
        seconds, text = kernel.run(f"for i in range({LINES}): print(i)")
        if text != "".join(f"{i}\n" for i in range(LINES)):
            raise Lost("lines are missing")
        return [seconds]


def percentile_99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


#: What is measured; of its times, what is shown; at most which part of ipykernel's, or how many
#: milliseconds, that may be; and whether the client alone tells anything (its start is Python's).
MEASUREMENTS = [
    (launch, [("launch to kernel_info", statistics.median, 1 / 10, True, False)]),
    (round_trips, [("1+1, median", statistics.median, 1 / 10, True, True),
                   ("1+1, 99 of 100", percentile_99, 5, False, True)]),
    (lines, [(f"{LINES:,} lines", statistics.median, 1 / 10, True, True)]),
]


def measured(measure: Callable[[list[str]], list[float]], commands: dict[str, list[str]],
             rounds: int) -> dict[str, list[list[float]]]:
    """The times of each round, by kernel; nothing of a kernel that loses messages."""
    found: dict[str, list[list[float]]] = {name: [] for name in commands}
    lost = set()
    for _ in range(rounds):
        for name, command in commands.items():
            if name in lost:
                continue
            try:
                found[name].append(measure(command))
            except Lost as error:
                print(f"  {name} loses output: {error}", flush=True)
                lost.add(name)
                found[name] = []
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cellist", required=True, type=Path, metavar="PATH", help="the executable")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the median counts [5]")
    args = parser.parse_args()
    # Not the user's own, which may be long.
    history = Path(tempfile.mkdtemp(prefix="cellist-bench-")) / "history.sqlite"
    try:
        return compare(args.cellist.resolve(), history, args.rounds)
    finally:
        shutil.rmtree(history.parent)


def compare(cellist: Path, history: Path, rounds: int) -> int:
    """Prints the table; the exit code."""
    commands = {
        "cellist": [str(cellist), "kernel", "--history", str(history)],
        **rivals.commands(),
        "client": [sys.executable, str(Path(__file__).with_name("echo.py"))],
    }
    columns = ["cellist", "ipykernel", "xeus-python", "client"]
    missed = 0
    print(f"{'median of ' + str(rounds) + ', in ms':24}" + "".join(f"{name:>12}" for name in columns)
          + f"{'ratio':>8}{'goal':>8}")
    for measure, rows in MEASUREMENTS:
        found = measured(measure, commands, rounds)
        for name, figure, goal, is_ratio, has_floor in rows:
            shown = {kernel: statistics.median(map(figure, times)) * 1e3 for kernel, times in found.items() if times}
            cells = [f"{shown[column]:12.1f}" if column in shown
                     else f"{'lost' if column in found else 'missing':>12}" for column in columns]
            verdict = judged(shown, goal, is_ratio, has_floor)
            missed += verdict.startswith("MISSED")
            ratio = shown["cellist"] / shown["ipykernel"] if "cellist" in shown else float("nan")
            wanted = f"{goal:8.3f}" if is_ratio else f"{goal:5.0f} ms"
            print(f"{name:24}{''.join(cells)}{ratio:8.3f}{wanted}  {verdict}".rstrip(), flush=True)
    return 1 if missed else 0


def judged(shown: dict[str, float], goal: float, is_ratio: bool, has_floor: bool) -> str:
    """Whether a goal is missed, and whether the client alone would; nothing when it is met."""
    if "cellist" not in shown:
        return "MISSED"
    limit = goal * shown["ipykernel"] if is_ratio else goal
    if shown["cellist"] <= limit:
        return ""
    is_floor = has_floor and shown["client"] > limit
    return "MISSED, by the client alone, too" if is_floor else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
