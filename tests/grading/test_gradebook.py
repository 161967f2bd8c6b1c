"""The gradebook: what is written down, what people decide, what survives."""

import csv
import json
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, STARTER, Json, Run, submission
from support.books import GradebookStore, PostgresBook, SqliteBook
from support.executable import cellist

Grade = Callable[..., Run]
Book = Callable[..., Run]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GradebookStore:
    """Where the gradebook is: every test that does not say otherwise runs with both."""
    if request.param == "sqlite":
        return SqliteBook(tmp_path / "grade" / "book.db")
    server = request.getfixturevalue("postgres")
    return PostgresBook(server, server.database())


only_a_file = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def file(store: GradebookStore) -> str:
    """What `--gradebook` takes."""
    return store.place


@pytest.fixture
def book(env: dict[str, str], store: GradebookStore) -> Book:
    """Runs `cellist gradebook ARGUMENTS…`."""

    def run(*arguments: object, file: object = store.place, **options: object) -> Run:
        command = [cellist(), "gradebook", "--file", str(file), *map(str, arguments)]
        done = subprocess.run(command, env=env, capture_output=True, timeout=100, **options)
        run = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
        store.check(run.stdout + run.stderr)
        return run

    return run


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Writes a learner's submission."""

    def write(learner: str, answer: str, why: str = "because") -> Path:
        path = tmp_path / "in" / learner / "small" / "answer.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(submission(answer, why=why)))
        return path

    return write


@pytest.fixture
def graded(grade: Grade, file: str, hand_in: Callable[..., Path]) -> Path:
    """A gradebook with ann, who is right, and bob, who is not."""
    hand_in("bob", STARTER)
    folder = hand_in("ann", RIGHT).parents[2]
    done = grade(folder, "--gradebook", file)
    assert done.code == 0, done.stderr
    return folder


def standings(book: Book) -> dict[str, Json]:
    """Learner to what counts."""
    return {one["learner"]: one for one in json.loads(book("list", "--json").stdout)["standings"]}


def history(book: Book, learner: str) -> Json:
    """All that is known of a learner."""
    return json.loads(book("show", learner, "--json").stdout)


def test_what_was_graded_is_listed(graded: Path, book: Book) -> None:
    listed = standings(book)
    ann, bob = listed["ann"], listed["bob"]
    assert (ann["points"], ann["max_points"], ann["manual_points"]) == (7, 8, 3)
    assert bob["points"] == 0
    assert ann["file"] == str(graded / "ann/small/answer.ipynb")
    assert book("list").stdout == (
        "ann  small/answer.ipynb  7 of 8 points; 3 wait for a person\n"
        "bob  small/answer.ipynb  0 of 8 points; 3 wait for a person\n"
    )


def test_grading_again_changes_nothing(
    grade: Grade, graded: Path, file: str, store: GradebookStore
) -> None:
    before = store.content()
    assert len(before["scores"]) == 10
    assert grade(graded, "--gradebook", file, "--jobs", "1").code == 0
    assert store.content() == before


def test_another_submission_or_seed_or_revision_is_history(
    grade: Grade, graded: Path, file: str, book: Book, spec: Path, hand_in: Callable[..., Path]
) -> None:
    grade(graded / "ann", "--gradebook", file, "--seed", "7")
    changed = json.loads(spec.read_text())
    changed["units"][0]["cells"][2]["points"] = 5.0
    spec.write_text(json.dumps(changed))
    grade(graded / "ann", "--gradebook", file)
    assert standings(book)["ann"]["points"] == 10
    hand_in("ann", STARTER)
    grade(graded / "ann", "--gradebook", file)
    assert standings(book)["ann"]["points"] == 0
    scores = [score for score in history(book, "ann")["scores"] if score["item"] == "u-right"]
    assert [(score["points"], score["max_points"], score["seed"]) for score in scores] == [
        (2, 2, 0), (2, 2, 7), (5, 5, 0), (0, 5, 0),
    ]  # fmt: skip
    assert len({score["submission"] for score in scores}) == 2
    assert len({score["revision"] for score in scores}) == 2
    assert all(score["grader"] and score["at"].endswith("Z") for score in scores)
    # The first again: nothing new, but it counts.
    hand_in("ann", RIGHT)
    spec.write_text(json.dumps(SPEC))
    grade(graded / "ann", "--gradebook", file)
    assert standings(book)["ann"]["points"] == 7
    again = [score for score in history(book, "ann")["scores"] if score["item"] == "u-right"]
    assert again == scores


