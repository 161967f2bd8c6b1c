#!/usr/bin/env python3
"""Runs 10,000 cells on one kernel and reads its memory on the way: it must stay flat.

    tests/bench/soak.py --cellist CELLIST

The cells print, show, raise, await, make garbage in cycles and ask for completions; every request is
answered. Prints the proportional set size (PSS) when the kernel has come to rest after 1,000, 5,000 and 10,000.
Exit code: 0 it is flat, 1 it grows.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from memory import PARTS, at_rest, kernelspecs

CELLS = (
    "1 + 1",
    "print('tea')",
    "x = [0] * 10_000",
    "1 / 0",
    "import asyncio\nawait asyncio.sleep(0)",
    "asyncio.run(asyncio.sleep(0))",
    "class Node:\n    pass\na, b = Node(), Node()\na.other, b.other = b, a",
    "display({'a': list(range(100))})",
    "def f(n):\n    return n and f(n - 1)\nf(20)",
    "import threading\nt = threading.Thread(target=print, args=('in a thread',))\nt.start(); t.join()",
)
MARKS = (1_000, 5_000, 10_000)
PATIENCE = 120
#: Cells are kept, with their source, as IPython keeps them: so much for each of them, in KiB, is no leak.
KEPT = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cellist", type=Path, required=True)
    parser.add_argument("--executes", type=int, default=MARKS[-1])
    args = parser.parse_args()
    marks = [mark for mark in MARKS if mark < args.executes] + [args.executes]
    with tempfile.TemporaryDirectory() as folder:
        specs = kernelspecs(Path(folder), args.cellist.resolve())
        found = soak(specs, marks)
    grown = (found[-1]["Pss"] - found[0]["Pss"]) / (marks[-1] - marks[0])
    print(f"grows by {grown:.2f} KiB per cell; {'flat' if grown <= KEPT else 'NOT FLAT'}")
    return int(grown > KEPT)


def soak(specs: KernelSpecManager, marks: list[int]) -> list[dict[str, int]]:
    """Runs the cells; what the kernel takes at each mark, in KiB."""
    manager = KernelManager(kernel_name="cellist", kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        found = []
        began = time.monotonic()
        for number in range(1, marks[-1] + 1):
            run(client, CELLS[number % len(CELLS)])
            if number % 100 == 0:
                complete(client)
            if number in marks:
                took = time.monotonic() - began
                found.append(at_rest(manager.provisioner.process.pid))
                parts = "".join(f"{part} {found[-1][key] / 1024:.1f} MB  " for part, key in PARTS.items())
                print(f"{number:>7} cells  {parts} {took:.0f} s", flush=True)
                # The time of measuring is not theirs.
                began = time.monotonic() - took
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str) -> None:
    """Runs a cell; fails if its reply or its idle is missing."""
    msg_id = client.execute(code, stop_on_error=False)
    reply = answer(client, msg_id)
    wanted = "error" if code == "1 / 0" else "ok"
    assert reply["content"]["status"] == wanted, json.dumps(reply["content"])
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == msg_id:
            if message["content"].get("execution_state") == "idle":
                return


def complete(client: BlockingKernelClient) -> None:
    """Asks for names, as a learner who types."""
    assert answer(client, client.complete("threading.Th"))["content"]["matches"] == ["Thread", "ThreadError"]


def answer(client: BlockingKernelClient, msg_id: str) -> dict:
    try:
        reply = client.get_shell_msg(timeout=PATIENCE)
    except Empty:
        raise SystemExit(f"no reply to {msg_id} within {PATIENCE} s") from None
    assert reply["parent_header"]["msg_id"] == msg_id, "the reply to another request"
    return reply


if __name__ == "__main__":
    sys.exit(main())
