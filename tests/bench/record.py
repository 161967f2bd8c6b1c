"""Measures what the record of tasks costs: `python tests/bench/record.py CELLIST [ROUNDS]`.

CELLIST is a build with the feature `record-switch`, in which the record can be turned off. Gathers 50,000
`sleep(0)` in one session time and again, in turns with the record and without, and prints the share of the
record in the time of a gather: of the medians, and the median of neighbours. Exit code 1 when it is above 3 %.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SHARE = 0.03
WORK = """
import asyncio, json, time
from _cellist_trace import switch

async def gather():
    await asyncio.gather(*[asyncio.sleep(0) for _ in range(50_000)])

def seconds(on):
    switch(on)
    began = time.process_time()
    asyncio.run(gather())
    return time.process_time() - began

seconds(True), seconds(False)
pairs = []
for round in range({rounds}):
    order = (True, False) if round % 2 else (False, True)
    taken = {{on: seconds(on) for on in order}}
    pairs.append((taken[True], taken[False]))
print(json.dumps(pairs))
"""


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> int:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    source = WORK.format(rounds=rounds)
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.ipynb"
        path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        subprocess.run([sys.argv[1], "run", path, "-o", path], check=True)
        outputs = json.loads(path.read_text())["cells"][0]["outputs"]
    pairs = json.loads("".join(outputs[0]["text"]))
    on, off = ([pair[which] for pair in pairs] for which in (0, 1))
    of_medians = median(on) / median(off) - 1
    of_pairs = median([one / other for one, other in pairs]) - 1
    least = min(on) / min(off) - 1
    print(f"{rounds} pairs; a gather takes {median(off) * 1000:.1f} ms without a record, {median(on) * 1000:.1f} ms with")
    print(f"share of the record: {of_pairs:.1%} (median of pairs), {of_medians:.1%} (medians), {least:.1%} (least)")
    return int(of_pairs > SHARE)


if __name__ == "__main__":
    sys.exit(main())
