"""How long grading the coffee shop takes: `python tests/bench/grading.py [COPIES]`.

Grades so many copies (100) of the course's coffee shop, solutions, starters and wrong ones in turn,
one at a time and with all processors. Prints milliseconds per submission, starting and everything
else included. Exit code 1 when one at a time takes more than 100 ms a submission.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.executable import REPOSITORY, cellist  # noqa: E402

LIMIT = 100
NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"


def main(copies: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder)
        course = REPOSITORY / "notebooks" / "course"
        build = [cellist(), "notebooks", "build", "--course", course, "--out", built]
        subprocess.run(build, check=True, capture_output=True)
        handed_in = submissions(built, copies)
        alone = measure(handed_in, built / "specs", jobs=1)
        measure(handed_in, built / "specs", jobs=len(os.sched_getaffinity(0)))
    if alone > LIMIT:
        print(f"too slow: more than {LIMIT} ms a submission")
    return int(alone > LIMIT)


def submissions(built: Path, copies: int) -> Path:
    """A folder of submissions, none like the one before it."""
    solution = (built / "instructor" / NOTEBOOK).read_text()
    starter = (built / "student" / NOTEBOOK).read_text()
    blocking = solution.replace("await asyncio.sleep(seconds)", "time.sleep(seconds)")
    folder = built / "handed-in"
    folder.mkdir()
    for number in range(copies):
        (folder / f"{number:05}.ipynb").write_text((solution, starter, blocking)[number % 3])
    return folder


def measure(handed_in: Path, specs: Path, jobs: int) -> float:
    """Prints and returns milliseconds per submission."""
    command = [cellist(), "grade", handed_in, "--spec", specs, "--json", "--quiet", "--jobs", str(jobs)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True)
    took = (time.perf_counter() - started) * 1000
    entries = json.loads(done.stdout)
    assert [entry["verdict"]["points"] for entry in entries[:2]] == [12, 0], entries[:2]
    judged = sorted(entry["verdict"]["millis"] for entry in entries)
    each = took / len(entries)
    print(
        f"{len(entries)} submissions, {jobs} at a time: {each:.1f} ms each ({took / 1000:.2f} s); "
        f"judging alone: median {statistics.median(judged):.1f} ms, "
        f"slowest {judged[-1]:.1f} ms"
    )
    return each


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
