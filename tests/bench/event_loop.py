"""Measures asyncio in a cell against asyncio of the machine's python3, in the same run.

    tests/bench/event_loop.py CELLIST [PYTHON]

Prints, for each workload, the seconds both take (the least of three), their ratio, and what that may be at most.
Exit code 1 when one is above.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

WORK = '''
import asyncio, json, time

async def gather():
    await asyncio.gather(*[asyncio.sleep(0) for _ in range(50_000)])

async def yields():
    for _ in range(300_000):
        await asyncio.sleep(0)

async def timers():
    await asyncio.gather(*[asyncio.sleep(0.1) for _ in range(20_000)])

async def echo():
    async def serve(reader, writer):
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(20):
            writer.write(b"hello\\n")
            assert await reader.readline() == b"hello\\n"
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*[ask(port) for _ in range(200)])

async def queue():
    line = asyncio.Queue(100)

    async def produce():
        for number in range(100_000):
            await line.put(number)

    async def consume():
        for _ in range(100_000):
            await line.get()

    await asyncio.gather(produce(), consume())

times = {}
for name, work in {"gather 50,000 sleep(0)": gather, "300,000 sleep(0)": yields,
                   "20,000 timers": timers, "echo 200 x 20": echo, "queue 100,000": queue}.items():
    best = None
    for _ in range(3):
        begun = time.perf_counter()
        asyncio.run(work())
        took = time.perf_counter() - begun
        best = took if best is None else min(best, took)
    times[name] = best
print(json.dumps(times))
'''


#: At most so much of the time of CPython's asyncio.
GOALS = {"gather 50,000 sleep(0)": 0.5, "300,000 sleep(0)": 0.6, "20,000 timers": 0.6, "echo 200 x 20": 1.0,
         "queue 100,000": 2.0}  # fmt: skip


def in_a_cell(cellist, source):
    """What a cell prints as JSON, run by ``cellist run``."""
    cell = {"cell_type": "code", "id": "work", "metadata": {}, "execution_count": None,
            "outputs": [], "source": source}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with tempfile.TemporaryDirectory() as folder:
        path, done = pathlib.Path(folder, "bench.ipynb"), pathlib.Path(folder, "done.ipynb")
        path.write_text(json.dumps(notebook))
        subprocess.run([cellist, "run", path, "-o", done], check=True, capture_output=True)
        outputs = json.loads(done.read_text())["cells"][0]["outputs"]
    return json.loads("".join(outputs[0]["text"]))


def in_python(python):
    """The times in this Python."""
    return json.loads(subprocess.run([python, "-c", WORK], check=True, capture_output=True).stdout)


def main():
    cellist = sys.argv[1]
    python = sys.argv[2] if len(sys.argv) > 2 else "python3"
    theirs = in_python(python)
    ours = in_a_cell(cellist, WORK)
    version = subprocess.run([python, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{'':24}{'cellist':>10}{version:>16}{'ratio':>8}{'goal':>6}")
    missed = 0
    for name, seconds in ours.items():
        ratio = seconds / theirs[name]
        is_missed = ratio > GOALS[name]
        missed += is_missed
        print(f"{name:24}{seconds:9.3f}s{theirs[name]:15.3f}s{ratio:8.2f}{GOALS[name]:6.1f}{'  MISSED' * is_missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
