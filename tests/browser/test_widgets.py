"""Widgets in JupyterLab: what the mouse moves in the browser changes Python, and the other way round."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.notebook_page import NotebookPage
from support.executable import REPOSITORY
from support.packages import install

# The packages come from the index.
pytestmark = pytest.mark.timeout(360)

NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"
PICTURE = REPOSITORY / "build" / "pictures" / "widgets.png"


@pytest.fixture
def notebook(
    env: dict[str, str], tmp_path: Path, open_notebook: Callable[[str], NotebookPage]
) -> NotebookPage:
    """A notebook whose kernel finds ipywidgets."""
    # Without what is here already, such as IPython: that takes pip a minute.
    install(env, tmp_path, "--no-deps", "ipywidgets", "traitlets", "tqdm")
    page = open_notebook(NOTEBOOK)
    page.wait_for_kernel()
    return page


def test_widgets_are_moved_clicked_and_awaited(notebook: NotebookPage) -> None:
    page = notebook.page
    made = notebook.add(
        "import ipywidgets as w\n"
        "slider, text, out = w.IntSlider(description='cups', max=9), w.IntText(), w.Output()\n"
        "button, bar = w.Button(description='Brew'), w.IntProgress(max=9)\n"
        "link = w.jslink((slider, 'value'), (bar, 'value'))\n"
        "slider.observe(lambda change: setattr(text, 'value', 10 * change.new), 'value')\n"
        "@button.on_click\n"
        "@out.capture()\n"
        "def brew(_): print('brewed', slider.value, 'cups')\n"
        "w.VBox([slider, text, bar, button, out])"
    )
    notebook.run(made)
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    for _ in range(4):
        handle.press("ArrowRight")
    expect(page.locator(".widget-readout")).to_have_text("4")
    # Python has seen the move: it has set the other widget.
    expect(page.locator(".widget-text input[type=number]")).to_have_value("40")
    assert notebook.run(notebook.add("slider.value, text.value")) == "(4, 40)"

    page.get_by_role("button", name="Brew").click()
    expect(page.locator(".widget-output")).to_contain_text("brewed 4 cups")

    # Python moves the slider, and the browser's own link the bar.
    notebook.run(notebook.add("slider.value = 7"))
    expect(page.locator(".widget-readout")).to_have_text("7")
    expect(page.locator(".progress-bar").first).to_have_attribute("style", re.compile("width: 77"))

    waits = notebook.add(
        "import asyncio\n"
        "clicks = asyncio.Queue()\n"
        "button.on_click(clicks.put_nowait)\n"
        "print('waiting for a click')\n"
        "await clicks.get()\n"
        "print('clicked')"
    )
    notebook.start(waits)
    notebook.wait_for_text(waits, "waiting for a click")
    page.get_by_role("button", name="Brew").click()
    notebook.wait_for_end(waits)
    assert notebook.text(waits) == "waiting for a click\nclicked\n"

    notebook.run(notebook.add("from tqdm.auto import tqdm\nfor cup in tqdm(range(50), desc='serving'): pass"))
    expect(page.locator(".jp-OutputArea-output", has_text="serving").last).to_contain_text("50/50")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    notebook.take_picture(PICTURE, made)
