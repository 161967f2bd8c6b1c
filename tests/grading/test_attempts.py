"""Several attempts of a learner at a notebook: which is the latest, which counts, what is told."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, STARTER, Run, submission
from support.executable import cellist

Grade = Callable[..., Run]

#: Seven points, three and none.
ANSWERS = {7: RIGHT, 3: "calls = []\ndef answer():\n    calls.append(1)\n    return 42 if len(calls) == 1 else 0\n",
           0: STARTER}  # fmt: skip

#: How the names of three attempts of ann's come, the earliest first.
NAMES = {
    "canvas": [
        "leeann_4711_90_answer.ipynb", "leeann_4711_91_answer-1.ipynb", "leeann_4711_92_answer-10.ipynb",
    ],
    "canvas numbers": [
        "leeann_4711_90_answer.ipynb", "leeann_4711_98_answer.ipynb", "leeann_LATE_4711_102_answer.ipynb",
    ],
    "browser": ["ann/answer.ipynb", "ann/answer (1).ipynb", "ann/answer (2).ipynb"],
    "folders": [f"ann/attempt-{n}/small/answer.ipynb" for n in (2, 9, 10)],
    "files": [f"ann_attempt{n}.ipynb" for n in (2, 9, 10)],
    "times": [f"ann_{day}T10-00-00Z.ipynb" for day in ("2026-02-02", "2026-02-03", "2026-10-01")],
    "days": [f"download-{day}/ann/answer.ipynb" for day in ("2026-02-02", "2026-02-03", "2026-10-01")],
    "exchange": [
        f"inbound/ann+ps1+2026-02-02 {time} UTC+{end}/answer.ipynb"
        for time, end in (("09:58:23.948203", "zz"), ("10:00:00.000000", "a-_"), ("23:00:00.5", "mm"))
    ],
    "old exchange": [
        f"inbound/ann+ps1+2026-02-{day} 09:58:23 UTC/answer.ipynb" for day in ("02", "03", "12")
    ],
}  # fmt: skip


def hand_in(folder: Path, names: list[str], points: list[int]) -> Path:
    for name, worth in zip(names, points, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(submission(ANSWERS[worth], why="so")))
    return folder


def told(done: Run) -> list[tuple[str, float]]:
    """Which files are reported, and their points."""
    return [(entry["submission"], entry["verdict"]["points"]) for entry in done.entries()]


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_the_latest(grade: Grade, tmp_path: Path, names: list[str]) -> None:
    folder = hand_in(tmp_path / "in", names, [7, 0, 3])
    done = grade(folder, "--json", "--attempts", "latest")
    assert done.code == 0, done.stderr
    assert told(done) == [(str(folder / names[2]), 3)]
    [entry] = done.entries()
    assert entry["learner"] in ("ann", "4711")
    [note] = [note for note in entry["verdict"]["notes"] if "attempt" in note]
    assert note.startswith("attempt 3 of 3, by ") and note.endswith(": the latest counts")
    assert f"are not graded: `{folder / names[0]}`, `{folder / names[1]}`\n" in done.stderr


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_all_are_told_in_their_order(grade: Grade, tmp_path: Path, names: list[str]) -> None:
    folder = hand_in(tmp_path / "in", names, [7, 0, 3])
    canvas = tmp_path / "canvas.csv"
    done = grade(folder, "--json", "--canvas", canvas)
    assert told(done) == list(zip((str(folder / name) for name in names), (7, 0, 3), strict=True))
    assert canvas.read_text().splitlines()[-1].endswith(",3")


def test_the_best(grade: Grade, tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "in", NAMES["files"], [3, 7, 0])
    hand_in(folder, ["bob_attempt1.ipynb", "bob_attempt2.ipynb"], [3, 3])
    done = grade(folder, "--json", "--attempts", "best")
    assert told(done) == [
        (str(folder / "ann_attempt9.ipynb"), 7), (str(folder / "bob_attempt2.ipynb"), 3),
    ]  # fmt: skip
    notes = [entry["verdict"]["notes"][-1] for entry in done.entries()]
    by = "by the numbers in their names"
    assert notes == [
        f"attempt 2 of 3, {by}: the best counts; points: 2: 7, 1: 3, 3: 0",
        f"attempt 2 of 2, {by}: the best counts; points: 2: 3, 1: 3",
    ]


@pytest.mark.parametrize(("name", "worth"), [("9", 0), ("attempt-2", 7), ("10", 3)])
def test_a_named_one(grade: Grade, tmp_path: Path, name: str, worth: int) -> None:
    folder = hand_in(tmp_path / "in", NAMES["folders"], [7, 0, 3])
    done = grade(folder, "--json", "--attempts", name)
    assert [points for _, points in told(done)] == [worth]
    assert f"`{name}` was asked for" in done.entries()[0]["verdict"]["notes"][-1]


def test_a_name_that_a_learner_has_not(grade: Grade, tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "in", [*NAMES["folders"], "bob/answer.ipynb"], [7, 0, 3, 7])
    done = grade(folder, "--json", "--attempts", "attempt-9")
    assert done.code == 1
    ann, bob = done.entries()
    assert ann["verdict"]["points"] == 0
    assert "bob has no attempt `attempt-9` for `small/answer.ipynb`; there is " in bob["error"]


def test_a_timestamp_beside_the_notebook(grade: Grade, tmp_path: Path) -> None:
    names = ["z/ann/answer.ipynb", "y/ann/answer.ipynb", "x/ann/answer.ipynb"]
    folder = hand_in(tmp_path / "in", names, [0, 7, 3])
    for day, name in enumerate(names, start=1):
        (folder / name).with_name("timestamp.txt").write_text(f"2026-02-0{day} 15:58:23.948203 UTC\n")
    done = grade(folder, "--json", "--attempts", "latest")
    assert told(done) == [(str(folder / names[2]), 3)]
    assert "by the times they were handed in" in done.entries()[0]["verdict"]["notes"][-1]


def test_what_no_name_tells_is_told_by_the_order(grade: Grade, tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "in", ["a/ann/answer.ipynb", "b/ann/answer.ipynb"], [7, 3])
    done = grade(folder / "b", folder / "a", "--json", "--attempts", "latest")
    assert [points for _, points in told(done)] == [7]
    assert "in the order they were found" in done.entries()[0]["verdict"]["notes"][-1]


def test_attempts_in_an_archive(grade: Grade, tmp_path: Path) -> None:
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, worth in zip(NAMES["canvas"], (0, 3, 7), strict=True):
            file.writestr(name, json.dumps(submission(ANSWERS[worth])))
    done = grade(archive, "--json", "--attempts", "latest")
    assert told(done) == [(f"{archive}/{NAMES['canvas'][2]}", 7)]


@pytest.mark.parametrize(("which", "counts"), [("all", 0), ("best", 7), ("latest", 0)])
def test_the_gradebook_has_them_all(grade: Grade, tmp_path: Path, which: str, counts: int) -> None:
    folder = hand_in(tmp_path / "in", NAMES["times"], [3, 7, 0])
    book = tmp_path / "book.db"
    assert grade(folder, "--gradebook", book, "--attempts", which).code == 0
    env = {"HOME": str(tmp_path)}
    listed = json.loads(run_book(book, env, "list", "--json"))
    assert [one["points"] for one in listed["standings"]] == [counts]
    history = json.loads(run_book(book, env, "show", "ann", "--json"))
    graded = {score["submission"] for score in history["scores"]}
    assert len(graded) == (1 if which == "latest" else 3)


def run_book(book: Path, env: dict[str, str], *arguments: str) -> str:
    command = [cellist(), "gradebook", "--file", book, *arguments]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def test_a_whole_inbound_folder(grade: Grade, tmp_path: Path) -> None:
    inbound = tmp_path / "exchange" / "python" / "inbound"
    for learner, day, worth in (("ann", "02", 0), ("bob", "02", 7), ("ann", "01", 7)):
        name = f"{learner}+ps1+2026-02-{day} 15:58:23.948203 UTC+hS9z-_aQ"
        hand_in(inbound, [f"{name}/answer.ipynb"], [worth])
        # The file tells what the folder's name does.
        (inbound / name / "timestamp.txt").write_text(f"2026-02-{day} 15:58:23.948203 UTC")
    done = grade(inbound, "--json", "--attempts", "latest")
    assert [(one["learner"], one["verdict"]["points"]) for one in done.entries()] == [
        ("ann", 0), ("bob", 7),
    ]  # fmt: skip
