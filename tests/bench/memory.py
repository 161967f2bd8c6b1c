#!/usr/bin/env python3
"""Measures the memory of a kernel after its first asyncio cell, ours against ipykernel and
xeus-python, in turns.

    tests/bench/memory.py --cellist CELLIST

Prints the proportional set size (what a process takes, shared pages divided among those who share
them) of kernels that have come to rest, and of what it is made. Exit code: 0 the goals are met (so
many megabytes after the first asyncio cell, and idle less than each of the others that is there), 1
one is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import rivals  # noqa: E402

GOAL = 40
CELLS = ("1 + 1", "import asyncio\nawait asyncio.sleep(0)", "sum(range(9))")
#: The cell for which the goal is set.
MEASURED = 1
#: Seconds between two readings that have to agree (a kernel is at rest after a tenth), and for how
#: long to try.
BETWEEN = 0.5
PATIENCE = 30
#: What two readings may differ by, in KiB.
NOISE = 128
PARTS = {"all": "Pss", "heap and stacks": "Pss_Anon", "files": "Pss_File"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cellist", type=Path, required=True)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    settle(args.cellist)
    with tempfile.TemporaryDirectory() as folder:
        commands = {"cellist": [str(args.cellist.resolve()), "kernel"], **rivals.commands()}
        specs, kernels = kernelspecs(Path(folder), commands), list(commands)
        measured = {name: [] for name in kernels}
        for _ in range(args.rounds):
            for name in kernels:
                measured[name].append(measure(specs, name))
    for after in range(len(CELLS)):
        print(f"after `{CELLS[after].splitlines()[-1]}`")
        for part, key in PARTS.items():
            values = [statistics.median(row[after][key] for row in measured[name]) for name in kernels]
            print(f"  {part:16}" + "".join(f"{name:>12} {value / 1024:6.1f} MB"
                                           for name, value in zip(kernels, values)))
    def taken(name: str, after: int) -> float:
        return statistics.median(row[after]["Pss"] for row in measured[name]) / 1024

    ours = taken("cellist", MEASURED)
    met = ours <= GOAL
    print(f"goal: at most {GOAL} MB after the first asyncio cell; {'met' if met else 'missed'} with {ours:.1f}")
    ours = taken("cellist", 0)
    for other in kernels[1:]:
        less = ours < taken(other, 0)
        print(f"goal: idle, less than {other}; {'met' if less else 'missed'} with {ours:.1f}")
        met = met and less
    return int(not met)


def kernelspecs(folder: Path, commands: dict[str, list[str]]) -> KernelSpecManager:
    """The kernels, in a folder that nobody else uses."""
    for name, command in commands.items():
        place = folder / name
        place.mkdir()
        spec = {"argv": [*command, "-f", "{connection_file}"], "display_name": name, "language": "python"}
        (place / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)


def measure(specs: KernelSpecManager, name: str) -> list[dict[str, int]]:
    """Starts a kernel; what it takes after each cell, in KiB."""
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        found = []
        for cell in CELLS:
            reply = client.execute_interactive(cell, timeout=60, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply
            found.append(at_rest(manager.provisioner.process.pid))
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def settle(executable: Path) -> None:
    """Brings an executable that was just built to the disk and whole into the page cache: pages
    that are not there are not mapped together with those that are needed."""
    with executable.open("rb") as file:
        os.fsync(file.fileno())
        while file.read(1 << 20):
            pass


def at_rest(pid: int) -> dict[str, int]:
    """What the process takes, once that no longer changes."""
    last = rollup(pid)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(BETWEEN)
        before, last = last, rollup(pid)
        if all(abs(last[key] - before[key]) <= NOISE for key in PARTS.values()):
            return last
    raise SystemExit(f"the memory of process {pid} does not settle within {PATIENCE} s: it goes on "
                     "doing something; measure on a quiet machine")


def rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}


if __name__ == "__main__":
    sys.exit(main())
