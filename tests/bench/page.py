"""How long the grader's pages take with 1,000 learners: `python tests/bench/page.py [LEARNERS]`.

Grades so many copies of a small assignment into a gradebook, serves it, and asks for each page: the
first time, when the gradebook is read, and then again. Exit code 1 when a page takes more than
100 ms again, at the 95th percentile, or a second the first time.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

# In the place of this folder, which has a `grading` of its own.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from grading.conftest import RIGHT, SPEC, STARTER, submission  # noqa: E402
from support import home  # noqa: E402
from support.page_server import PageServer, grade_into  # noqa: E402

LIMIT, FIRST = 100, 1000
NOTEBOOK = "small/answer.ipynb"
QUESTION = {"notebook": NOTEBOOK, "unit": "u", "item": "u-why"}
PAGES = [
    ("overview", "/", {}),
    ("submissions", "/list", {"notebook": NOTEBOOK}),
    ("those that wait", "/list", {"show": "manual", "page": "5"}),
    ("one submission", "/submission", {"learner": "l00500", "notebook": NOTEBOOK}),
    ("written answers", "/answers", QUESTION),
    ("units.csv", "/export/units.csv", {}),
]


def main(learners: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        env = home.make(root / "home")
        spec, gradebook = root / "spec.json", root / "book.db"
        spec.write_text(json.dumps(SPEC))
        for n in range(learners):
            path = root / "in" / f"l{n:05}" / NOTEBOOK
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(submission((RIGHT, STARTER)[n % 2], why=f"because of {n}")))
        started = time.perf_counter()
        grade_into(env, gradebook, spec, root / "in")
        print(f"graded {learners} in {time.perf_counter() - started:.1f} s, with {len(os.sched_getaffinity(0))} processors")
        slow = 0
        for name, path, questions in PAGES:
            # A server that has read nothing.
            with PageServer(env, root / "in", "--spec", spec, "--gradebook", gradebook) as server:
                server.enter()
                times = [ask(server, path, questions) for _ in range(21)]
                if path == "/answers":
                    after = saving(server)
                    slow += after > LIMIT
                    print(f"{'after a save':16} {after:26.1f} ms, saving included, median of 5")
            first, again = times[0], sorted(times[1:])
            p95 = again[int(len(again) * 0.95) - 1]
            slow += first > FIRST or p95 > LIMIT
            print(f"{name:16} first {first:6.1f} ms, then median {statistics.median(again):5.1f} ms, p95 {p95:5.1f} ms")
    if slow:
        print(f"too slow: more than {LIMIT} ms, or {FIRST} ms the first time")
    return int(slow > 0)


def ask(server: PageServer, path: str, questions: dict[str, str]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    server.page(path, **questions)
    return (time.perf_counter() - started) * 1000


def saving(server: PageServer) -> float:
    """Milliseconds for a score and the page of answers, which then lacks that answer."""
    csrf, times = server.csrf(), []
    for n in range(0, 10, 2):
        started = time.perf_counter()
        saved = server.post("/score", csrf=csrf, learner=f"l{n:05}", **QUESTION, points="1")
        assert saved.status == 303, saved
        page = server.page("/answers", **QUESTION)
        times.append((time.perf_counter() - started) * 1000)
        assert f"l{n:05}" not in page
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
