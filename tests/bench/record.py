"""Measures what the record of tasks costs: `python tests/bench/record.py CELLIST [ROUNDS]`.

CELLIST is a build with the feature `record-switch`, in which the record can be turned off. Gathers 50,000
`sleep(0)` in one session time and again, in turns with the record and without, and prints the share of the
record in the processor time of a gather: the median of neighbours, of the medians, and of the least. Exit code 1
when the first is above 3 %.
"""

import sys
from statistics import median

from event_loop import in_a_cell

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


def main() -> int:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    pairs = in_a_cell(sys.argv[1], WORK.format(rounds=rounds))
    on, off = ([pair[which] for pair in pairs] for which in (0, 1))
    of_medians = median(on) / median(off) - 1
    of_pairs = median([one / other for one, other in pairs]) - 1
    least = min(on) / min(off) - 1
    print(f"{rounds} pairs; a gather takes {median(off) * 1000:.1f} ms without a record, {median(on) * 1000:.1f} ms with")
    print(f"share of the record: {of_pairs:.1%} (median of pairs), {of_medians:.1%} (medians), {least:.1%} (least)")
    return int(of_pairs > SHARE)


if __name__ == "__main__":
    sys.exit(main())
