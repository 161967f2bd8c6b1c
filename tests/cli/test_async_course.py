"""The cheatsheet and the exercises of an asyncio course run unchanged, as cells.

Their files are cells, each begun by `# %%`, with what is expected after them: `#>` a line of output,
`#?` a part of the output to standard error, `#!` the last line of an error.
"""

import json
import re
from pathlib import Path

import pytest

CELLS = Path(__file__).with_name("cells")

#: In place of aiohttp, which is compiled: what the cheatsheet uses of it, without the network.
AIOHTTP = """
import asyncio

class ClientSession:
    async def __aenter__(self): return self
    async def __aexit__(self, *exc): await asyncio.sleep(0)
    def get(self, url): return Response(url)

class Response:
    def __init__(self, url): self.url = url
    async def __aenter__(self):
        await asyncio.sleep(0.1)
        return self
    async def __aexit__(self, *exc): pass
    async def text(self): return f"page of {self.url}"
"""


def read(name):
    """The cells of a file: source, standard output and result, part of standard error, error."""
    for text in (CELLS / name).read_text(encoding="utf-8").split("# %%")[1:]:
        source, expected = [], {"#>": [], "#?": [], "#!": []}
        for line in text.splitlines()[1:]:
            expected.get(line[:2], source).append(line[3:] if line[:2] in expected else line)
        yield "\n".join(source), expected["#>"], expected["#?"], expected["#!"]


def outputs(cell):
    """What a cell put out, as `read` has it."""
    said, errors, error = "", "", []
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            error = [f"{output['ename']}: {output['evalue']}"]
        elif output.get("name") == "stderr":
            errors += "".join(output["text"])
        else:
            said += "".join(output["text"] if "text" in output else output["data"]["text/plain"])
    return said.splitlines(), errors, error


def without_times(lines):
    """On the wall clock, times are never exact."""
    return [re.sub(r"\d+\.\d+", "#", line) for line in lines]


@pytest.mark.parametrize("clock", ["virtual", "wall"])
@pytest.mark.parametrize("name", ["cheatsheet.py", "exercises.py"])
def test_cells_run_unchanged(call, notebook, tmp_path, name, clock):
    cells = list(read(name))
    (tmp_path / "aiohttp.py").write_text(AIOHTTP)
    # pytest is pure Python: a cell can import the one that runs this.
    for module in "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py.py":
        (tmp_path / module).symlink_to(Path(pytest.__file__).parents[1] / module)
    path = notebook(*(source for source, *_ in cells))
    done = call("run", path, "--clock", clock, "--allow-errors", timeout=100)
    assert done.returncode == 0, done.stderr
    told = without_times if clock == "wall" else list
    for (source, expected, warned, error), cell in zip(cells, json.loads(path.read_text())["cells"], strict=True):
        said, errors, failed = outputs(cell)
        assert (told(said), failed) == (told(expected), error), source
        assert all(part in errors for part in warned) and (warned or not errors), (source, errors)
