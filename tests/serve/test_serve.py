"""The grader's page: what it shows, what it keeps, what it grades again."""

import csv
import json
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from grading.conftest import RIGHT, STARTER, Json, submission
from grading.test_nbgrader import Cell
from grading.test_nbgrader import Course as NbgraderCourse
from serve.conftest import NOTEBOOK, Course
from support.executable import cellist
from support.page_server import PageServer, elements
from support.waiting import until

Serve = Callable[..., PageServer]
ANN = {"learner": "ann", "notebook": NOTEBOOK}
WHY = ANN | {"unit": "u", "item": "u-why"}


def text(page: str) -> str:
    """What one reads of a page, blanks and line ends as one."""
    bare = re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.S))
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        bare = bare.replace(code, sign)
    return " ".join(bare.split())


def decided(course: Course) -> list[tuple[float | None, str, str]]:
    """Points, comments and names of all decisions, oldest first."""
    connection = sqlite3.connect(course.gradebook)
    rows = connection.execute("SELECT points, comment, given_by FROM manual_scores ORDER BY id").fetchall()
    connection.close()
    return rows


def graded_again(server: PageServer) -> str:
    """Waits for the batch; what was told of it."""

    def told() -> str:
        [work] = [a for _, a in elements(server.page("/exports")) if a.get("id") == "work"]
        return "" if "data-runs" in work else text(server.page("/"))

    return until(told, "the batch to end", seconds=60)


def test_the_overview_counts(server: PageServer) -> None:
    page = text(server.page("/"))
    assert NOTEBOOK in page and "3 submissions" in page
    # Passed, failed, not answered, late, needs grading: all three left the quiz out.
    assert "u The answer 0 2 3 0 2" in page, page
    assert "Grade why: 2" in page
    assert "u right 1 of 3" in page and "u twice (hidden) 1 of 3" in page


def test_submissions_are_filtered_and_found(server: PageServer) -> None:
    def learners(**questions: str) -> list[str]:
        page = server.page("/list", **questions)
        return re.findall(r'<a class="text" href="[^"]*">([^<]*)</a>', page)

    evil = "&lt;script&gt;alert(2)&lt;"
    assert learners() == [evil, "ann", "bob"]
    assert learners(notebook=NOTEBOOK, unit="u", show="manual") == [evil, "ann"]
    assert learners(notebook=NOTEBOOK, unit="u", show="failed") == [evil, "bob"]
    assert learners(show="late") == [] and learners(unit="v") == [] and learners(show="passed") == []
    assert learners(find="AN") == ["ann"]


def test_a_submission_is_shown_cell_by_cell(server: PageServer) -> None:
    page = server.page("/submission", **ANN)
    read = text(page)
    assert "7 of 8 points; up to 3 more from a person" in read
    assert "def answer(): return 42" in read
    assert "six times seven" in read and "Rubric" in read
    assert "u-right check ✔ passed 2 of 2 points" in read
    assert "u twice hidden check ✔ passed 4 of 4 points" in read
    assert "Not in the learner's notebook: 1 item" in read
    bob = text(server.page("/submission", learner="bob", notebook=NOTEBOOK))
    assert "answer() gave None; it should give 42." in bob
    assert "sesame" in bob, "a teacher sees what a hidden check compared"


def test_written_answers_have_the_shape_that_was_meant(course: Course, serve: Serve) -> None:
    why = "# Why\n\nsix *times* **seven**, as in [the book](https://example.org/42):\n\n1. six\n2. `7`\n\n<b>x</b>"
    course.hand_in("ann", submission(RIGHT, why=why))
    course.grade()
    server = serve()
    for page in (server.page("/submission", **ANN), server.page("/answers", notebook=NOTEBOOK, unit="u", item="u-why")):
        for part in ("<h4>Why</h4>", "<em>times</em>", "<strong>seven</strong>", "<li>six</li>", "<code>7</code>",
                     '<a href="https://example.org/42">the book</a>', "&lt;b&gt;x&lt;/b&gt;"):  # fmt: skip
            assert part in page, (part, page)


def test_outputs_and_exceptions_are_shown(server: PageServer) -> None:
    read = text(server.page("/submission", learner="<script>alert(2)<", notebook=NOTEBOOK))
    assert "red <script>alert('x')</script>" in read
    assert "Raised while it was graded: ValueError: <script>" in read


