"""In JupyterLab's themes, light and dark, everything that a cell shows can be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from browser.notebook_page import NotebookPage

NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"

#: WCAG 2.1, 1.4.3: for text of normal size.
ENOUGH = 4.5
#: And 1.4.11: for a sign next to text that says the same.
ENOUGH_FOR_SIGNS = 3

SHOWN = {
    "timeline": "%%timeline\n%%clock virtual\nimport asyncio\nawait asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))",
    "error": "def shop(): return 1 / 0\nshop()",
    "advice": "import asyncio\nasync def work(): await asyncio.sleep(0)\nwork();",
    "table": "from IPython.display import HTML\nHTML('<table><tr><th>drink</th></tr><tr><td>tea</td></tr></table>')",
    "tasks": "waiting = asyncio.create_task(asyncio.sleep(1000), name='tea')\nawait asyncio.sleep(0)\n%tasks",
    "progress": "%progress",
    "check": "%check",
}

# The lowest contrast of any text in the outputs of a cell, with that text.
CONTRAST = """cell => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const blend = (over, under) => { const a = over[3] ?? 1; return [0, 1, 2].map(i => over[i] * a + under[i] * (1 - a)); };
  const behind = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, over) => blend(over, under), [255, 255, 255]);
  };
  const luminance = rgb => { const [r, g, b] = rgb.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = [];
  for (const area of cell.querySelectorAll('.jp-OutputArea-output')) {
    const walk = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode, element = node.parentElement;
      if (!node.data.trim() || !element.getClientRects().length) continue;
      const back = behind(element), front = blend(channels(getComputedStyle(element).color), back);
      const [high, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
      found.push([(high + 0.05) / (low + 0.05), node.data.trim()]);
    }
  }
  return found.sort((a, b) => a[0] - b[0]).slice(0, 20);
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_text_has_contrast(open_notebook: Callable[[str], NotebookPage], tmp_path: Path, theme: str) -> None:
    notebook = open_notebook(NOTEBOOK)
    notebook.wait_for_kernel()
    notebook.use_theme(theme)
    for name, source in SHOWN.items():
        cell = notebook.add(source)
        notebook.run(cell, seconds=100)
        low = notebook.element(cell).evaluate(CONTRAST)
        notebook.page.screenshot(path=tmp_path / f"{name}.png")
        print(f"{theme}, {name}: {tmp_path / name}.png; least contrast {low[:1]}")
        weak = [each for each in low if each[0] < (ENOUGH if len(each[1]) > 1 else ENOUGH_FOR_SIGNS)]
        assert not weak, (name, weak)
