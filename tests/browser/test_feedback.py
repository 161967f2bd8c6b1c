"""The pages of feedback as a browser shows and prints them."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from support.executable import REPOSITORY, cellist

SAMPLES = REPOSITORY / "notebooks/course/samples"


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages for two learners, one of them with notebooks of two kinds."""
    root = tmp_path_factory.mktemp("feedback")
    build = ["notebooks", "build", "--course", REPOSITORY / "notebooks/course", "--out", root]
    subprocess.run([cellist(), *build], check=True, capture_output=True)
    sample = json.loads((SAMPLES / "01-coffee-shop.ipynb").read_text())
    for learner, files in {
        "ann": ["async-exercises/01-coffee-shop.ipynb", "day02/03-gather.ipynb"],
        "bob": ["async-exercises/01-coffee-shop.ipynb"],
    }.items():
        for file in files:
            path = root / "in" / learner / file
            path.parent.mkdir(parents=True)
            student = json.loads((root / "student" / file).read_text())
            path.write_text(json.dumps(sample if "shop" in file else student))
    command = [cellist(), "grade", root / "in", "--spec", root / "specs", "--html", root / "html"]
    subprocess.run(command, check=True, capture_output=True)
    return root / "html"


def test_pages_show_their_pictures_and_print_without_what_only_screens_need(
    browser: BrowserContext, feedback: Path
) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    try:
        page.goto((feedback / "index.html").as_uri())
        page.get_by_role("link", name="ann").first.click()
        assert page.get_by_role("heading", level=1).inner_text() == "Feedback for ann"
        picture = page.get_by_role("img", name="Timeline of concurrent").first
        assert picture.evaluate("image => image.complete && image.naturalWidth") == 960
        page.get_by_role("navigation").get_by_role("link", name="day02").click()
        assert page.evaluate("document.querySelector(':target').textContent") == "day02/03-gather.ipynb"

        letters = page.get_by_text("The same in letters").first
        letters.press("Enter")
        assert page.get_by_text("coffee_shop").first.is_visible()

        for width in (1200, 400):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        page.emulate_media(media="print")
        assert not page.get_by_role("navigation").is_visible() and not letters.is_visible()
        assert picture.is_visible()
        assert page.pdf().startswith(b"%PDF")
        # A refused picture, style or script would be told.
        assert said == []
    finally:
        page.close()
