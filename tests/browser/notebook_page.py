"""A notebook that is open in JupyterLab, worked on as a learner does: by mouse and keyboard.

Only what a learner sees with their eyes is read off the page's own objects, where the page would need
scrolling: which cell is which, whether it is running, what it printed.
"""

import re
from pathlib import Path

from playwright.sync_api import ElementHandle, Page, expect

# `cell(id)` finds a cell; every script below starts with this.
_SCRIPT = """
const panel = window.jupyterapp.shell.currentWidget;
const cell = id => {
  const found = panel.content.widgets.find(widget => widget.model.id === id);
  if (!found) throw new Error(`the notebook has no cell ${id}`);
  return found;
};
const text = id => cell(id).model.outputs.toJSON().map(output => {
  if (output.output_type === 'stream') return [output.text].flat().join('');
  if (output.output_type === 'error') return output.traceback.join('\\n');
  return [output.data['text/plain']].flat().join('');
}).join('\\n');
"""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NotebookPage:
    """One notebook in one browser tab."""

    def __init__(self, page: Page, url: str, path: str):
        self.page = page
        page.goto(f"{url}/lab/tree/{path}?reset")
        page.wait_for_function(
            """name => {
                const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
                return panel && panel.context && panel.context.isReady
                    && panel.context.path === name && panel.content.widgets.length > 0;
            }""",
            arg=path,
        )

    def wait_for_kernel(self) -> None:
        """Until the kernel has been started and says that it is idle."""
        self._wait("const kernel = panel.sessionContext.session?.kernel; return kernel?.status === 'idle'")

    def kernel_name(self) -> str:
        """The name of the kernelspec that runs this notebook."""
        return self._get("return panel.sessionContext.session.kernel.name")

    def dialogs(self) -> list[str]:
        """What the dialogs that lie over the page ask."""
        return self.page.locator(".jp-Dialog").all_inner_texts()

    def cells(self) -> list[str]:
        """The ids of the code cells, from the top."""
        return self._get(
            "return panel.content.widgets.filter(w => w.model.type === 'code').map(w => w.model.id)"
        )

    def replace(self, cell: str, source: str) -> None:
        """Selects all of the cell's text and enters `source` in its place."""
        self._edit(cell)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        assert self._get("return cell(arg).model.sharedModel.getSource()", cell) == source

    def rewrite(self, cell: str, old: str, new: str) -> None:
        """Opens a rendered Markdown cell by a double click, enters its text with `new` in place of
        `old`, and has it rendered again."""
        self.element(cell).wait_for_selector(".jp-RenderedMarkdown").dblclick()
        self._wait("return !cell(arg).rendered", cell)
        source = self._get("return cell(arg).model.sharedModel.getSource()", cell)
        assert source.count(old) == 1, f"{old!r} is in {cell} {source.count(old)} times"
        self.replace(cell, source.replace(old, new))
        self.page.keyboard.press("Control+Enter")
        self._wait("return cell(arg).rendered", cell)

    def wait_for_ticks(self, cell: str, count: int) -> None:
        """Until so many boxes of a Markdown cell are shown ticked: it is rendered in the background."""
        self.element(cell)
        self._wait(
            "const boxes = cell(arg.id).node.querySelectorAll('.jp-RenderedMarkdown input[type=checkbox]');"
            " return boxes.length > 0 && [...boxes].filter(box => box.checked).length === arg.count",
            {"id": cell, "count": count},
        )

    def add(self, source: str) -> str:
        """Adds a code cell at the very end; returns its id."""
        last = self._get("return panel.content.widgets.at(-1).model.id")
        # A click on the prompt selects the cell without editing it.
        self.element(last).wait_for_selector(".jp-InputArea-prompt", state="attached").click()
        self.page.keyboard.press("b")
        self._wait("return panel.content.widgets.at(-1).model.id !== arg", last)
        added = self._get("return panel.content.widgets.at(-1).model.id")
        self.replace(added, source)
        return added

    def start(self, cell: str) -> None:
        """Runs the cell by its key and does not wait."""
        self._edit(cell)
        before = self._get("return cell(arg).model.executionCount", cell)
        self.page.keyboard.press("Control+Enter")
        self._wait(
            "return cell(arg.id).model.executionState !== 'idle'"
            " || cell(arg.id).model.executionCount !== arg.before",
            {"id": cell, "before": before},
        )

    def wait_for_end(self, cell: str, seconds: float = 30) -> str:
        """Until the cell has run to its end; returns what it printed, without colours."""
        self._wait(
            "return cell(arg).model.executionState === 'idle' && cell(arg).model.executionCount !== null",
            cell,
            seconds,
        )
        return self.text(cell)

    def run(self, cell: str, seconds: float = 30) -> str:
        """Runs the cell by its key to its end; returns what it printed."""
        self.start(cell)
        return self.wait_for_end(cell, seconds)

    def wait_for_text(self, cell: str, wanted: str, seconds: float = 30) -> None:
        """Until the cell's output holds `wanted`."""
        self._wait("return text(arg.id).includes(arg.wanted)", {"id": cell, "wanted": wanted}, seconds)

    def text(self, cell: str) -> str:
        """What the cell printed, displayed or raised, without colours."""
        return _ANSI.sub("", self._get("return text(arg)", cell))

    def shown_text(self, cell: str) -> str:
        """The output as the page shows it; empty when it shows none."""
        return "\n".join(
            area.inner_text() for area in self.element(cell).query_selector_all(".jp-OutputArea-output")
        )

    def wait_until_shown(self, cell: str, wanted: str) -> None:
        """Until the page shows `wanted` in the cell's output: it is rendered in the background."""
        self.element(cell)
        self._wait(
            "const areas = [...cell(arg.id).node.querySelectorAll('.jp-OutputArea-output')];"
            " return areas.some(area => area.innerText.includes(arg.wanted))",
            {"id": cell, "wanted": wanted},
        )

    def use_theme(self, name: str) -> None:
        """Changes the colours of all of JupyterLab, as its menu does."""
        self._get("await window.jupyterapp.commands.execute('apputils:change-theme', {theme: arg})", name)
        is_light = str(not name.endswith("Dark")).lower()
        self.page.wait_for_selector(f"body[data-jp-theme-name='{name}'][data-jp-theme-light='{is_light}']", state="attached")

    def stop(self) -> None:
        """Presses the toolbar's stop button."""
        self._toolbar("interrupt").click()

    def save(self) -> None:
        """Saves by the keyboard and waits until the file has been written."""
        self.page.keyboard.press("Control+S")
        self._wait("return !panel.context.model.dirty")

    def take_picture(self, path: Path, cell: str) -> None:
        """A picture of the window with `cell` at its top, and without the list of files."""
        if self.page.locator("#jp-left-stack").is_visible():
            self.page.keyboard.press("Control+B")
            expect(self.page.locator("#jp-left-stack")).to_be_hidden()
        self.page.set_viewport_size({"width": 1280, "height": 1110})
        self.element(cell).evaluate("element => element.scrollIntoView({block: 'start'})")
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Ends the kernel, so that the next test starts from nothing."""
        self._get("await panel.sessionContext.shutdown()")
        self.page.close()

    def _toolbar(self, name: str):
        button = self.page.locator(f".jp-NotebookPanel-toolbar [data-jp-item-name='{name}'] jp-button")
        expect(button).to_be_visible()
        return button

    def _edit(self, cell: str) -> None:
        self.element(cell).wait_for_selector(".jp-InputArea-editor .cm-content", state="attached").click()

    def element(self, cell: str) -> ElementHandle:
        """The cell's element, scrolled into view: JupyterLab keeps only what is near it on the page."""
        handle = self.page.evaluate_handle(
            f"""async arg => {{ {_SCRIPT}
                const index = panel.content.widgets.indexOf(cell(arg));
                await panel.content.scrollToItem(index, 'auto');
                return cell(arg).node; }}""",
            cell,
        )
        element = handle.as_element()
        assert element is not None, f"cell {cell} is not on the page"
        element.scroll_into_view_if_needed()
        return element

    def _get(self, body: str, arg: object = None):
        return self.page.evaluate(f"async arg => {{ {_SCRIPT} {body} }}", arg)

    def _wait(self, body: str, arg: object = None, seconds: float = 30) -> None:
        self.page.wait_for_function(f"arg => {{ {_SCRIPT} {body} }}", arg=arg, timeout=seconds * 1000)
