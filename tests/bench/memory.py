#!/usr/bin/env python3
"""Measures the memory of a kernel after its first asyncio cell, ours against ipykernel, in turns.

    tests/bench/memory.py --cellist CELLIST

Prints the proportional set size (what a process takes, shared pages divided among those who share
them) and of what it is made. Exit code: 0 the goal is met, 1 it is missed.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

GOAL = 40
CELLS = ("1 + 1", "import asyncio\nawait asyncio.sleep(0)")
PARTS = {"all": "Pss", "heap and stacks": "Pss_Anon", "files": "Pss_File"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cellist", type=Path, required=True)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        specs = kernelspecs(Path(folder), args.cellist.resolve())
        kernels = ("cellist", "ipykernel")
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
    took = statistics.median(row[-1]["Pss"] for row in measured["cellist"]) / 1024
    print(f"goal: at most {GOAL} MB; {'met' if took <= GOAL else 'missed'} with {took:.1f}")
    return int(took > GOAL)


def kernelspecs(folder: Path, cellist: Path) -> KernelSpecManager:
    """Both kernels, in a folder that nobody else uses."""
    for name, command in {"cellist": [str(cellist), "kernel"],
                          "ipykernel": [sys.executable, "-m", "ipykernel_launcher"]}.items():
        place = folder / name
        place.mkdir()
        spec = {"argv": [*command, "-f", "{connection_file}"], "display_name": name, "language": "python"}
        (place / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)


def measure(specs: KernelSpecManager, name: str) -> list[dict[str, int]]:
    """Starts a kernel; what it takes after each cell, in KiB."""
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        found = []
        for cell in CELLS:
            reply = client.execute_interactive(cell, timeout=60, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply
            found.append(rollup(manager.provisioner.process.pid))
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def rollup(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}


if __name__ == "__main__":
    sys.exit(main())
