"""How long grading the coffee shop takes: `python tests/bench/grading.py [COPIES [BATCH]]`.

Grades so many copies (100) of the course's coffee shop, solutions, starters and wrong ones in turn,
one at a time and with all processors. Prints milliseconds per submission, starting and everything
else included. Exit code 1 when one at a time takes more than 100 ms a submission.

With BATCH, such as 10000, grades a batch of so many and one of a tenth as well, with a journal, and
then again from the journal. Prints milliseconds per submission and the most memory that the grader
itself had. Exit code 1 when the large batch costs more than half as much again per submission, or
takes more than 4 KiB of memory more for each.
"""

import json
import os
import shutil
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
#: KiB per submission more: paths and names of what is to come are kept, results are not.
GROWTH = 4


def main(copies: int, batch: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder)
        course = REPOSITORY / "notebooks" / "course"
        build = [cellist(), "notebooks", "build", "--course", course, "--out", built]
        subprocess.run(build, check=True, capture_output=True)
        handed_in = submissions(built, copies)
        alone = measure(handed_in, built / "specs", jobs=1)
        measure(handed_in, built / "specs", jobs=len(os.sched_getaffinity(0)))
        grows = batch > 0 and not stays_flat(built, batch)
    if alone > LIMIT:
        print(f"too slow: more than {LIMIT} ms a submission")
    return int(alone > LIMIT or grows)


def stays_flat(built: Path, count: int) -> bool:
    """Grades a small batch and a large one; whether the large one costs no more for each."""
    shutil.rmtree(built / "handed-in")
    handed_in = submissions(built, count)
    small = built / "small"
    small.mkdir()
    for path in sorted(handed_in.iterdir())[: count // 10]:
        (small / path.name).write_bytes(path.read_bytes())
    (small_each, small_memory), (each, memory) = (
        run_batch(folder, built / "specs", built / f"{folder.name}.jsonl") for folder in (small, handed_in)
    )
    run_batch(handed_in, built / "specs", built / f"{handed_in.name}.jsonl")
    growth = (memory - small_memory) / (count - count // 10)
    print(f"{growth:.1f} KiB of memory and {each - small_each:+.1f} ms for each more")
    return growth <= GROWTH and each <= 1.5 * small_each


def run_batch(handed_in: Path, specs: Path, journal: Path) -> tuple[float, int]:
    """Prints and returns milliseconds per submission, and the grader's most memory in KiB."""
    known = journal.exists()
    command = [cellist(), "grade", handed_in, "--spec", specs, "--json", "--quiet", "--journal", journal]
    started = time.perf_counter()
    memory = 0
    with journal.with_suffix(".json").open("wb") as report:
        program = subprocess.Popen(command, stdout=report)
        while program.poll() is None:
            memory = max(memory, most_memory(program.pid))
            time.sleep(0.1)
    took = time.perf_counter() - started
    assert program.returncode == 0
    count = len(list(handed_in.iterdir()))
    lines = journal.read_text().count("\n")
    assert lines == count + 1, lines
    each = took * 1000 / count
    how = "from the journal" if known else "in one batch"
    print(f"{count} submissions {how}: {each:.1f} ms each ({took:.1f} s), {memory / 1024:.0f} MiB at most")
    return each, memory


def most_memory(process: int) -> int:
    """The most memory that a process has had so far, in KiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(sizes[0]) if sizes else 0


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
    numbers = [int(number) for number in sys.argv[1:]]
    copies, batch, *_ = [*numbers, *(100, 0)[len(numbers) :]]
    sys.exit(main(copies, batch))
