"""Quizzes in a kernel: an answer is told right or wrong at once, as the grader decides, and no key is read."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel.client import Kernel, Run
from support.executable import REPOSITORY, cellist

Json = dict[str, Any]
COURSE = REPOSITORY / "notebooks" / "course"
STARTER = "answer = ..."

UNIT = """---
id: u
title: Unit
clock: virtual
---
# Unit

```quiz {id=number points=1}
How long?
= 8.65 ± 0.05 s > the `longest` decides
!= 12 s > one after another
!= ... > look at the longest
```

```quiz {id=list points=1}
What is printed?
= ['slow', 'fast'] > as they were asked for
!= ['fast', 'slow'] > as they were done
```

```quiz {id=exact points=1 case spaces}
What is printed?
= A  b > two blanks
```

```quiz {id=ticks points=1}
Which?
- [x] one > yes, `one`
- [ ] two > no, two
- [x] three > yes, three
```
"""

#: Answers as learners write them, and whether they are right.
WRITTEN = {
    "number": {
        "8.65": True, "8.6 s": True, "'8.7'": True, "8.70S": True, "+8.65e0  # as I think": True, "86.5e-1": True,
        "8.59": False, "8.71": False, "8.65 m": False, "12": False, "about 8.65": False, "8,65": False, "1__0": False,
        "nan": False, "...": None, "raise NotImplementedError()": None, "": None, "''": None,
    },
    "list": {
        "['slow', 'fast']": True, "['slow','fast']": True, "\"['slow', 'fast']\"": True, "[ 'Slow',\n'FAST' ]": True,
        "`['slow', 'fast']`": True, "['fast', 'slow']": False, "slow, fast": False,
    },
    "exact": {"A  b": True, "'A  b'": True, "a  b": False, "A b": False, "A\\nb": False},
    "ticks": {
        "a, c": True, "'ca'": False, "c a": True, "['A', 'C']": True, "a) c)": True, "a": False, "a, b, c": False,
        "b": False, "d": False, "one": False, "?": False,
    },
}
#: What is shown in front of the quiz's name.
SIGNS = {True: "✔", False: "✘", None: "…"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of that one unit, built: student's notebook and spec."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "units/t").mkdir(parents=True)
    (folder / "units/t/u.md").write_text(UNIT)
    (folder / "course.toml").write_text(
        'title = "T"\n[[set]]\nid = "s"\ntitle = "S"\n[[notebook]]\nfile = "s/u.ipynb"\nunits = ["u"]\n'
    )
    return build(folder, folder / "built")


def build(course: Path, out: Path) -> Path:
    command = [cellist(), "notebooks", "build", "--course", course, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out


def sources(notebook: Path) -> dict[str, str]:
    cells = json.loads(notebook.read_text())["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def shown(run: Run) -> tuple[str, str]:
    """Text and HTML of the one output."""
    assert run.content["status"] == "ok", run.content
    [output] = run.of("display_data")
    data = output["content"]["data"]
    return data["text/plain"], data["text/html"]


def test_right_and_wrong_are_told_with_the_reason(kernel: Kernel, small: Path) -> None:
    cell = sources(small / "student/s/u.ipynb")["u-number--answer"]
    text, _ = shown(kernel.run(cell))
    assert text == "… number: not answered yet\n  Write your answer instead of `...`, and run the cell again."
    text, markup = shown(kernel.run(cell.replace(STARTER, "answer = 8.65 s")))
    assert text == "✔ number: right\n  the `longest` decides"
    assert "the <code>longest</code> decides" in markup
    assert shown(kernel.run(cell.replace(STARTER, "answer = 12")))[0] == "✘ number: not yet\n  one after another"
    assert shown(kernel.run(cell.replace(STARTER, "answer = 13")))[0] == "✘ number: not yet\n  look at the longest"
    # A cell like any other: numbered, and gone from what cells share.
    assert kernel.run("'answer' in globals()").of("execute_result")[0]["content"]["data"]["text/plain"] == "False"


def test_options_are_answered_by_letters(kernel: Kernel, small: Path) -> None:
    cell = sources(small / "student/s/u.ipynb")["u-ticks--answer"]
    said = {
        "a": "✘ ticks: not yet\n  Right so far, but not every right option is among them.",
        "a, b": "✘ ticks: not yet\n  no, two",
        "d": "✘ ticks: not yet\n  `d` is not one of the options; write a letter from a to c.",
        "a, c": "✔ ticks: right\n  yes, `one`\n  yes, three",
    }
    assert {answer: shown(kernel.run(cell.replace(STARTER, answer)))[0] for answer in said} == said


def test_a_key_that_was_changed_is_told(kernel: Kernel, small: Path) -> None:
    cell = sources(small / "student/s/u.ipynb")["u-ticks--answer"].replace(STARTER, "answer = a, c")
    key = re.search(r"^#\| key: (.*)$", cell, re.MULTILINE)
    assert key
    for other in ("", "choice/2 abc", "choice/2 ÄÖ", "fill/- n,s,x,y:z:u", "poem", key[1].replace(" ", " A")):
        text, _ = shown(kernel.run(cell.replace(key[1], other)))
        assert text.startswith("… ticks: noted\n  The line `#| key:` of this cell was changed"), other


@pytest.mark.parametrize("quiz", WRITTEN)
def test_the_kernel_and_the_grader_read_answers_alike(quiz: str, kernel: Kernel, small: Path, tmp_path: Path) -> None:
    notebook = json.loads((small / "student/s/u.ipynb").read_text())
    [cell] = [one for one in notebook["cells"] if one["id"] == f"u-{quiz}--answer"]
    given_out = "".join(cell["source"])
    told = {}
    for at, answer in enumerate(WRITTEN[quiz]):
        cell["source"] = given_out.replace(STARTER, f"answer = {answer}")
        (tmp_path / f"{at:02}.ipynb").write_text(json.dumps(notebook))
        told[answer] = shown(kernel.run(cell["source"]))[0]
    signs = {answer: text.split()[0] for answer, text in told.items()}
    assert signs == {answer: SIGNS[right] for answer, right in WRITTEN[quiz].items()}

    command = [cellist(), "grade", *sorted(tmp_path.glob("*.ipynb")), "--spec", small / "specs", "--json"]
    graded = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    statuses = [
        item["status"]
        for entry in graded
        for item in entry["verdict"]["units"][0]["items"]
        if item["id"] == f"u-{quiz}"
    ]
    words = {True: "passed", False: "failed", None: "unanswered"}
    assert dict(zip(WRITTEN[quiz], statuses, strict=True)) == {
        answer: words[right] for answer, right in WRITTEN[quiz].items()
    }


def quizzes(built: Path) -> Iterator[tuple[Json, dict[str, str]]]:
    """Each quiz of a built course as the grader has it, with the cells of its student's notebook."""
    for file in sorted(built.glob("specs/**/*.json")):
        spec = json.loads(file.read_text())
        for unit in spec["units"]:
            for cell in unit["cells"]:
                if cell["kind"] in ("quiz", "fill"):
                    yield cell, sources(built / "student" / spec["notebook"])


