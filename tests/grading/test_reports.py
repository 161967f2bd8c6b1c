"""The files that `cellist grade` writes, read as those read them for whom they are."""

import csv
import io
import json
import resource
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import html5lib
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from grading.conftest import RIGHT, SPEC, Json, Run, submission
from support.executable import cellist

Grade = Callable[..., Run]

HOSTILE = "def answer():\n    return '<script>alert(1)</script>&\\x1b[2J\\ufffe=1'\n"
RAISES = "def answer():\n    return 7\nraise ValueError('</pre><b>]]>\\x01\\ufffe')\n"
SVG = "{http://www.w3.org/2000/svg}"
#: What only the hidden check knows.
SECRETS = ("sesame", "lab.run", "assert t.result")


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A class: all right, wrong and hostile, an exception, and a file that is no notebook."""
    learners = {
        "ann": submission(RIGHT, "- [ ] six\n- [x] seven", "because"),
        "=bob": submission(HOSTILE, "- [x] six\n- [ ] seven"),
        "zoë <i> lee": submission(RAISES),
    }
    for learner, notebook in learners.items():
        path = tmp_path / "in" / learner / "small" / "answer.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    (tmp_path / "in" / "~broken.ipynb").write_text("{")
    return tmp_path / "in"


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows, each as long as the heading."""
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file, strict=True))
    assert all(None not in row and None not in row.values() for row in found)
    return found