def test_what_people_decide_survives_grading(
    grade: Grade, graded: Path, file: str, book: Book, hand_in: Callable[..., Path]
) -> None:
    done = book("set", "ann", "u", "why", "2.5", "--by", "Ada", "--comment", "well argued")
    assert (done.code, done.stdout) == (0, "ann, small/answer.ipynb, `u-why`: 2.5 points\n")
    assert book("set", "ann", "u", "u-right", "0", "--by", "Bea").code == 0
    assert book("allow", "ann", "answer", "--extension", "2027-01-31", "--by", "Ada").code == 0
    assert book("allow", "ann", "small/answer.ipynb", "--late-days", "2", "--by", "Ada").code == 0
    hand_in("ann", RIGHT + "# again\n")
    grade(graded, "--gradebook", file)
    ann = standings(book)["ann"]
    assert (ann["points"], ann["max_points"], ann["manual_points"]) == (7.5, 11, 0)
    known = history(book, "ann")
    [why] = [score for score in known["manual"] if score["item"] == "u-why"]
    assert (why["points"], why["by"], why["comment"]) == (2.5, "Ada", "well argued")
    assert [(one["kind"], one["value"]) for one in known["allowances"]] == [
        ("extension", "2027-01-31"), ("late_days", "2"),
    ]  # fmt: skip
    shown = book("show", "ann").stdout
    assert "u-why  2.5/3" in shown and "2.5 points, by Ada: well argued" in shown
    # The decision is taken back, and stays in the history.
    assert book("set", "ann", "u", "right", "grader", "--by", "Bea").code == 0
    assert standings(book)["ann"]["points"] == 9.5
    points = [s["points"] for s in history(book, "ann")["manual"] if s["item"] == "u-right"]
    assert points == [0, None]


def test_what_the_grader_says_beside_points_is_kept(
    grade: Grade, store: GradebookStore, file: str, book: Book, hand_in: Callable[..., Path]
) -> None:
    folder = hand_in("bob", "def answer():\n    return 41\nraise OSError('no milk')").parents[2]
    copied = submission(STARTER)
    copied["cells"].append(copied["cells"][1] | {"id": "u-why", "source": "x"})
    (hand_in("ann", STARTER)).write_text(json.dumps(copied))

    def said(learner: str) -> tuple[list[str], list[str], dict[str, str]]:
        [standing] = history(book, learner)["standings"]
        [unit] = standing["verdict"]["units"]
        errors = [f"{error['cell']} {error['ename']}: {error['evalue']}" for error in unit.get("errors", [])]
        messages = {item["id"]: item["message"] for item in unit["items"] if "message" in item}
        return standing["verdict"]["notes"], errors, messages

    grade(folder, "--gradebook", file)
    assert said("ann")[0] == ["cell `u-why` is there 2 times; the first was taken"]
    notes, errors, messages = said("bob")
    assert (notes, errors) == ([], ["u-answer OSError: no milk"])
    assert "sesame" in messages["u-twice"]
    # A gradebook of the version before is brought up to date, and filled when it is graded again.
    store.run(
        "ALTER TABLE scores DROP COLUMN message; DROP TABLE notes; DROP TABLE cell_errors;"
        "DROP INDEX manual_scores_of_item; ALTER TABLE gradings DROP COLUMN forfeited"
    )
    store.version -= 2
    rows = len(history(book, "bob")["scores"])
    assert said("bob") == ([], [], {}) and said("ann")[0] == []
    grade(folder, "--gradebook", file)
    assert said("bob") == (notes, errors, messages)
    assert said("ann")[0] == ["cell `u-why` is there 2 times; the first was taken"]
    assert len(history(book, "bob")["scores"]) == rows


