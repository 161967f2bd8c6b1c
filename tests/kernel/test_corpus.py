"""Notebooks run by the programs that run them unattended: nbclient, papermill, nbconvert.

What they come to is compared with what ipykernel makes of the same notebooks.
"""

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from papermill.exceptions import PapermillExecutionError

from kernel.client import PATIENCE
from kernel.corpus import ALIKE, ASYNCIO_RUN, INPUT, notebook
from support.executable import cellist

OURS, THEIRS = "cellist-corpus", "ipykernel-corpus"


@pytest.fixture(autouse=True)
def installed(env: dict[str, str], adopt_env: Callable[[], None]) -> None:
    """Puts both kernels where this process's jupyter_client looks for kernels."""
    subprocess.run([cellist(), "kernel", "install", "--user", "--name", OURS], env=env, check=True)
    adopt_env()
    spec = Path(env["JUPYTER_DATA_DIR"]) / "kernels" / THEIRS / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": THEIRS, "language": "python"}))


def execute(cells: list[Any], kernel: str, folder: Path, **options: Any) -> nbformat.NotebookNode:
    """Runs a notebook; each kernel has a folder of its own."""
    folder = folder / kernel
    folder.mkdir(exist_ok=True)
    made = notebook(cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(made, kernel_name=kernel, timeout=PATIENCE, resources=resources, **options).execute()
    nbformat.validate(made)
    return made


def outcome(made: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """What the cells came to, without what has to differ: how a stream was cut up, tracebacks."""
    return [
        {"source": cell.source, "number": cell.execution_count, "outputs": _outputs(cell)}
        for cell in made.cells
        if cell.cell_type == "code"
    ]


def _outputs(cell: nbformat.NotebookNode) -> list[Any]:
    """Adjacent streams by name: ipykernel does not keep their order among each other. And it runs `!cmd` in a
    terminal, which ends lines with carriage returns."""
    found: list[Any] = []
    for streams, group in groupby(cell.outputs, key=lambda output: output.output_type == "stream"):
        if streams:
            texts: dict[str, str] = {}
            for output in group:
                texts[output.name] = texts.get(output.name, "") + output.text
            found += sorted((name, text.replace("\r\n", "\n")) for name, text in texts.items())
            continue
        for output in group:
            if output.output_type == "error":
                assert output.ename in "".join(output.traceback)
            known = {key: value for key, value in output.items() if key != "traceback"}
            if "data" in output:
                known["data"] = {kind: _alike(kind, value) for kind, value in output.data.items()}
            found.append(known)
    return found


def _alike(kind: str, value: Any) -> Any:
    """Without addresses; of HTML, without the spaces that mean nothing."""
    value = re.sub("0x[0-9a-f]+", "0x", value) if isinstance(value, str) else value
    return " ".join(value.split()) if kind == "text/html" else value


@pytest.mark.parametrize("name", ALIKE)
def test_a_notebook_comes_to_the_same_as_on_ipykernel(name: str, tmp_path: Path) -> None:
    ours, theirs = (outcome(execute(ALIKE[name], kernel, tmp_path)) for kernel in (OURS, THEIRS))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other


def test_the_state_of_widgets_is_kept_as_on_ipykernel(tmp_path: Path) -> None:
    kept = []
    for kernel in (OURS, THEIRS):
        made = execute(ALIKE["comms"], kernel, tmp_path)
        states = made.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
        kept.append(sorted(states, key=lambda state: state["model_name"]))
    assert kept[0] == kept[1]
    assert kept[0][0]["state"]["width"] == "2px"
    assert kept[0][1]["buffers"] == [{"data": "AP8=", "path": ["value"], "encoding": "base64"}]


def test_asyncio_run_and_await_in_one_notebook(tmp_path: Path) -> None:
    cells = outcome(execute(ASYNCIO_RUN, OURS, tmp_path))
    assert [cell["number"] for cell in cells] == list(range(1, 8))
    shown = [output["data"]["text/plain"] for cell in cells for output in cell["outputs"] if "data" in output]
    assert shown == ["'tea'", "'tea'", "('tea', 'tea')"]
    assert cells[3]["outputs"] == [("stdout", "tea tea\n")]
    assert cells[6]["outputs"][0]["ename"] == "TypeError"


def test_errors_stop_a_notebook_unless_allowed(tmp_path: Path) -> None:
    cells = ["1 / 0", "print('ran')"]
    ours, theirs = (outcome(execute(cells, kernel, tmp_path, allow_errors=True)) for kernel in (OURS, THEIRS))
    assert ours == theirs
    assert ours[1]["outputs"] == [("stdout", "ran\n")]


def test_questions_are_refused_and_the_rest_runs(tmp_path: Path) -> None:
    cells = execute(INPUT, OURS, tmp_path).cells
    for asked in cells[1:3]:
        assert "nobody to ask" in asked.outputs[-1].evalue
    assert _outputs(cells[3]) == [("stdout", "goes on\n")]


@pytest.mark.parametrize(
    "endless",
    ["while True: pass", "import time; time.sleep(1000)", "import asyncio; await asyncio.sleep(1000)",
     "import asyncio; asyncio.run(asyncio.sleep(1000))", "import threading; threading.Event().wait()",
     "import subprocess; subprocess.run(['sleep', '1000'])"],
)
def test_a_cell_that_takes_too_long_is_interrupted_and_the_rest_runs(endless: str, tmp_path: Path) -> None:
    made = execute(
        ["kept = 1", f"print('begun')\n{endless}", "print('goes on', kept)"], OURS, tmp_path,
        interrupt_on_timeout=True, allow_errors=True,
        timeout_func=lambda cell: 2 if "begun" in cell.source else PATIENCE,
    )
    cells = outcome(made)
    assert cells[1]["outputs"][0] == ("stdout", "begun\n")
    assert cells[1]["outputs"][-1]["ename"] == "KeyboardInterrupt"
    assert cells[2]["outputs"] == [("stdout", "goes on 1\n")]


PARAMETERS = {
    "count": 3, "share": 0.5, "name": 'O\'Hara said "é"\\n', "flag": True, "nothing": None,
    "many": [1, "two", [3.0]], "table": {"a": {"b": [None, False]}}, "endless": float("inf"),
}
USES = [
    ("count = 1\nshare: float = 0.1  # of the whole\nname = 'x'", "parameters"),
    "print(count, share, name)",
    "print(flag, nothing, many, table, endless)",
]


def saved(folder: Path, kernel: str, cells: list[Any]) -> Path:
    """A notebook file as JupyterLab saves it: it names its kernel and the kernel's language."""
    spec = KernelSpecManager().get_kernel_spec(kernel)
    kernelspec = {"name": kernel, "display_name": spec.display_name, "language": spec.language}
    path = folder / f"{kernel}.ipynb"
    nbformat.write(notebook(cells, kernelspec=kernelspec), path)
    return path


def test_papermill_sets_parameters(tmp_path: Path) -> None:
    printed = []
    for kernel in (OURS, THEIRS):
        source = saved(tmp_path, kernel, USES)
        known = papermill.inspect_notebook(str(source))
        assert {name: row["inferred_type_name"] for name, row in known.items()} == {
            "count": "None", "share": "float", "name": "None"
        }
        done = tmp_path / f"{kernel}-done.ipynb"
        papermill.execute_notebook(str(source), str(done), parameters=PARAMETERS, progress_bar=False)
        made = nbformat.read(done, as_version=4)
        nbformat.validate(made)
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        assert code[1].metadata.tags == ["injected-parameters"]
        printed.append([_outputs(cell) for cell in code])
    ours, theirs = printed
    assert ours == theirs
    assert ours[2] == [("stdout", "3 0.5 O'Hara said \"é\"\\n\n")]
    assert ours[3] == [("stdout", "True None [1, 'two', [3.0]] {'a': {'b': [None, False]}} inf\n")]


def test_papermill_keeps_the_notebook_of_a_failed_run(tmp_path: Path) -> None:
    source, done = saved(tmp_path, OURS, ["print('ran')", "{}['missing']", "print('not run')"]), tmp_path / "done.ipynb"
    with pytest.raises(PapermillExecutionError, match="missing") as failed:
        papermill.execute_notebook(str(source), str(done), progress_bar=False)
    assert failed.value.ename == "KeyError"
    code = [cell for cell in nbformat.read(done, as_version=4).cells if cell.cell_type == "code"]
    assert _outputs(code[0]) == [("stdout", "ran\n")]
    assert code[1].outputs[-1].ename == "KeyError" and code[2].outputs == []


def test_nbconvert_executes_and_renders(env: dict[str, str], tmp_path: Path) -> None:
    source = saved(tmp_path, OURS, ["import asyncio\nasyncio.run(asyncio.sleep(0, 'te' + 'a'))", *ALIKE["displays"]])
    command = [sys.executable, "-m", "nbconvert", "--execute", "--allow-errors", "--log-level=ERROR"]
    for form in ("notebook", "html"):
        done = subprocess.run(
            [*command, "--to", form, "--output", "done", source], env=env, cwd=tmp_path, check=False,
            capture_output=True, text=True, timeout=100,
        )
        assert done.returncode == 0, done.stderr
    made = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    nbformat.validate(made)
    assert made.cells[1].outputs[0].data["text/plain"] == "'tea'"
    assert made.metadata.language_info.name == "python"
    page = html.unescape((tmp_path / "done.html").read_text())
    assert "<b>b</b>" in page
    assert "<pre>'tea'</pre>" in page
