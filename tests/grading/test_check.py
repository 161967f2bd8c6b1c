"""`cellist check`: a learner, a notebook, and nothing else."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import Json, Run, code, statuses
from grading.test_sandbox import LANDLOCK_CREATE_RULESET, without
from support.executable import REPOSITORY, cellist

COURSE = REPOSITORY / "notebooks" / "course"
PUBLISHED = REPOSITORY / "notebooks" / "published"
SHOP = "async-exercises/01-coffee-shop.ipynb"

Check = Callable[..., Run]
#: A right shop, but for this line.
ORDERS = "await asyncio.gather(make_espresso(), make_latte(), make_cappuccino())"
SOLUTION = f"""
import asyncio, time

async def make(name, seconds):
    print(f"Starting to make {{name}}...")
    await asyncio.sleep(seconds)
    print(f"{{name}} is ready!")
    return name

async def make_espresso(): return await make("Espresso", 3)
async def make_latte(): return await make("Latte", 5)
async def make_cappuccino(): return await make("Cappuccino", 4)

async def coffee_shop():
    start = time.time()
    {ORDERS}
    print(f"All drinks prepared in {{time.time() - start:.1f}} seconds")
"""
SEQUENTIAL = SOLUTION.replace(
    ORDERS, "await make_espresso(); await make_latte(); await make_cappuccino()"
)


@pytest.fixture
def check(env: dict[str, str], tmp_path: Path) -> Check:
    """Runs `cellist check ARGUMENTS…` in a folder that holds no more than the test put there."""

    def run(*arguments: object) -> Run:
        command = [cellist(), "check", *map(str, arguments)]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, timeout=100)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="module")
def instructors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notebooks with all answers in them."""
    out = tmp_path_factory.mktemp("built")
    command = [cellist(), "notebooks", "build", "--course", COURSE, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out / "instructor"


def shop(path: Path, source: str, change: Callable[[list[Json]], None] = lambda cells: None) -> Path:
    """The published coffee shop with this answer, saved there."""
    notebook = json.loads((PUBLISHED / SHOP).read_text())
    [answer] = [cell for cell in notebook["cells"] if cell["id"] == "ex01-shop"]
    answer["source"] = source
    change(notebook["cells"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


def cell(cells: list[Json], name: str) -> Json:
    [found] = [cell for cell in cells if cell["id"] == name]
    return found


def test_a_right_notebook_passes(check: Check, tmp_path: Path) -> None:
    done = check(shop(tmp_path / "shop.ipynb", SOLUTION))
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (
        f"{tmp_path}/shop.ipynb\n"
        "ex01 Coffee shop\n"
        "  ✔ durations   3/3\n"
        "  ✔ concurrent  4/4\n"
        "  ✔ transcript  2/2\n"
        "  ✔ hygiene     1/1\n"
        "note: not answered yet: `ex01-predict`, `ex01-why`\n"
        "10 of 10 points so far; 4 of 4 public checks passed\n"
        "\n"
    )


def test_a_failed_check_shows_both_sides_and_the_hint(check: Check, tmp_path: Path) -> None:
    done = check(shop(tmp_path / "shop.ipynb", SEQUENTIAL))
    assert (done.code, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    at = lines.index("  ✘ concurrent  0/4")
    assert lines[at + 1].startswith("      The shop took 12 s. 0: nothing awaited; 12: one after another")
    assert lines[at + 2] == "      t.elapsed is 12; the check wants t.elapsed == 5"
    assert lines[-2] == "4 of 10 points so far; 2 of 4 public checks passed"


def test_the_timeline_is_drawn_when_asked_for(check: Check, tmp_path: Path) -> None:
    # Both latte and cappuccino stand in each other's way.
    blocking = SOLUTION.replace("await asyncio.sleep(seconds)", "time.sleep(seconds)")
    path = shop(tmp_path / "shop.ipynb", blocking)
    assert "virtual time" not in check(path).stdout
    drawn = check(path, "--timeline").stdout
    assert "4 tasks · 12 s of virtual time" in drawn
    assert "make_cappuccino" in drawn


def test_the_report_for_machines(check: Check, tmp_path: Path) -> None:
    done = check(shop(tmp_path / "shop.ipynb", SEQUENTIAL), tmp_path / "nobody.ipynb", "--json")
    assert (done.code, done.stderr) == (2, "")
    first, second = done.entries()
    assert "does not exist" in second["error"]
    verdict = first["verdict"]
    assert statuses(verdict) == {
        "ex01-durations": "passed", "ex01-concurrent": "failed", "ex01-transcript": "failed",
        "ex01-hygiene": "passed",
    }  # fmt: skip
    assert (verdict["notebook"], verdict["points"], verdict["max_points"]) == (SHOP, 4, 10)
    [concurrent] = [item for item in verdict["units"][0]["items"] if item["id"] == "ex01-concurrent"]
    assert concurrent["message"].endswith("t.elapsed == 5: 12 == 5")
    assert first["sandbox"]["seccomp"] is True


def test_a_guard_alone_is_no_success(check: Check) -> None:
    done = check(PUBLISHED / SHOP)
    assert done.code == 1
    assert "  ○ hygiene     0/1\n      counts once another check of the unit passes\n" in done.stdout


@pytest.mark.parametrize(
    "file", [SHOP, "async-exercises/09-scraper.ipynb", "coroutines/04-2-sync.ipynb"]
)
def test_the_answers_of_the_course_pass(check: Check, instructors: Path, file: str) -> None:
    done = check(instructors / file, "--json")
    assert done.code == 0, done.stdout
    items = [item for unit in done.verdict()["units"] for item in unit["items"]]
    # An instructor's notebook has the hidden checks, too: they are not what a learner runs.
    assert items and not [item for item in items if item.get("hidden")]
    assert "ex01-really-calls" not in [item["id"] for item in items]


@pytest.mark.parametrize(
    ("source", "wanted", "front", "met"),
    [
        (
            "import time\nbegun = time.monotonic()\ntime.sleep(0.25)\nfound = time.monotonic() - begun",
            "found != 0.25",
            "clock: wall",
            {"clocks": {"own": "wall"}},
        ),
        (
            "import socket\nfound = 0\nsocket.create_server(('127.0.0.1', 0)).close()\nfound = 1",
            "found == 1",
            "clock: virtual\nneeds: [loopback]",
            {"needs": {"own": ["loopback"]}},
        ),
    ],
    ids=["clock", "needs"],
)
def test_the_notebook_says_what_its_units_need(
    check: Check, env: dict[str, str], tmp_path: Path, source: str, wanted: str, front: str, met: Json
) -> None:
    def run(*arguments: str) -> None:
        subprocess.run([cellist(), "notebooks", *arguments], env=env, cwd=tmp_path, check=True)

    run("new", "--course")
    run("new", "own")
    [unit] = (tmp_path / "course/units").rglob("own.md")
    unit.write_text(
        f"---\nid: own\ntitle: A unit\n{front}\n---\n# A unit\n\n"
        f"```python {{exercise id=code}}\n### BEGIN SOLUTION\n{source}\n### END SOLUTION\n```\n\n"
        f"```python {{check id=is-met points=1}}\n#| hint: {{found}}\n"
        f"found = lab.get('found')\nassert {wanted}\n```\n"
    )
    run("build")
    path = tmp_path / "build/notebooks/instructor/lessons/own.ipynb"
    done = check(path)
    assert done.code == 0, done.stdout
    notebook = json.loads(path.read_text())
    [(name, value)] = met.items()
    assert notebook["metadata"]["cellist"].pop(name) == value
    path.write_text(json.dumps(notebook))
    assert check(path).code == 1


def test_only_the_given_cells_run_and_the_first_of_copies(check: Check, tmp_path: Path) -> None:
    def change(cells: list[Json]) -> None:
        # As JupyterLab copies: the metadata stay, the id is new.
        for name in ("ex01-shop", "ex01-concurrent", "ex01-two-kettles-example"):
            copy = json.loads(json.dumps(cell(cells, name)))
            cells.insert(0, copy | {"id": f"copy-{name[5:]}", "source": "raise SystemExit('copied')"})
        cells.insert(0, code("mine", "raise ValueError('scribbled')"))

    done = check(shop(tmp_path / "shop.ipynb", SOLUTION, change))
    assert done.code == 0, done.stdout
    assert "note: cell `ex01-shop` is there 2 times; the first was taken\n" in done.stdout
    assert "note: 1 added code cell was not run" in done.stdout
    assert "copied" not in done.stdout and "scribbled" not in done.stdout


def test_checks_can_be_taken_from_what_was_given_out(check: Check, tmp_path: Path) -> None:
    def weaken(cells: list[Json]) -> None:
        cell(cells, "ex01-concurrent")["source"] = "#| check: concurrent\n#| points: 400\nassert True"
        cells.remove(cell(cells, "ex01-transcript"))

    path = shop(tmp_path / "in" / "shop.ipynb", SEQUENTIAL, weaken)
    own = check(path)
    assert own.code == 0 and "404 of 404 points so far" in own.stdout
    for given_out in (PUBLISHED, PUBLISHED / SHOP):
        done = check(path, "--from", given_out)
        assert done.code == 1
        assert "note: check cell `ex01-concurrent` was changed; the original was run" in done.stdout
        assert "note: check cell `ex01-transcript` is missing; the original was run" in done.stdout
        assert "4 of 10 points so far; 2 of 4 public checks passed" in done.stdout


def test_answers_in_words_are_asked_for(check: Check, tmp_path: Path) -> None:
    def answer(cells: list[Json]) -> None:
        quiz, why = cell(cells, "ex01-predict"), cell(cells, "ex01-why")
        # Whether it is right, a learner's notebook does not know.
        quiz["source"] = "".join(quiz["source"]).replace("- [ ] a) 12 s", "- [x] a) 12 s")
        why["source"] = "".join(why["source"]) + "Sleeps overlap."

    done = check(shop(tmp_path / "shop.ipynb", SOLUTION, answer))
    assert done.code == 0 and "note" not in done.stdout


def test_a_quiz_is_answered_in_the_cell_below_too(check: Check, tmp_path: Path) -> None:
    def answered(letter: str) -> str:
        def answer(cells: list[Json]) -> None:
            below = cell(cells, "ex01-predict--answer")
            below["source"] = "".join(below["source"]).replace("answer = ...", f"answer = {letter}")

        done = check(shop(tmp_path / "shop.ipynb", SOLUTION, answer))
        assert done.code == 0
        return done.stdout

    assert "not answered yet: `ex01-predict`, `ex01-why`" in answered("...")
    assert "not answered yet: `ex01-why`" in answered("c")


def test_an_exception_of_a_cell_is_told(check: Check, tmp_path: Path) -> None:
    done = check(shop(tmp_path / "shop.ipynb", SOLUTION + "\n1 / 0"))
    assert done.code == 0
    assert "  cell `ex01-shop` raised ZeroDivisionError: division by zero\n" in done.stdout


def test_what_runs_is_locked_away(check: Check, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    source = f"{SOLUTION}\nopen({str(target)!r}, 'w')"
    done = check(shop(tmp_path / "shop.ipynb", source))
    assert "raised PermissionError" in done.stdout
    assert not target.exists()


def test_a_loop_without_end_costs_one_notebook(check: Check, tmp_path: Path) -> None:
    endless = shop(tmp_path / "a.ipynb", "while True: pass")
    done = check(endless, shop(tmp_path / "b.ipynb", SOLUTION), "--cell-timeout", "4")
    assert done.code == 1
    assert "cell `ex01-shop`: Stopped after 4 s." in done.stdout
    assert "0 of 10 points so far" in done.stdout and "10 of 10 points so far" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        ("{", "is not JSON"),
        ((PUBLISHED / "day02/glossary.ipynb").read_text(), "it has no checks that a learner can run"),
    ],
)
def test_what_cannot_be_checked_is_told_and_the_rest_is_checked(
    check: Check, tmp_path: Path, content: str | None, said: str
) -> None:
    bad = tmp_path / "bad.ipynb"
    if content is not None:
        bad.write_text(content)
    done = check(bad, shop(tmp_path / "good.ipynb", SOLUTION))
    assert done.code == 2
    assert f"{bad}\ncould not be checked: " in done.stdout and said in done.stdout
    assert "10 of 10 points so far" in done.stdout


def test_usage(check: Check, tmp_path: Path) -> None:
    assert check().code == 2
    good = shop(tmp_path / "good.ipynb", SOLUTION)
    nothing = check(good, "--from", PUBLISHED / "day02/glossary.ipynb")
    assert (nothing.code, nothing.stdout) == (2, "")
    assert "no notebook that was named with --from has checks" in nothing.stderr
    told = check("--help").stdout
    for line in ("Exit codes:", "Examples:", "  cellist check 01-coffee-shop.ipynb --timeline"):
        assert line in told
    assert max(map(len, told.splitlines())) <= 100


def test_completions_know_it(env: dict[str, str]) -> None:
    for shell, wanted in (
        ("bash", "            cellist,check)\n"),
        ("zsh", "'check:Runs the public checks of notebooks, and says how to go on'"),
        ("fish", '__fish_cellist_using_subcommand check" -l timeline'),
    ):
        command = [cellist(), "completions", shell]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert wanted in done.stdout


def test_a_sandbox_can_be_required(check: Check, env: dict[str, str], tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.ipynb", SOLUTION)
    assert check(path, "--require-sandbox").code == 0
    nosys = 38
    done = without(env, LANDLOCK_CREATE_RULESET, nosys, path, "--require-sandbox", command="check")
    assert (done.code, done.stdout) == (3, "")
    assert "no landlock" in done.stderr