def test_every_quiz_of_the_course_is_told_right_and_wrong(kernel: Kernel, tmp_path: Path) -> None:
    found = list(quizzes(build(COURSE, tmp_path / "built")))
    assert len(found) > 50 and {cell["kind"] for cell, _ in found} == {"quiz", "fill"}
    for cell, notebook in found:
        below = notebook[f"{cell['id']}--answer"]
        compile(below, cell["id"], "exec")
        readable = notebook[cell["id"]] + below

        def tell(answer: str, below: str = below) -> str:
            assert STARTER in below
            return shown(kernel.run(below.replace(STARTER, f"answer = {answer}")))[0]

        if cell["kind"] == "quiz":
            options = cell["options"]
            letters = "abcdefghijklmnopqrstuvwxyz"
            right = [letters[at] for at, option in enumerate(options) if option["correct"]]
            said = {", ".join(right): True} | {letters[at]: False for at, option in enumerate(options)
                                               if not option["correct"]}
            reasons = {letters[at]: option["explanation"] for at, option in enumerate(options)}
        else:
            answers = cell["key"]["answers"]
            said = {re.sub(r" ?± ?[\d.]+", "", answer["text"]): answer["correct"] for answer in answers}
            reasons = {re.sub(r" ?± ?[\d.]+", "", answer["text"]): answer["explanation"] for answer in answers}
        assert all(reason not in readable for reason in reasons.values()), cell["id"]
        for answer, correct in said.items():
            text = tell(answer)
            assert text.startswith(SIGNS[correct]), (cell["id"], answer, text)
            for part in answer.split(", ") if answer not in reasons else [answer]:
                assert reasons[part] in text, (cell["id"], part, text)


def test_progress_counts_an_answer_in_the_cell_below(
    env: dict[str, str], start_kernel: Callable[..., Kernel], small: Path
) -> None:
    notebook = small / "student/s/u.ipynb"
    (small / "student/syllabus.json").exists() or pytest.fail("the course was built without a syllabus")
    env["JPY_SESSION_NAME"] = str(notebook)
    try:
        kernel = start_kernel()
    finally:
        del env["JPY_SESSION_NAME"]

    def answers() -> str:
        text, _ = shown(kernel.run("%progress"))
        [found] = re.findall(r"\d+/\d+ answers", text)
        return found

    kept = notebook.read_text()
    assert answers() == "0/4 answers"
    cells = json.loads(kept)
    for cell in cells["cells"]:
        if cell["id"] == "u-number--answer":
            cell["source"] = "".join(cell["source"]).replace(STARTER, "answer = 7")
        if cell["id"] == "u-ticks":
            cell["source"] = "".join(cell["source"]).replace("- [ ] a)", "- [x] a)")
    notebook.write_text(json.dumps(cells))
    try:
        assert answers() == "2/4 answers"
    finally:
        notebook.write_text(kept)