def test_exports(graded: Path, book: Book, tmp_path: Path) -> None:
    book("set", "ann", "u", "why", "2", "--by", "Ada", "--comment", "well argued")
    assert book("allow", "bob", "answer", "--exempt", "--by", "Ada").code == 0
    assert book("allow", "cyd", "answer", "--exempt", "--by", "Ada").code == 0
    out = tmp_path / "out"
    done = book(
        "export", "--csv", out / "u.csv", "--csv-checks", out / "c.csv", "--canvas",
        out / "canvas.csv", "--moodle", out / "m.csv", "--html", out / "html",
    )  # fmt: skip
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    lines = list(csv.reader((out / "canvas.csv").read_text().splitlines()))
    assert [(line[0], line[5]) for line in lines[2:]] == [("ann", "9"), ("bob", "EX"), ("cyd", "EX")]
    [ann, _] = csv.DictReader((out / "u.csv").read_text().splitlines())
    assert (ann["points"], ann["max_points"], ann["manual_points"]) == ("9", "11", "0")
    checks = list(csv.DictReader((out / "c.csv").read_text().splitlines()))
    assert [row["check"] for row in checks[:5]] == ["quiz", "right", "twice", "calm", "why"]
    assert "well argued" in (out / "html" / "learners" / "ann.html").read_text()
    assert "excused" in (out / "m.csv").read_text()
    # The exemption is taken back.
    book("allow", "bob", "answer", "--not-exempt", "--by", "Ada")
    book("export", "--canvas", out / "canvas.csv")
    assert "EX" not in (out / "canvas.csv").read_text().splitlines()[3]


def test_a_written_answer_that_was_not_given(
    grade: Grade, file: str, book: Book, hand_in: Callable[..., Path]
) -> None:
    done = grade(hand_in("ann", RIGHT, why=""), "--gradebook", file, "--json")
    verdict = done.verdict()
    [why] = [item for item in verdict["units"][0]["items"] if item["id"] == "u-why"]
    assert (why["status"], why["written"]) == ("unanswered", True)
    # As in the verdict: what a person has not decided is no part of it, a quiz is.
    sums = ("points", "max_points", "manual_points")
    assert [verdict[name] for name in sums] == [7, 8, 0]
    assert [standings(book)["ann"][name] for name in sums] == [7, 8, 0]
    assert history(book, "ann")["standings"][0]["verdict"]["units"][0]["max_points"] == 8
    assert book("set", "ann", "u", "why", "1", "--by", "Ada").code == 0
    assert [standings(book)["ann"][name] for name in sums] == [8, 11, 0]
    assert book("set", "ann", "u", "why", "grader", "--by", "Ada").code == 0
    assert [standings(book)["ann"][name] for name in sums] == [7, 8, 0]


def test_nothing_to_export_is_told(graded: Path, book: Book) -> None:
    done = book("export")
    assert done.code == 1
    assert "name a file: --csv" in done.stderr


