"""A batch that was ended goes on where it was; parts of a batch together are the whole."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, STARTER, Json, Run, submission
from support import waiting
from support.executable import cellist

Grade = Callable[..., Run]

LEARNERS = ["ann", "bob", "cyd", "dan", "eva", "fay"]
ENDLESS = "while True: pass\n"


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """Six learners: the fourth's program never ends, the others are right, or not, in turn."""
    for number, learner in enumerate(LEARNERS):
        answer = ENDLESS if learner == "dan" else (RIGHT, STARTER)[number % 2]
        write(tmp_path, learner, answer)
    return tmp_path / "in"


def write(tmp_path: Path, learner: str, answer: str) -> Path:
    path = tmp_path / "in" / learner / "small" / "answer.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(submission(answer, why=learner)))
    return path


def lines(journal: Path) -> list[Json]:
    """The verdicts in a journal: its whole lines but the first."""
    text = journal.read_text() if journal.exists() else ""
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole[1:] if line.strip()]


def points(done: Run) -> dict[str, float]:
    return {entry["learner"]: entry["verdict"]["points"] for entry in done.entries()}


def mark(journal: Path, learner: str, given: float) -> None:
    """Changes what a journal says, so that one sees where a verdict comes from."""
    changed = []
    for line in journal.read_text().splitlines(keepends=True):
        value = json.loads(line)
        if f"/{learner}/" in value.get("submission", ""):
            value["verdict"]["points"] = given
            line = json.dumps(value) + "\n"
        changed.append(line)
    journal.write_text("".join(changed))


