"""A learner looks at the timeline of a cell in JupyterLab."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from browser.notebook_page import NotebookPage

NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"

SHOP = """\
import asyncio, time

async def barista(name, orders, machine):
    while True:
        drink, seconds = await orders.get()
        async with machine:
            await asyncio.sleep(seconds)
        orders.task_done()

async def milk():
    await asyncio.sleep(1.5)
    raise OSError("the fridge is empty")

async def phone():
    await asyncio.sleep(2)
    time.sleep(1.2)

async def shop():
    orders, machine = asyncio.Queue(), asyncio.Semaphore(2)
    for order in (("espresso", 1), ("latte", 2), ("cappuccino", 3), ("mocha", 1)):
        orders.put_nowait(order)
    staff = [asyncio.create_task(barista(name, orders, machine), name=name)
             for name in ("Ada", "Ben", "Cleo")]
    beside = asyncio.gather(milk(), phone(), asyncio.to_thread(time.sleep, 2.5), return_exceptions=True)
    await orders.join()
    await beside
    for person in staff:
        person.cancel()"""


def test_a_timeline_is_seen_as_a_picture(
    open_notebook: Callable[[str], NotebookPage], tmp_path: Path
) -> None:
    notebook = open_notebook(NOTEBOOK)
    notebook.wait_for_kernel()
    notebook.run(notebook.add(SHOP))
    cell = notebook.add("%%timeline\n%%clock virtual\nasyncio.run(shop())")
    said = notebook.run(cell)
    assert "✘ OSError: the fridge is" in said, said
    picture = notebook.page.locator(".jp-RenderedSVG img").last
    expect(picture).to_be_visible()
    width, height = picture.evaluate("async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }")
    assert (width, height > 200) == (960, True)
    notebook.take_picture(tmp_path / "timeline.png", cell)
    print(f"the page: {tmp_path / 'timeline.png'}")