def test_junit(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    report = tmp_path / "new" / "report.xml"
    assert grade(handed_in, "--junit", report).code == 1
    xml = JUnitXml.fromfile(str(report))
    suites = {suite.name: suite for suite in xml}
    assert len(suites) == 4
    assert (xml.tests, xml.errors) == (16, 1)
    # What the attributes say is what is there.
    for suite in suites.values():
        found = [type(result) for case in suite for result in case.result]
        counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
        assert counted == (
            len(list(suite)), found.count(Failure), found.count(Error), found.count(Skipped),
        )  # fmt: skip
    assert xml.failures == sum(suite.failures for suite in xml)
    ann = suites["ann: small/answer.ipynb"]
    assert {case.name: [type(one) for one in case.result] for case in ann} == {
        "quiz": [], "right": [], "twice": [], "calm": [], "why": [Skipped],
    }  # fmt: skip
    assert {one.name: one.value for one in ann.properties()} == {
        "submission": str(handed_in / "ann/small/answer.ipynb"),
        "points": "8", "possible_points": "11", "waiting_points": "3",
    }  # fmt: skip
    [right] = [case for case in suites["=bob: small/answer.ipynb"] if case.name == "right"]
    assert right.classname == "=bob.u"
    assert right.result[0].text == (
        r"answer() gave '<script>alert(1)</script>&\x1b[2J\ufffe=1'; it should give 42."
    )
    assert right.result[0].message.startswith("0/2 points: answer() gave ")
    [said] = ElementTree.parse(report).getroot().iter("system-out")
    assert said.text == r"cell `u-answer` raised ValueError: </pre><b>]]>\u{1}\u{fffe}"
    [broken] = suites[str(handed_in / "~broken.ipynb")]
    assert "is not JSON" in broken.result[0].message


def test_junit_keeps_to_the_schema(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    # The rules of Jenkins's junit-10.xsd for what is written.
    attributes = {
        "testsuites": {"name", "tests", "failures", "errors", "time", "disabled"},
        "testsuite": {
            "name", "tests", "failures", "errors", "skipped", "time", "disabled", "timestamp",
            "hostname", "id", "package",
        },
        "testcase": {"name", "classname", "time", "assertions", "status"},
        "properties": set(),
        "property": {"name", "value"},
        "failure": {"message", "type"},
        "error": {"message", "type"},
        "skipped": {"message", "type"},
        "system-out": set(),
    }  # fmt: skip
    children = {
        "testsuites": {"testsuite"},
        "testsuite": {"properties", "testcase", "system-out", "system-err"},
        "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
        "properties": {"property"},
    }
    report = tmp_path / "report.xml"
    grade(handed_in, "--junit", report)
    root = ElementTree.parse(report).getroot()
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= attributes[element.tag]
        assert {child.tag for child in element} <= children.get(element.tag, set())
        for number in {"tests", "failures", "errors", "skipped"} & set(element.attrib):
            assert element.attrib[number].isdigit()


def test_csv(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    units, checks = tmp_path / "units.csv", tmp_path / "checks.csv"
    grade(handed_in, "--csv", units, "--csv-checks", checks)
    by_unit = rows(units)
    assert [row["learner"] for row in by_unit] == ["'=bob", "ann", "zoë <i> lee", ""]
    ann = by_unit[1]
    assert (ann["notebook"], ann["unit"], ann["title"]) == ("small/answer.ipynb", "u", "The answer")
    assert (ann["points"], ann["max_points"], ann["manual_points"]) == ("8", "8", "3")
    assert "is not JSON" in by_unit[3]["error"] and by_unit[3]["points"] == ""
    by_check = rows(checks)
    assert len(by_check) == 15
    twice = {row["learner"]: row for row in by_check if row["check"] == "twice"}
    assert (twice["ann"]["status"], twice["ann"]["points"], twice["ann"]["hidden"]) == (
        "passed", "4", "yes",
    )  # fmt: skip
    assert twice["'=bob"]["status"] == "failed"
    assert "second time it gave" in twice["'=bob"]["feedback"]


def test_canvas_and_moodle(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "ann").rename(handed_in / "4711")
    canvas, moodle = tmp_path / "canvas.csv", tmp_path / "moodle.csv"
    grade(handed_in, "--canvas", canvas, "--moodle", moodle)
    lines = list(csv.reader(io.StringIO(canvas.read_text())))
    assert lines == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "answer"],
        ["    Points Possible", "", "", "", "", "11"],
        ["4711", "4711", "", "", "", "8"],
        ["'=bob", "", "", "'=bob", "", "0"],
        ["zoë <i> lee", "", "", "zoë <i> lee", "", "0"],
    ]
    first, *_ = rows(moodle)
    assert first == {
        "username": "4711",
        "answer": "8",
        "answer feedback": "8 of 8 points; up to 3 more from a person",
    }


def test_gradescope(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    report = tmp_path / "results.json"
    path = handed_in / "=bob/small/answer.ipynb"
    assert grade(path, "--gradescope", report).code == 0
    results = json.loads(report.read_text())
    assert (results["score"], results["visibility"]) == (0, "visible")
    assert results["execution_time"] > 0
    tests = {test["name"]: test for test in results["tests"]}
    assert [test["number"] for test in tests.values()] == ["1.1", "1.2", "1.3", "1.4", "1.5"]
    twice = tests["The answer: twice"]
    assert twice == {
        "name": "The answer: twice", "number": "1.3", "score": 0, "max_score": 4,
        "status": "failed", "output": twice["output"], "tags": ["hidden"],
        "visibility": "after_published",
    }  # fmt: skip
    assert tests["The answer: right"]["visibility"] == "visible"
    grade(path, "--gradescope", report, "--hidden-checks", "hidden")
    assert json.loads(report.read_text())["tests"][2]["visibility"] == "hidden"


def test_gradescope_leaves_written_answers_to_a_person(
    grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    report = tmp_path / "results.json"
    grade(handed_in / "ann", "--gradescope", report)
    results = json.loads(report.read_text())
    assert results["score"] == 8
    [why] = [test for test in results["tests"] if test["name"] == "The answer: why"]
    assert "score" not in why and "status" not in why
    assert (why["max_score"], why["tags"]) == (3, ["manual"])


def test_gradescope_without_a_verdict(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    report = tmp_path / "results.json"
    assert grade(handed_in / "~broken.ipynb", "--gradescope", report).code == 1
    results = json.loads(report.read_text())
    assert (results["score"], results["tests"]) == (0, [])
    assert "could not be graded" in results["output"]


def test_gradescope_is_about_one_learner(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    report = tmp_path / "results.json"
    done = grade(handed_in, "--gradescope", report, "--junit", tmp_path / "report.xml")
    assert done.code == 1
    assert "two submissions are for `small/answer.ipynb`" in done.stderr
    assert not report.exists() and (tmp_path / "report.xml").exists()


def page(path: Path) -> ElementTree.Element:
    """A page, parsed as HTML 5 without a single parse error, and standing alone."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(path.read_text(encoding="utf-8"))
    assert root.attrib["lang"] == "en"
    assert not list(root.iter("script")) and not list(root.iter("link"))
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on")]
        assert element.attrib.get("src", "data:").startswith("data:")
    return root


def text(element: ElementTree.Element) -> str:
    """What a reader sees."""
    return "".join(element.itertext())


def test_feedback_pages(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    folder = tmp_path / "feedback"
    grade(handed_in, "--html", folder)
    pages = {text(page(path).find(".//h1")): path for path in (folder / "learners").iterdir()}
    assert set(pages) == {
        "Feedback for ann", "Feedback for =bob", "Feedback for zoë <i> lee",
    }  # fmt: skip
    ann = page(pages["Feedback for ann"])
    assert text(ann.find(".//p")) == "8 of 8 points; up to 3 more from a person"
    [table] = ann.iter("table")
    assert [th.attrib["scope"] for th in table.iter("th")] == ["col"] * 3 + ["row"] * 5
    assert [text(th) for th in table.findall("./tbody/tr/th")] == [
        "quiz", "right", "twice (hidden)", "calm", "why",
    ]  # fmt: skip
    bob = text(page(pages["Feedback for =bob"]))
    assert "not passed: answer() gave '<script>alert(1)</script>" in bob
    assert "\x1b" not in bob
    lee = page(pages["Feedback for zoë <i> lee"])
    assert "ValueError: </pre><b>]]>" in text(lee)
    # One learner's page says nothing of another.
    assert "bob" not in text(lee) and "ann" not in bob


def test_the_class_at_a_glance(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    folder = tmp_path / "feedback"
    twin = handed_in / "bert" / "small" / "answer.ipynb"
    twin.parent.mkdir(parents=True)
    twin.write_text((handed_in / "=bob/small/answer.ipynb").read_text())
    grade(handed_in, "--html", folder)
    index = page(folder / "index.html")
    assert text(index.find(".//p")) == (
        "5 submissions, 4 learners, 1 notebook; 1 could not be graded."
    )
    checks, learners = index.iter("table")
    cells = {
        text(row.find("th")): [text(td) for td in row.findall("td")]
        for row in checks.findall("./tbody/tr")
    }
    assert cells["u right"][0] == "25 %"
    assert cells["u right"][2] == "0.5 of 2"
    assert cells["u right"][-1].startswith("2 × answer() gave '<script>")
    assert cells["u twice (hidden)"][0] == "25 %"
    charts = list(index.iter(f"{SVG}svg"))
    assert charts and all(svg.attrib["role"] == "img" and svg.attrib["aria-label"] for svg in charts)
    assert all(len(bar) == 0 for bar in index.iter(f"{SVG}rect")), "a bar is not closed"
    for link in learners.iter("a"):
        assert (folder / link.attrib["href"]).is_file()
    assert "is not JSON" in text(index)


def test_no_report_tells_what_is_hidden(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grade(
        handed_in / "=bob", "--junit", out / "j.xml", "--csv", out / "u.csv", "--csv-checks",
        out / "c.csv", "--gradescope", out / "g.json", "--canvas", out / "canvas.csv", "--moodle",
        out / "m.csv", "--html", out / "html",
    )  # fmt: skip
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) == 8
    for path in files:
        for secret in SECRETS:
            assert secret not in path.read_text(), path


@pytest.mark.parametrize(
    "option", ["--junit", "--csv", "--csv-checks", "--canvas", "--moodle", "--gradescope", "--html"]
)
def test_a_report_that_cannot_be_written_is_told_before_the_work(
    grade: Grade, handed_in: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("")
    done = grade(handed_in / "ann", option, tmp_path / "file" / "report")
    assert (done.code, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("error: `") and "could not be written: " in first
    assert "nothing was graded" in second


def test_a_folder_in_place_of_a_report_is_told(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    done = grade(handed_in / "ann", "--csv", tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert "is a directory" in done.stderr


@pytest.mark.parametrize("option", ["--junit", "--csv", "--moodle", "--gradescope"])
def test_a_full_disk_costs_one_report(
    grade: Grade, handed_in: Path, tmp_path: Path, option: str
) -> None:
    kept = tmp_path / "kept.csv"
    done = grade(handed_in / "ann", option, "/dev/full", "--csv-checks", kept, "--quiet")
    assert done.code == 1
    assert "Total: 8 of 8 points" in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith("error: `/dev/full` could not be written: No space left on device")
    assert second == "the rest was written; mend this and grade again"
    assert len(rows(kept)) == 5


def test_an_old_report_stays_until_the_new_one_is_whole(
    env: dict[str, str], spec: Path, handed_in: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    report.write_text("old")

    def small_disk() -> None:
        # Writing beyond it then is an error and no signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    command = [cellist(), "grade", handed_in / "ann", "--spec", spec, "--junit", report, "--quiet"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, preexec_fn=small_disk)
    assert "could not be written: File too large" in done.stderr
    assert report.read_text() == "old"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".cellist")]


def test_several_notebooks_of_one_learner(grade: Grade, spec: Path, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    spec.rename(specs / "a.json")
    other: Json = json.loads(json.dumps(SPEC).replace("u-", "v-").replace("small/", "other/"))
    (specs / "b.json").write_text(json.dumps(other))
    for name, prefix in (("small", "u-"), ("other", "v-")):
        path = tmp_path / "in" / "ann" / name / "answer.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(submission(RIGHT)).replace("u-", prefix))
    out = tmp_path / "out"
    done = grade(
        tmp_path / "in", "--gradescope", out / "g.json", "--canvas", out / "c.csv", "--html",
        out / "html", spec=specs,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert json.loads((out / "g.json").read_text())["score"] == 14
    heading = (out / "c.csv").read_text().splitlines()[0]
    assert heading.endswith("Section,other/answer,small/answer")
    ann = page(out / "html" / "learners" / "ann.html")
    assert [text(h2) for h2 in ann.iter("h2")] == ["other/answer.ipynb", "small/answer.ipynb"]
