"""JupyterLab behind `cellist lab`, and Debian's Chromium in front of it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from browser.notebook_page import NotebookPage
from support import home
from support.executable import REPOSITORY, cellist
from support.lab_server import LabServer

# Without the flags about background work Chromium asks Google's hosts at every start.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshot", type=Path, metavar="PNG", help="take the README's picture")


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The learner's environment, with the kernel installed for this user as install.sh does it."""
    env = home.make(tmp_path_factory.mktemp("home"))
    subprocess.run([cellist(), "kernel", "install", "--user"], env=env, check=True)
    return env


@pytest.fixture(scope="session")
def lab(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab on a fresh copy of the published course."""
    course = REPOSITORY / "notebooks" / "published"
    folder = tmp_path_factory.mktemp("learner") / "cellist-course"
    with LabServer(env, course, folder, folder.parent / "lab.log") as server:
        yield server


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course with what is not published: instructors' notebooks, and specs with hidden checks."""
    built = tmp_path_factory.mktemp("built")
    command = [cellist(), "notebooks", "build", "--out", built]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return built


@pytest.fixture(scope="session")
def score(built: Path, env: dict[str, str]) -> Callable[[Path], tuple[float, float]]:
    """Grades a submission: the points that it has, and the most that a machine can give."""

    def score(submission: Path) -> tuple[float, float]:
        command = [cellist(), "grade", submission, "--spec", built / "specs", "--json"]
        graded = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
        [entry] = json.loads(graded.stdout)
        return entry["verdict"]["points"], entry["verdict"]["max_points"]

    return score


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Headless Chromium with a profile of its own."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "found no Chromium; run `tests/run browser`, or `apt-get install chromium`"
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=chromium,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 860},
        )
        context.set_default_timeout(30_000)
        yield context
        context.close()


@pytest.fixture
def open_notebook(
    lab: LabServer, browser: BrowserContext, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], NotebookPage]]:
    """Opens a notebook of the learner's folder; keeps a picture of it when the test fails."""
    opened: list[NotebookPage] = []

    def open_one(path: str) -> NotebookPage:
        notebook = NotebookPage(browser.new_page(), lab.url, path)
        opened.append(notebook)
        return notebook

    failed_before = request.session.testsfailed
    yield open_one
    for notebook in opened:
        if request.session.testsfailed > failed_before:
            picture = tmp_path / "failed.png"
            notebook.page.screenshot(path=picture)
            print(f"the page at the end: {picture}\nJupyterLab's log: {lab.log}")
        notebook.close()