def test_a_killed_batch_goes_on(
    env: dict[str, str], spec: Path, grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    limits = ["--cell-timeout", "5", "--json", "--reproducible", "--jobs", "1"]
    whole = grade(handed_in, *limits)
    assert len(whole.entries()) == 6
    journal = tmp_path / "journal.jsonl"
    command = [cellist(), "grade", handed_in, "--spec", spec, *limits, "--journal", journal]
    program = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    waiting.until(lambda: len(lines(journal)) == 3, "three verdicts")
    # Now it is with dan's, for five seconds.
    program.kill()
    assert program.wait(30) == -signal.SIGKILL
    before = lines(journal)
    assert len(before) == 3
    again = grade(handed_in, *limits, "--journal", journal)
    assert (again.code, again.stdout) == (0, whole.stdout)
    assert "journal: 3 verdicts are there already" in again.stderr
    after = lines(journal)
    assert after[:3] == before
    assert len({line["work"] for line in after}) == len(after) == 6
    # And a third time nothing is graded at all.
    once_more = grade(handed_in, *limits, "--journal", journal)
    assert once_more.stdout == whole.stdout
    assert lines(journal) == after


def test_what_is_known_is_not_graded_again(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "dan" / "small" / "answer.ipynb").unlink()
    journal = tmp_path / "new" / "journal.jsonl"
    first = grade(handed_in, "--json", "--journal", journal)
    assert points(first) == {"ann": 7, "bob": 0, "cyd": 7, "eva": 7, "fay": 0}
    mark(journal, "ann", 5)
    assert points(grade(handed_in, "--json", "--journal", journal))["ann"] == 5
    # Times, too, are those of then.
    mark(journal, "ann", 7)
    assert grade(handed_in, "--json", "--journal", journal).stdout == first.stdout


@pytest.mark.parametrize("change", ["submission", "spec", "seed", "limit"])
def test_what_has_changed_is_graded_again(
    grade: Grade, spec: Path, tmp_path: Path, change: str
) -> None:
    write(tmp_path, "ann", RIGHT)
    write(tmp_path, "bob", RIGHT)
    journal = tmp_path / "journal.jsonl"
    grade(tmp_path / "in", "--journal", journal)
    mark(journal, "ann", 5)
    mark(journal, "bob", 5)
    options = {"seed": ["--seed", "7"], "limit": ["--cell-timeout", "9"]}.get(change, [])
    if change == "submission":
        write(tmp_path, "ann", RIGHT + "# better\n")
    elif change == "spec":
        changed = json.loads(json.dumps(SPEC))
        changed["units"][0]["cells"][2]["points"] = 3.0
        spec.write_text(json.dumps(changed))
    done = points(grade(tmp_path / "in", "--json", "--journal", journal, *options))
    want = {"submission": {"ann": 7, "bob": 5}, "spec": {"ann": 8, "bob": 8}}
    assert done == want.get(change, {"ann": 7, "bob": 7})


def test_what_could_not_be_graded_is_tried_again(grade: Grade, tmp_path: Path) -> None:
    path = write(tmp_path, "ann", RIGHT)
    whole = path.read_text()
    path.write_text(whole[:100])
    journal = tmp_path / "journal.jsonl"
    assert grade(tmp_path / "in", "--journal", journal).code == 1
    path.write_text(whole)
    assert points(grade(tmp_path / "in", "--json", "--journal", journal)) == {"ann": 7}


@pytest.mark.parametrize("torn", ["line", "newline", "heading", "garbage", "empty"])
def test_a_journal_that_was_not_written_to_its_end(
    grade: Grade, tmp_path: Path, torn: str
) -> None:
    for learner in ("ann", "bob"):
        write(tmp_path, learner, RIGHT)
    journal = tmp_path / "journal.jsonl"
    first = grade(tmp_path / "in", "--json", "--reproducible", "--journal", journal, "--jobs", "1")
    heading, ann, bob = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(
        {
            "line": heading + ann + bob[:50],
            "newline": heading + ann + bob[:-1],
            "heading": heading[:7],
            "garbage": heading + ann[:50] + b"\xff\x00\n" + bob,
            "empty": b"",
        }[torn]
    )
    again = grade(tmp_path / "in", "--json", "--reproducible", "--journal", journal)
    assert (again.code, again.stdout) == (0, first.stdout)
    third = grade(tmp_path / "in", "--json", "--reproducible", "--journal", journal)
    assert third.stdout == first.stdout
    assert "journal: 2 verdicts are there already" in third.stderr


@pytest.mark.parametrize("kind", ["notebook", "folder", "device", "newer"])
def test_what_is_no_journal_is_left_alone(grade: Grade, tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, "ann", RIGHT)
    journal = tmp_path / "thing"
    if kind == "notebook":
        journal.write_bytes(path.read_bytes())
    elif kind == "newer":
        journal.write_text('{"cellist_journal":99}\n')
    elif kind == "folder":
        journal.mkdir()
    else:
        journal = Path("/dev/null")
    before = journal.read_bytes() if journal.is_file() else None
    done = grade(path, "--journal", journal)
    assert (done.code, done.stdout) == (2, "")
    what = "made by a newer cellist" if kind == "newer" else "is not a journal of `cellist grade`"
    assert f"`{journal}`" in done.stderr and what in done.stderr
    assert done.stderr.endswith("\nnothing was graded\n")
    assert (journal.read_bytes() if journal.is_file() else None) == before


def test_two_batches_do_not_share_a_journal(
    env: dict[str, str], spec: Path, grade: Grade, tmp_path: Path
) -> None:
    write(tmp_path, "ann", RIGHT)
    path = write(tmp_path, "dan", ENDLESS)
    journal = tmp_path / "journal.jsonl"
    command = [cellist(), "grade", path.parents[2], "--spec", spec, "--journal", journal]
    program = subprocess.Popen(
        [*command, "--cell-timeout", "60", "--jobs", "1"], env=env, stdout=subprocess.DEVNULL
    )
    try:
        waiting.until(lambda: lines(journal), "a verdict")
        done = grade(path, "--journal", journal)
        assert (done.code, done.stdout) == (2, "")
        assert "is in use by another `cellist grade`" in done.stderr
    finally:
        program.kill()
        program.wait()


def test_shards_together_are_the_whole(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    write(tmp_path, "dan", STARTER)
    (handed_in / "broken.ipynb").write_text("{")
    options = ["--json", "--reproducible"]
    whole = grade(handed_in, *options)
    assert len(whole.entries()) == 7
    joined, parts = [], []
    for number in (1, 2, 3):
        journal = tmp_path / f"part-{number}.jsonl"
        part = grade(handed_in, *options, "--shard", f"{number}/3", "--journal", journal)
        assert part.code in (0, 1)
        parts += part.entries()
        joined += ["--join", journal]
    assert sorted(map(json.dumps, parts)) == sorted(map(json.dumps, whole.entries()))
    together = grade(handed_in, *options, *joined)
    assert together.stdout == whole.stdout
    assert "journal: 6 verdicts are there already" in together.stderr
    # A part that is missing is graded, and a journal of one's own gets everything.
    own = tmp_path / "own.jsonl"
    assert grade(handed_in, *options, *joined[2:], "--journal", own).stdout == whole.stdout
    assert len(lines(own)) == 6


def test_a_learner_is_in_one_shard(grade: Grade, tmp_path: Path) -> None:
    write(tmp_path, "ann", RIGHT)
    other = tmp_path / "other" / "ann" / "answer.ipynb"
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps(submission(STARTER)))
    counts = [
        len(grade(tmp_path, "--json", "--shard", f"{number}/4").entries()) for number in range(1, 5)
    ]
    assert sorted(counts) == [0, 0, 0, 2]


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "x/y"])
def test_a_shard_that_is_none(grade: Grade, tmp_path: Path, shard: str) -> None:
    done = grade(tmp_path, "--shard", shard)
    assert done.code == 2 and "not a part such as `1/4`" in done.stderr


def test_a_missing_journal_to_join_is_told(grade: Grade, tmp_path: Path) -> None:
    done = grade(write(tmp_path, "ann", RIGHT), "--join", tmp_path / "nothing.jsonl")
    assert (done.code, done.stdout) == (2, "")
    assert "nothing.jsonl` could not be opened" in done.stderr
