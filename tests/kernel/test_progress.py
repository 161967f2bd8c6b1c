"""`%progress`: what a learner's checks and answers come to, on the published notebooks."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.client import Kernel, Run
from support.executable import REPOSITORY

SHOP = "async-exercises/01-coffee-shop.ipynb"
MODEL = "day02/01-model.ipynb"
SOLUTION = (REPOSITORY / "tests/browser/coffee_shop.py").read_text()
SHOP_CHECKS = ("durations", "concurrent", "transcript", "hygiene")

Open = Callable[[str], Kernel]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A learner's folder."""
    return Path(shutil.copytree(REPOSITORY / "notebooks/published", tmp_path / "course"))


@pytest.fixture
def env(env: dict[str, str]) -> dict[str, str]:
    """To be changed by a test: the name of the notebook stands in it."""
    return dict(env)


@pytest.fixture
def open_notebook(env: dict[str, str], course: Path, start_kernel: Callable[..., Kernel]) -> Open:
    """Starts a kernel as Jupyter Server does for a notebook."""

    def open_one(file: str, folder: Path = course) -> Kernel:
        env["JPY_SESSION_NAME"] = str(folder / file)
        return start_kernel()

    return open_one


def source(path: Path, cell: str) -> str:
    [found] = [one for one in json.loads(path.read_text())["cells"] if one["id"] == cell]
    return "".join(found["source"])


def edit(path: Path, cell: str, change: Callable[[str], str]) -> None:
    """Edits a cell and saves, as a learner does."""
    notebook = json.loads(path.read_text())
    [found] = [one for one in notebook["cells"] if one["id"] == cell]
    found["source"] = change("".join(found["source"]))
    path.write_text(json.dumps(notebook))


def shown(run: Run) -> dict[str, str]:
    assert run.content["status"] == "ok", run.content
    return run.of("display_data")[0]["content"]["data"]


def lines(kernel: Kernel, line: str = "%progress") -> list[str]:
    return shown(kernel.run(line))["text/plain"].splitlines()


def columns(kernel: Kernel, file: str = SHOP) -> list[str]:
    """What is told of a notebook: points, checks, answers."""
    plan = "day02" if file.startswith("day02") else "async-exercises"
    [row] = [line for line in lines(kernel, f"%progress {plan}") if line.split()[0] == file]
    return re.split(r" {2,}", row.strip())[1:]


def boxes(kernel: Kernel, part: str) -> list[str]:
    """The marks of the boxes in a part of the plan."""
    told = lines(kernel)
    rest = told[told.index(f"  {part}") + 1 :]
    marks = []
    for line in rest:
        found = re.match(r" {4}\[(.)\] \S", line)
        if not found:
            break
        marks.append(found[1])
    return marks


