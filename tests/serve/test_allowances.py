"""Extensions, late days, exemptions: given and taken back in the page."""

import sqlite3
from collections.abc import Callable

import pytest

from grading.conftest import RIGHT, submission
from serve.conftest import NOTEBOOK, Course
from serve.test_serve import text
from support.page_server import PageServer, elements

Serve = Callable[..., PageServer]
ANN = {"learner": "ann", "notebook": NOTEBOOK}


@pytest.fixture
def server(course: Course, serve: Serve) -> PageServer:
    """Ann has handed in."""
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    return serve("--by", "Ada")


def allowed(course: Course) -> list[tuple[str, str, str | None, str, str]]:
    """Every decision, oldest first."""
    connection = sqlite3.connect(course.gradebook)
    rows = connection.execute(
        "SELECT l.name, w.kind, w.value, w.comment, w.given_by FROM allowances w"
        " JOIN learners l ON l.id = w.learner ORDER BY w.id"
    ).fetchall()
    connection.close()
    return rows


def fields(page: str) -> dict[str, str]:
    """What the form of a page sends when nothing is changed in it."""
    found: dict[str, str] = {}
    inside = False
    for tag, attributes in elements(page):
        if tag == "form":
            inside = attributes.get("action") == "/allow"
        elif tag == "input" and inside and (attributes.get("type") != "checkbox" or "checked" in attributes):
            found[attributes["name"] or ""] = attributes.get("value") or ""
    return found


def test_what_is_changed_is_decided_and_nothing_else(course: Course, server: PageServer) -> None:
    form = fields(server.page("/submission", **ANN))
    assert form["back"].startswith("/submission?")
    saved = server.post("/allow", **form | {"extension": "2027-01-31", "late_days": "2", "comment": " ill "})
    assert (saved.status, saved.headers["Location"]) == (303, form["back"])
    assert allowed(course) == [
        ("ann", "extension", "2027-01-31", "ill", "Ada"), ("ann", "late_days", "2", "ill", "Ada"),
    ]  # fmt: skip
    page = server.page("/submission", **ANN)
    assert "extension: 2027-01-31, by Ada: ill" in text(page) and "late days: 2, by Ada: ill" in text(page)
    now = fields(page)
    assert (now["extension"], now["late_days"]) == ("2027-01-31", "2") and "exemption" not in now
    # Somebody else takes the late days back meanwhile: a form from before says nothing about them.
    assert server.post("/allow", **now | {"late_days": "", "comment": ""}).status == 303
    assert server.post("/allow", **now | {"exemption": "yes"}).status == 303
    assert [(kind, value) for _, kind, value, *_ in allowed(course)[2:]] == [("late_days", None), ("exemption", "yes")]
    assert "late days: none any more, by Ada" in text(server.page("/submission", **ANN))
    # Unticked: a box that is not ticked is not sent.
    last = fields(server.page("/submission", **ANN))
    assert last.pop("exemption") == "yes"
    assert server.post("/allow", **last).status == 303
    assert allowed(course)[-1][1:3] == ("exemption", None)
    assert "excused" not in server.page("/export/moodle.csv")


def test_somebody_who_handed_in_nothing_is_excused(course: Course, server: PageServer) -> None:
    page = server.page("/allowances", learner="Zoë B", notebook=NOTEBOOK)
    form = fields(page)
    assert server.post("/allow", **form | {"exemption": "yes", "comment": "<b>moved</b>"}).status == 303
    assert allowed(course) == [("Zoë B", "exemption", "yes", "<b>moved</b>", "Ada")]
    page = server.page("/allowances")
    assert "Zoë B small/answer.ipynb exemption: yes <b>moved</b> Ada" in text(page)
    assert "&lt;b&gt;moved" in page
    assert "Zoë B" in server.page("/export/canvas.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extension": "2027-02-30"}, "is no day"),
        ({"extension": "tomorrow"}, "is no day"),
        ({"late_days": "-1"}, "is no number of days"),
        ({"late_days": "1e3"}, "is no number of days"),
        ({"late_days": "99999"}, "is no number of days"),
        ({"exemption": "maybe"}, "is no exemption"),
        ({}, "nothing is other than before"),
        ({"learner": " ", "late_days": "1"}, "name a learner"),
        ({"learner": "x" * 201, "late_days": "1"}, "name a learner"),
        ({"late_days": "1", "comment": "x" * 10_001}, "a comment has"),
    ],
)
def test_what_cannot_be_is_not_saved(course: Course, server: PageServer, change: dict[str, str], message: str) -> None:
    answer = server.post("/allow", **fields(server.page("/submission", **ANN)) | change)
    assert (answer.status, message in answer.text) == (400, True), answer
    assert allowed(course) == []


def test_a_notebook_that_is_not_there_is_not_found(course: Course, server: PageServer) -> None:
    for notebook in ("x.ipynb", "nswer.ipynb"):
        assert server.get("/allowances", learner="ann", notebook=notebook).status == 404
        answer = server.post("/allow", **ANN | {"notebook": notebook, "late_days": "1"})
        assert answer.status == 404, answer
    assert allowed(course) == []