def test_what_is_not_there_is_not_found(server: PageServer) -> None:
    for path, questions in [
        ("/submission", ANN | {"learner": "eve"}),
        ("/submission", ANN | {"notebook": "x"}),
        ("/submission", {}),
        ("/answers", WHY | {"item": "u-x"}),
        ("/export/x.csv", {}),
        ("/export/gradescope.json", {"learner": "eve"}),
        ("/nothing", {}),
    ]:
        answer = server.get(path, **questions)
        assert answer.status == 404 and "Overview" in answer.text, (path, answer)


def test_points_are_kept_and_survive_grading(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    server = serve("--by", "Ada Ä")
    saved = server.post("/score", **WHY, points="2.5", comment=" <b>well</b>\r\nargued ", back="/submission?x=1")
    assert (saved.status, saved.headers["Location"]) == (303, "/submission?x=1")
    assert decided(course) == [(2.5, "<b>well</b>\nargued", "Ada Ä")]
    page = text(server.page("/submission", **ANN))
    assert "9.5 of 11 points" in page and "by Ada Ä: <b>well</b> argued" in page
    # The same again, another submission, another program that grades: it stays.
    assert server.post("/grade", task="one", **ANN, back="/").status == 303
    assert "Graded ann, small/answer.ipynb: 1 submission" in graded_again(server)
    course.hand_in("ann", submission(RIGHT + "# again\n", why="because"))
    course.grade()
    assert "9.5 of 11 points" in text(server.page("/submission", **ANN))
    # And is taken back.
    assert server.post("/score", **WHY, action="withdraw").status == 303
    assert decided(course)[1:] == [(None, "", "Ada Ä")]
    assert "7 of 8 points; up to 3 more" in text(server.page("/submission", **ANN))


def test_wrong_points_are_refused(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    server = serve()
    for points in ("", "-1", "3.5", "nan", "inf", "two", "1e9"):
        answer = server.post("/score", **WHY, points=points)
        assert answer.status == 400 and "nothing was saved" in answer.text, points
    for wrong in ({"learner": "eve"}, {"item": "u-x"}, {"unit": "v"}, {"notebook": "x"}):
        assert server.post("/score", **(WHY | wrong), points="1").status == 404, wrong
    assert server.post("/score", **WHY, points="1", comment="x" * 20_000).status == 400
    assert server.post("/score", **WHY, points="1", comment="x" * 200_000).status == 413
    assert decided(course) == []


def test_written_answers_wait_in_a_row(course: Course, serve: Serve) -> None:
    for n in range(25):
        course.hand_in(f"l{n:02}", submission(RIGHT, why=f"answer {n:02}"))
    course.grade()
    server = serve()
    question = {"notebook": NOTEBOOK, "unit": "u", "item": "u-why"}
    page = text(server.page("/answers", **question))
    assert "Waiting: 25" in page and "six times seven" in page
    assert re.findall(r"answer (\d\d)", page) == [f"{n:02}" for n in range(20)]
    server.post("/score", **question, learner="l00", points="3")
    page = text(server.page("/answers", **question))
    assert "Waiting: 24 All: 25" in page
    assert re.findall(r"answer (\d\d)", page) == [f"{n:02}" for n in range(1, 21)]
    page = text(server.page("/answers", **question, show="all", page="2"))
    assert re.findall(r"answer (\d\d)", page) == [f"{n:02}" for n in range(20, 25)]


def test_a_file_that_changed_is_not_shown_as_what_was_graded(course: Course, serve: Serve) -> None:
    path = course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    server = serve()
    course.hand_in("ann", submission(STARTER, why="something else"))
    page = text(server.page("/submission", **ANN))
    assert "not what was graded any more" in page and "7 of 8 points" in page
    answers = text(server.page("/answers", **{k: v for k, v in WHY.items() if k != "learner"}))
    assert "something else" not in answers and "grade it again" in answers
    server.post("/grade", task="one", **ANN)
    assert "Graded ann" in graded_again(server)
    page = text(server.page("/submission", **ANN))
    assert "0 of 8 points" in page and "not what was graded" not in page
    path.unlink()
    page = text(server.page("/submission", **ANN))
    assert "is not where it was graded" in page and "0 of 8 points" in page
    server.post("/grade", task="one", **ANN)
    assert "1 not: `" in graded_again(server)


def test_notebooks_are_found_where_they_are_now(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    course.folder.rename(course.root / "moved")
    server = serve(course.root / "moved")
    assert "because" in text(server.page("/submission", **ANN))


def test_everything_is_graded_again_and_what_is_new(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT))
    course.grade()
    server = serve()
    course.hand_in("bob", submission(STARTER))
    broken = course.hand_in("eve", submission(STARTER))
    broken.write_text("{")
    assert server.post("/grade", task="everything").status == 303
    page = graded_again(server)
    assert "Graded everything that was handed in: 2 submissions, 1 not: " in page
    assert "is not JSON" in page
    assert "2 submissions" in text(server.page("/list"))


def test_without_a_spec_nothing_is_graded(course: Course) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    with PageServer(course.env, "--gradebook", course.gradebook) as server:
        page = server.enter().page("/submission", **ANN)
        assert "because" in page and "Grade again" not in page
        answer = server.post("/grade", task="everything")
        assert answer.status == 400 and "--spec" in answer.text


class Events:
    """The stream of events of a server."""

    def __init__(self, server: PageServer):
        self._connection = HTTPConnection(server.host, server.port, timeout=60)
        self._connection.request("GET", "/events", headers={"Cookie": server.cookie})
        self._response = self._connection.getresponse()
        assert self._response.headers["Content-Type"] == "text/event-stream"

    def until(self, condition: Callable[[Json], bool]) -> list[Json]:
        """All news up to the first for which it is so."""
        news = []
        while line := self._response.readline():
            if line.startswith(b"data:"):
                news.append(json.loads(line[5:]))
                if condition(news[-1]):
                    return news
        raise AssertionError(f"the stream ended after {news}")

    def ended(self) -> bool:
        """Reads to the end."""
        return self._response.read() is not None


def test_what_happens_is_told_live(course: Course, serve: Serve) -> None:
    for n in range(5):
        course.hand_in(f"l{n}", submission(RIGHT))
    course.grade()
    server = serve()
    events = Events(server)
    [first] = events.until(lambda _: True)
    assert first == {"text": "", "progress": None, "runs": False, "stale": False}
    server.post("/grade", task="notebook", notebook=NOTEBOOK)
    [*_, last] = events.until(lambda news: not news["runs"] and news["stale"])
    assert last["text"] == "Graded small/answer.ipynb: 5 submissions"
    # A `cellist grade` elsewhere.
    course.hand_in("new", submission(STARTER))
    course.grade()
    last = events.until(lambda news: "1 graded since" in news["text"])[-1]
    assert last["stale"]
    assert "6 submissions" in text(server.page("/"))
    # Ctrl-C does not wait for those who listen.
    assert server.interrupt() == 0
    assert events.ended()


def test_a_batch_that_ends_at_once_is_told_too(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT))
    course.grade()
    server = serve()
    events = Events(server)
    events.until(lambda _: True)
    for _ in range(5):
        server.post("/grade", task="notebook", notebook=NOTEBOOK)
        news = events.until(lambda news: not news["runs"] and news["stale"])
        assert news[-1]["text"] == "Graded small/answer.ipynb: 1 submission"
        events = Events(server)
        assert not events.until(lambda _: True)[0]["stale"]


def test_exports_are_the_reporters_own(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.hand_in("=bob", submission(STARTER))
    course.grade()
    server = serve()
    server.post("/score", **WHY, points="2", comment="well argued")

    def rows(name: str) -> list[list[str]]:
        answer = server.get(f"/export/{name}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        return list(csv.reader(answer.text.splitlines()))

    units = rows("units.csv")
    assert len(units) == 3 and any("9" in row for row in units)
    assert not any(cell.startswith("=") for row in units for cell in row)
    assert len(rows("checks.csv")) == 11
    assert any("9" in row for row in rows("canvas.csv"))
    assert any("ann" in row for row in rows("moodle.csv"))
    assert server.page("/export/junit.xml").startswith("<?xml")
    results = json.loads(server.page("/export/gradescope.json", learner="ann", hidden="hidden"))
    assert results["score"] == 9
    [twice] = [test for test in results["tests"] if "twice" in test["name"]]
    assert twice["visibility"] == "hidden"
    feedback = server.page("/export/feedback.html", learner="ann")
    assert "well argued" in feedback and "sesame" not in feedback
    for name in re.findall(r'href="(/export/[^"]+)"', server.page("/exports")):
        assert server.get(name).status == 200, name


def descendants(process: int) -> set[int]:
    """The processes below this one."""
    below: set[int] = set()
    for thread in Path(f"/proc/{process}/task").glob("*"):
        with suppress(OSError):  # It has ended meanwhile.
            for child in map(int, (thread / "children").read_text().split()):
                below |= {child} | descendants(child)
    return below


def runs(process: int) -> bool:
    """It is there, and not only waiting to be collected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_one_batch_at_a_time_which_ctrl_c_ends(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission("while True: pass\n"))
    course.grade("--cell-timeout", "1")
    server = serve("--cell-timeout", "60", "--timeout", "60")
    assert server.post("/grade", task="everything").status == 303
    answer = server.post("/grade", task="everything")
    assert answer.status == 409 and "wait until that is done" in answer.text
    assert "0 of 1" in until(lambda: re.search("Grading everything.*: 0 of 1", server.page("/")), "the batch")[0]
    children = until(lambda: descendants(server.process.pid), "the judge's process")
    assert server.interrupt() == 0
    assert server.process.stderr and server.process.stderr.read() == ""
    until(lambda: not any(map(runs, children)), "the judge to end")


def test_pages_stand_without_scripts(server: PageServer) -> None:
    """What one does is a form or a link, with a name."""
    page = server.page("/answers", notebook=NOTEBOOK, unit="u", item="u-why")
    forms = [attributes for tag, attributes in elements(page) if tag == "form"]
    assert all(form["action"] == "/score" and form["method"] == "post" for form in forms)
    tags = [tag for tag, _ in elements(page)]
    assert {"header", "nav", "main", "footer", "h1"} <= set(tags)
    assert tags.count("h1") == 1 and tags.count("main") == 1
    inputs = [a for tag, a in elements(page) if tag in ("input", "textarea") and a.get("type") != "hidden"]
    assert len(inputs) == page.count("<label") == 2 * len(forms)
    assert urlencode({"unit": "u"}) in page


def test_late_submissions_of_a_course_of_nbgrader_are_found(env: dict[str, str], tmp_path: Path) -> None:
    root, book = tmp_path / "course", tmp_path / "book.db"
    course = NbgraderCourse(root)
    tests = Cell("assert x == 1", "tests", "t", points=5)
    course.add("a", [Cell("x = 1", "solution", "x"), tests, Cell("Why?", "manual", "why", "markdown", 3, handed_in="So.")])
    for learner, time in (("ann", "12:00:00"), ("bob", "12:00:01")):
        course.submit(learner, "a")
        (root / f"submitted/{learner}/ps1/timestamp.txt").write_text(f"2026-02-02 {time}.000000 UTC")
    course.due("2026-02-02 12:00:00.000000")
    command = [cellist(), "grade", "--nbgrader", root, "--gradebook", book]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=100)
    with PageServer(env, "--nbgrader", root, "--gradebook", book) as server:
        late = server.enter().page("/list", show="late")
        assert "bob" in late and "ann" not in late
        page = text(server.page("/submission", learner="bob", notebook="ps1/a.ipynb"))
        assert "handed in 1 s late" in page and "5 of 5 points; up to 3 more" in page
        # Its cells are known by their `grade_id`.
        assert "t check ✔ passed 5 of 5 points" in page and "why answer … needs grading" in page
        answer = {"learner": "bob", "notebook": "ps1/a.ipynb", "unit": "ps1", "item": "why"}
        [unit] = set(re.findall(r'name="unit" value="([^"]+)"', server.page("/submission", **answer)))
        assert "So." in text(server.page("/answers", **(answer | {"unit": unit})))
        assert server.post("/score", **(answer | {"unit": unit}), points="3").status == 303
        assert server.post("/grade", task="everything").status == 303
        assert "Graded everything that was handed in: 2 submissions" in graded_again(server)
        assert "8 of 8 points" in text(server.page("/submission", learner="bob", notebook="ps1/a.ipynb"))


def test_a_locked_gradebook_keeps_nothing_and_says_so(course: Course, serve: Serve) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    server = serve()
    other = sqlite3.connect(course.gradebook, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = server.post("/score", **WHY, points="2")
    assert answer.status == 503 and "is locked by another program" in answer.text
    assert "7 of 8 points" in text(server.page("/submission", **ANN)), "one can read meanwhile"
    other.execute("ROLLBACK")
    other.close()
    assert server.post("/score", **WHY, points="2").status == 303
    assert decided(course) == [(2, "", "ada")]
