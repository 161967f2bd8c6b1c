"""The kernel behind Jupyter's own programs: the kernel manager, and nbclient."""

import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import groupby

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from kernel.client import PATIENCE
from support.executable import cellist

NAME = "managed"


@pytest.fixture(autouse=True)
def installed(env: dict[str, str], adopt_env: Callable[[], None]) -> None:
    """Puts the kernel where this process's jupyter_client looks for kernels."""
    subprocess.run([cellist(), "kernel", "install", "--user", "--name", NAME], env=env, check=True)
    adopt_env()


@pytest.fixture
def manager() -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name=NAME)
    manager.start_kernel()
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


def test_interrupt_restart_and_shutdown(manager: KernelManager) -> None:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)

    client.execute("print('begun')\nwhile True: pass")
    while client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=PATIENCE)["content"]["ename"] == "KeyboardInterrupt"

    client.execute("x = 1", reply=True, timeout=PATIENCE)
    first = manager.provisioner.pid
    manager.restart_kernel()
    client.wait_for_ready(timeout=PATIENCE)
    assert manager.provisioner.pid != first
    reply = client.execute("x", reply=True, timeout=PATIENCE)
    assert reply["content"]["ename"] == "NameError"

    began = time.monotonic()
    process = manager.provisioner.process
    manager.shutdown_kernel()
    assert process.returncode == 0, "the kernel had to be killed"
    assert time.monotonic() - began < 4
    client.stop_channels()


def test_a_kernel_that_dies_is_started_again_on_the_same_ports(manager: KernelManager) -> None:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    manager.signal_kernel(9)
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=PATIENCE)
    assert client.execute("1", reply=True, timeout=PATIENCE)["content"]["status"] == "ok"
    client.stop_channels()


def execute(*sources: str, **options: object) -> nbformat.NotebookNode:
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name=NAME, timeout=PATIENCE, **options).execute()
    nbformat.validate(notebook)
    return notebook


def test_nbclient_runs_a_notebook() -> None:
    notebook = execute(
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    return 'tea'",
        "asyncio.run(f())",
        "await f()",
        "import sys\nprint('out'); print('err', file=sys.stderr)",
    )
    outputs = [cell.outputs for cell in notebook.cells]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    assert outputs[0] == []
    assert outputs[1][0].data["text/plain"] == outputs[2][0].data["text/plain"] == "'tea'"
    # On a busy machine a line may come in two messages.
    texts = [(name, "".join(o.text for o in group)) for name, group in groupby(outputs[3], key=lambda o: o.name)]
    assert texts == [("stdout", "out\n"), ("stderr", "err\n")]


def test_nbclient_stops_at_a_failure_or_goes_on() -> None:
    with pytest.raises(CellExecutionError, match="division by zero"):
        execute("1 / 0", "print('ran')")
    notebook = execute("1 / 0", "print('ran')", allow_errors=True)
    assert notebook.cells[0].outputs[0].ename == "ZeroDivisionError"
    # On a busy machine a line may come in two messages.
    assert "".join(output.text for output in notebook.cells[1].outputs) == "ran\n"
