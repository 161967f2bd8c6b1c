"""The pages of `cellist grade --html`: pictures, times, and whether everybody can read them."""

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from grading.conftest import Json, Run
from grading.test_check import COURSE, ORDERS, SEQUENTIAL, SHOP, SOLUTION, shop
from grading.test_reports import page, text
from support.executable import cellist

Grade = Callable[..., Run]

SVG = "{http://www.w3.org/2000/svg}"
#: Holds up the event loop.
BLOCKING = SOLUTION.replace("await asyncio.sleep(seconds)", "time.sleep(seconds)")
#: Passes all but the hidden check, which wants the shop to call its makers.
HARD_CODED = SOLUTION.replace(
    ORDERS, 'await asyncio.gather(make("Espresso", 3), make("Latte", 5), make("Cappuccino", 4))'
)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built")
    command = [cellist(), "notebooks", "build", "--course", COURSE, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out / "specs"


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A class of the coffee shop."""
    learners = {"ann": SOLUTION, "bea": BLOCKING, "cem": SEQUENTIAL, "dan": HARD_CODED}
    for learner, source in learners.items():
        shop(tmp_path / "in" / learner / SHOP, source)
    return tmp_path / "in"


def pictures(learner: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Caption to picture."""
    found = {}
    for figure in learner.iter("figure"):
        [image] = figure.iter("img")
        kind, comma, drawn = image.attrib["src"].partition(",")
        assert (kind, comma) == ("data:image/svg+xml", ",")
        found[text(figure.find("figcaption"))] = ElementTree.fromstring(unquote(drawn))
    return found


def test_a_failed_check_comes_with_its_timeline(
    grade: Grade, specs: Path, handed_in: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "feedback"
    grade(handed_in, "--html", folder, spec=specs)
    learners = {path.stem: page(path) for path in (folder / "learners").iterdir()}

    # Three checks ran the same, which is shown once.
    [(caption, picture)] = pictures(learners["bea"]).items()
    assert caption == "What your code did in the last run of concurrent, transcript, hygiene"
    drawn = [text(part) for part in picture.iter(f"{SVG}text")]
    assert "4 tasks · 12 s of virtual time" in drawn
    assert len([words for words in drawn if words == "blocked by time.sleep"]) == 3
    # Who does not see it can read it.
    [image] = learners["bea"].iter("img")
    assert image.attrib["alt"].startswith(
        "Timeline of concurrent, transcript, hygiene: 4 tasks · 12 s of virtual time"
    )
    [letters] = learners["bea"].iter("details")
    assert "make_cappuccino" in text(letters)
    cell = [text(td) for td in learners["bea"].iter("td") if "The shop took" in text(td)]
    assert cell[0].endswith("t.elapsed is 12; the check wants t.elapsed == 5")

    # One task where three should be is worth a picture.
    [(caption, picture)] = pictures(learners["cem"]).items()
    assert caption.endswith("concurrent, transcript")
    assert "1 task · 12 s of virtual time" in [text(part) for part in picture.iter(f"{SVG}text")]
    assert pictures(learners["ann"]) == {}


def test_a_hidden_check_has_no_picture(
    grade: Grade, specs: Path, handed_in: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "feedback"
    done = grade(handed_in / "dan", "--html", folder, "--json", spec=specs)
    [failed] = [
        item for item in done.verdict()["units"][0]["items"] if item["status"] == "failed"
    ]  # fmt: skip
    assert (failed["id"], failed["hidden"]) == ("ex01-really-calls", True)
    dan = page(folder / "learners" / "dan.html")
    assert pictures(dan) == {} and not list(dan.iter("pre"))
    for secret in ("spy", "seen", "replace", "the check wants"):
        assert secret not in text(dan), secret


def test_looking_closely_changes_no_verdict(
    grade: Grade, specs: Path, handed_in: Path, tmp_path: Path
) -> None:
    def verdicts(*options: object) -> list[Json]:
        entries = grade(handed_in, "--json", *options, spec=specs).entries()
        for entry in entries:
            del entry["verdict"]["millis"]
        return entries

    first, second = tmp_path / "first", tmp_path / "second"
    plain = verdicts()
    assert verdicts("--html", first) == plain
    assert verdicts("--html", second, "--jobs", "1") == plain
    pages = sorted(path.name for path in (first / "learners").iterdir())
    assert pages == ["ann.html", "bea.html", "cem.html", "dan.html"]
    # On the virtual clock, pictures too are the same byte for byte.
    for name in pages:
        ours, theirs = ((folder / "learners" / name).read_bytes() for folder in (first, second))
        assert ours == theirs, name


def test_the_class_sees_the_time_of_each_check(
    grade: Grade, specs: Path, handed_in: Path, tmp_path: Path
) -> None:
    folder, book = tmp_path / "feedback", tmp_path / "book.db"
    # Real time, which the virtual clock does not count.
    slow = SOLUTION.replace("start = time.time()", "start = time.time(); sum(range(3_000_000))")
    shop(handed_in / "eve" / SHOP, slow)
    grade(handed_in, "--html", folder, "--gradebook", book, spec=specs)
    index = page(folder / "index.html")
    table = next(index.iter("table"))
    headings = [text(th) for th in table.findall("./thead/tr/th")]
    assert headings == [
        "Check", "Passed", "Share", "Mean points", "Median time", "Longest", "Commonest failure",
    ]  # fmt: skip
    rows = {
        text(row.find("th")): dict(zip(headings[1:], [text(td) for td in row.findall("td")]))
        for row in table.findall("./tbody/tr")
    }

    def millis(row: str, column: str) -> float:
        number, unit = rows[row][column].split()
        assert unit == "ms"
        return float(number)

    for check in ("ex01 concurrent", "ex01 really-calls (hidden)"):
        assert 0 < millis(check, "Median time") <= millis(check, "Longest")
    # The drinks alone do not wait for the slow shop.
    assert millis("ex01 concurrent", "Longest") > millis("ex01 durations", "Median time")
    assert rows["ex01 predict"]["Longest"] == "" and rows["ex01 why"]["Median time"] == ""
    assert rows["ex01 concurrent"]["Passed"] == "60 %"
    assert rows["ex01 concurrent"]["Commonest failure"].startswith("2 × The shop took 12 s.")
    [chart] = [svg for svg in index.iter(f"{SVG}svg") if "Time of each check" in svg.attrib["aria-label"]]
    assert "ex01 concurrent: " in chart.attrib["aria-label"]
    assert len(list(chart.iter(f"{SVG}rect"))) == 5

    # A gradebook keeps no times, and its pages do not speak of them.
    kept = tmp_path / "kept"
    command = [cellist(), "gradebook", "--file", book, "export", "--html", kept]
    subprocess.run(command, check=True, capture_output=True)
    table = next(page(kept / "index.html").iter("table"))
    assert "Median time" not in [text(th) for th in table.iter("th")]


def luminance(colour: str) -> float:
    """Of WCAG 2.1."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_everybody_can_find_their_way(
    grade: Grade, specs: Path, handed_in: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "feedback"
    shop(handed_in / "bea" / "again" / "x.ipynb", "raise ValueError('no')")
    (handed_in / "broken.ipynb").write_text("{")
    grade(handed_in, "--html", folder, spec=specs)
    for path in [folder / "index.html", *(folder / "learners").iterdir()]:
        root = page(path)
        body = root.find("body")
        parts = [part.tag for part in body]
        assert parts in (["header", "main"], ["header", "nav", "main"]), path
        levels = [int(h.tag[1]) for h in root.iter() if re.fullmatch("h[1-6]", str(h.tag))]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels
        named = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        sections = list(root.iter("section"))
        assert sections
        for section in sections:
            assert text(named[section.attrib["aria-labelledby"]])
        for link in root.iter("a"):
            if link.attrib["href"].startswith("#"):
                assert link.attrib["href"][1:] in named
        for image in [*root.iter("img"), *root.iter(f"{SVG}svg")]:
            assert image.attrib.get("alt") or image.attrib["aria-label"]
        for table in root.iter("table"):
            assert text(table.find("caption"))
            assert all(th.attrib["scope"] in ("col", "row") for th in table.iter("th"))
    style = text(page(folder / "index.html").find(".//style"))
    assert "@media print" in style
    colours = re.findall(r"[{;] ?color: (#[0-9a-f]+)", style)
    assert len(colours) >= 4
    for colour in colours:
        # On white or, in what was raised, nearly white.
        assert (luminance("#f4f4f4") + 0.05) / (luminance(colour) + 0.05) >= 4.5, colour
    index = page(folder / "index.html")
    assert [text(link) for link in index.find("body/nav").iter("a")] == [SHOP, "Could not be graded"]