def test_submissions_without_a_verdict_change_nothing(
    grade: Grade, graded: Path, file: str, book: Book
) -> None:
    (graded / "ann" / "small" / "answer.ipynb").write_text("{")
    assert grade(graded, "--gradebook", file).code == 1
    assert standings(book)["ann"]["points"] == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "eve"], "nobody is called `eve` here"),
        (["set", "eve", "u", "why", "1", "--by", "x"], "nobody is called `eve` here"),
        (["set", "ann", "u", "nothing", "1", "--by", "x"], "there is no check `nothing` of unit `u`"),
        (["set", "ann", "v", "why", "1", "--by", "x"], "there is no check `why` of unit `v` here"),
        (["allow", "ann", "swer", "--exempt", "--by", "x"], "there is no notebook `swer` here"),
    ],
)
def test_who_and_what_does_not_exist(
    graded: Path, book: Book, arguments: list[str], message: str
) -> None:
    done = book(*arguments)
    assert (done.code, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: {message}") and second.startswith("`cellist gradebook ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "ann", "u", "why", "-1", "--by", "x"],
        ["set", "ann", "u", "why", "nan", "--by", "x"],
        ["set", "ann", "u", "why", "1"],
        ["allow", "ann", "answer", "--by", "x"],
        ["allow", "ann", "answer", "--exempt", "--late-days", "1", "--by", "x"],
        ["allow", "ann", "answer", "--extension", "2027-02-30", "--by", "x"],
    ],
)
def test_wrong_usage(graded: Path, store: GradebookStore, book: Book, arguments: list[str]) -> None:
    before = store.content()
    assert book(*arguments).code == 2
    assert store.content() == before


def test_a_missing_gradebook_is_told_and_not_made(book: Book, store: GradebookStore) -> None:
    done = book("list")
    assert (done.code, done.stdout) == (1, "")
    assert f"the gradebook `{store.shown}` does not exist\n" in done.stderr
    assert not Path(store.place).exists() and (isinstance(store, SqliteBook) or store.content() == {})


@only_a_file
@pytest.mark.parametrize("kind", ["text", "other", "folder", "device"])
def test_what_is_no_gradebook_is_left_alone(
    grade: Grade, book: Book, hand_in: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "thing"
    if kind == "text":
        file.write_text("my diary\n" * 200)
    elif kind == "other":
        connection = sqlite3.connect(file)
        connection.execute("CREATE TABLE learners (name TEXT)")
        connection.commit()
        connection.close()
    elif kind == "folder":
        file.mkdir()
    else:
        file = Path("/dev/full")
    before = file.read_bytes() if file.is_file() else None
    for done in (grade(hand_in("ann", RIGHT), "--gradebook", file), book("list", file=file)):
        assert done.code in (1, 2) and done.stdout == ""
        assert f"`{file}` is not a gradebook, or a broken one\n" in done.stderr
    assert (file.read_bytes() if file.is_file() else None) == before


def test_a_newer_gradebook_is_refused(graded: Path, store: GradebookStore, book: Book) -> None:
    known, store.version = store.version, 99
    done = book("list")
    assert done.code == 1
    assert f"was made by a newer cellist (its version is 99, the latest known {known})" in done.stderr
    assert "update cellist" in done.stderr


def test_a_locked_gradebook_can_be_read_and_is_not_changed(
    grade: Grade, graded: Path, store: GradebookStore, book: Book, hand_in: Callable[..., Path]
) -> None:
    with store.locked():
        assert book("list").code == 0
        done = book("set", "ann", "u", "why", "1", "--by", "Ada")
        assert done.code == 1
        assert f"the gradebook `{store.shown}` is locked by another program\n" in done.stderr
        hand_in("ann", STARTER)
        done = grade(graded / "ann", "--gradebook", store.place, "--quiet")
        # Graded and shown all the same.
        assert done.code == 1 and "Total: 0 of 8 points" in done.stdout
        assert "is locked by another program" in done.stderr
    assert standings(book)["ann"]["points"] == 7


@only_a_file
def test_a_full_disk_is_told(graded: Path, file: str, book: Book) -> None:
    def small_disk() -> None:
        # Writing beyond it then is an error and no signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    done = book("set", "ann", "u", "why", "1", "--by", "Ada", preexec_fn=small_disk)
    assert done.code == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: the gradebook `{file}` could not be ")
    assert "space on the disk" in second
    assert history(book, "ann")["manual"] == []


def test_a_gradebook_in_a_place_that_cannot_be(
    grade: Grade, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = grade(hand_in("ann", RIGHT), "--gradebook", tmp_path / "file" / "book.db")
    assert (done.code, done.stdout) == (2, "")
    assert "could not be opened" in done.stderr and "check its folder" in done.stderr


def test_two_graders_write_at_once(
    env: dict[str, str], spec: Path, store: GradebookStore, book: Book, hand_in: Callable[..., Path]
) -> None:
    """Of the same submissions, into a gradebook that each of them would make: nothing lost, nothing doubled."""
    for name in "abcd":
        folder = hand_in(name, RIGHT).parents[2]
    command = [cellist(), "grade", folder, "--spec", spec, "--gradebook", store.place, "--quiet"]
    programs = [
        subprocess.Popen([*command, *more], env=env, stdout=subprocess.DEVNULL)
        for more in ([], [], ["--seed", "1"])
    ]
    assert [program.wait(100) for program in programs] == [0] * 3
    assert set(standings(book)) == set("abcd")
    rows = {name: len(rows) for name, rows in store.content().items()}
    wanted = {"learners": 4, "assignments": 1, "items": 5, "submissions": 4, "gradings": 8, "scores": 40}
    assert wanted.items() <= rows.items(), rows


@only_a_file
def test_a_copy_is_a_gradebook(graded: Path, file: str, book: Book, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(file, copy)
    assert book("list", file=copy).stdout == book("list").stdout