def test_points_and_boxes_follow_what_the_learner_does(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    assert columns(kernel) == ["0/10 points", "0/4 checks", "0/2 answers"]
    kernel.run(SOLUTION)
    kernel.run(source(course / SHOP, "ex01-durations"))
    assert columns(kernel) == ["3/10 points", "1/4 checks", "0/2 answers"]
    kernel.run("%check")
    assert columns(kernel) == ["10/10 points", "4/4 checks", "0/2 answers"]
    assert boxes(kernel, "ex1") == [" "] * 7
    edit(course / SHOP, "ex01-predict", lambda text: text.replace("- [ ] b) 4 s", "- [x] b) 4 s"))
    edit(course / SHOP, "ex01-why", lambda text: text + "\nThe sleeps overlap.")
    # Whether the tick is right, only the grader knows.
    assert columns(kernel) == ["10/10 points", "4/4 checks", "2/2 answers"]
    assert boxes(kernel, "ex1") == ["x"] * 7
    assert boxes(kernel, "ex2") == [" "] * 7
    first, *_ = lines(kernel)
    assert re.fullmatch(r"Async exercises \(async-exercises\): 10 of \d+ public points, 7 of \d+ boxes ticked", first)


def test_a_check_that_fails_again_takes_its_points_back(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run("%check")
    kernel.run(SOLUTION.replace("Latte", "Tea"))
    kernel.run(source(course / SHOP, "ex01-durations"))
    assert columns(kernel)[:2] == ["7/10 points", "3/4 checks"]


def test_a_guard_alone_pays_nothing(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run(source(course / SHOP, "ex01-hygiene"))
    assert columns(kernel)[:2] == ["0/10 points", "1/4 checks"]


def test_other_kernels_see_it_and_a_folder_can_be_moved(open_notebook: Open, course: Path, tmp_path: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run("%check")
    other = open_notebook(MODEL)
    assert columns(other)[0] == "10/10 points"
    elsewhere = course.rename(tmp_path / "elsewhere")
    # Also when the notebook has another name there.
    (elsewhere / SHOP).rename((elsewhere / SHOP).with_name("mine.ipynb"))
    moved = open_notebook("async-exercises/mine.ipynb", elsewhere)
    assert columns(moved)[0] == "10/10 points"


def test_kernels_that_check_at_once_lose_nothing(open_notebook: Open, course: Path) -> None:
    kernels = [open_notebook(SHOP) for _ in range(3)]
    for kernel in kernels:
        kernel.run(SOLUTION)
    checks = [source(course / SHOP, f"ex01-{name}") for name in SHOP_CHECKS]
    runs = [(kernel, [kernel.start(check) for check in mine])
            for kernel, mine in zip(kernels, (checks[:1], checks[1:3], checks[3:]), strict=True)]
    for kernel, started in runs:
        for run in started:
            kernel.finish(run)
    assert columns(kernels[0])[:2] == ["10/10 points", "4/4 checks"]


def test_results_can_be_forgotten(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    for words, forgotten in (("", 4), ("ex01", 4), ("async-exercises", 4), ("day02", 0), ("day02-model", 0)):
        kernel.run("%check")
        assert columns(kernel)[0] == "10/10 points"
        said = f"Forgot the results of {forgotten} checks.\n"
        assert kernel.run(f"%progress --reset {words}").text() == said
        assert columns(kernel)[0] == ("0/10 points" if forgotten else "10/10 points")
    assert (course / SHOP).read_bytes() == (REPOSITORY / "notebooks/published" / SHOP).read_bytes()


def test_a_newer_edition_of_a_check_has_not_been_run(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run("%check")
    edit(course / SHOP, "ex01-durations", lambda text: text + "\nassert True")
    assert columns(kernel)[:2] == ["7/10 points", "3/4 checks"]


def test_half_a_line_costs_nothing_else(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run(source(course / SHOP, "ex01-durations"))
    with (course / ".cellist-progress.jsonl").open("a") as file:
        file.write('{"unit": "ex01", "chec')
    kernel.run(source(course / SHOP, "ex01-concurrent"))
    assert columns(kernel)[:2] == ["7/10 points", "2/4 checks"]


def test_where_nothing_can_be_kept_checks_run_and_progress_says_why(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    (course / ".cellist-progress.jsonl").mkdir()
    kernel.run(SOLUTION)
    run = kernel.run(source(course / SHOP, "ex01-durations"))
    assert shown(run)["text/plain"] == "✔ durations: passed (3 points)"
    kernel.run("%check")
    assert "Results are not kept" in lines(kernel)[-1]


def test_only_public_checks_are_spoken_of(open_notebook: Open) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run("%check")
    data = shown(kernel.run("%progress"))
    for text in data.values():
        assert "really-calls" not in text
        assert "Hidden checks, quizzes and written answers count when the notebook is graded" in text
    assert "<details open><summary><strong>Async exercises</strong>: 10 of" in data["text/html"]
    assert '<a href="../day02/01-model.ipynb">' in data["text/html"]


def test_a_check_elsewhere_is_not_counted(open_notebook: Open, course: Path) -> None:
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run(source(course / SHOP, "ex01-durations") + "\n# mine")
    assert not (course / ".cellist-progress.jsonl").exists()


@pytest.mark.parametrize(("line", "said"), [
    ("nine", "the course has no plan `nine`; it has async-exercises, day02"),
    ("--reset nine", "the course has no plan or unit `nine`"),
])
def test_what_is_not_there_is_told(open_notebook: Open, line: str, said: str) -> None:
    run = open_notebook(SHOP).run(f"%progress {line}")
    assert said in run.content["evalue"]


def test_without_a_course_it_says_what_to_do(open_notebook: Open, course: Path) -> None:
    (course / "syllabus.json").unlink()
    kernel = open_notebook(SHOP)
    kernel.run(SOLUTION)
    kernel.run("%check")
    run = kernel.run("%progress")
    assert "no course here" in run.content["evalue"] and "%check" in run.content["evalue"]
    assert not (course / ".cellist-progress.jsonl").exists()
