"""ipywidgets, tqdm and rich from the package index, moved from the front end's side of the protocol."""

import ast
from collections.abc import Callable
from typing import Any

import pytest

from kernel.client import Kernel, Message, Run
from kernel.comms import Comm, buffers
from support import home
from support.packages import install

# The first test waits for the download.
pytestmark = pytest.mark.timeout(360)


@pytest.fixture(scope="session")
def said_by_pip(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """An environment of its own with the packages, and what pip said."""
    folder = tmp_path_factory.mktemp("widgets")
    env = home.make(folder)
    return env, install(env, folder, "ipywidgets", "tqdm", "rich")


@pytest.fixture(scope="session")
def env(said_by_pip: tuple[dict[str, str], str]) -> dict[str, str]:
    """In the place of the environment without packages."""
    return said_by_pip[0]


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel that has imported ipywidgets."""
    kernel = start_kernel()
    kernel.run("import ipywidgets as w")
    return kernel


def state(message: Message) -> dict[str, Any]:
    """The state of a widget, or what changed, that a message holds."""
    return message["content"]["data"].get("state", {})


def made(kernel: Kernel, code: str, model: str) -> tuple[Run, Comm]:
    """Runs a cell that makes one widget of a model."""
    run = kernel.run(code)
    assert run.content["status"] == "ok", run.content
    [message] = [m for m in run.of("comm_open") if state(m)["_model_name"] == model]
    assert message["content"]["target_name"] == "jupyter.widget"
    return run, Comm(kernel, message["content"]["comm_id"])


def value(kernel: Kernel, code: str) -> Any:
    """The value of an expression."""
    run = kernel.run(code)
    assert run.content["status"] == "ok", run.content
    return ast.literal_eval(run.of("execute_result")[0]["content"]["data"]["text/plain"])


def test_pip_installs_them(said_by_pip: tuple[dict[str, str], str]) -> None:
    assert "Successfully installed" in said_by_pip[1]


def test_a_slider_shows_and_tells_python_where_it_stands(kernel: Kernel) -> None:
    run, slider = made(kernel, "s = w.IntSlider(3, 0, 9)\ns", "IntSliderModel")
    view = run.of("execute_result")[0]["content"]["data"]["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": slider.comm_id}
    kernel.run("s.observe(lambda change: print(change.old, '->', change.new), 'value')")
    assert slider.update({"value": 7}).text() == "3 -> 7\n"
    assert value(kernel, "s.value") == 7
    # Python's own change goes out, and what Python corrects is told.
    run = kernel.run("s.value = 5")
    assert [state(m) for m in run.of("comm_msg")] == [{"value": 5}]
    corrected = slider.update({"value": 100})
    assert {"value": 9} in [state(m) for m in corrected.of("comm_msg")]
    kernel.run("s.close()")
    assert slider.comm_id not in kernel.request("comm_info_request").content["comms"]


def test_a_buttons_callback_prints_fails_and_changes_other_widgets(kernel: Kernel) -> None:
    _, button = made(kernel, "b = w.Button(description='go'); t = w.IntText()", "ButtonModel")
    click = {"method": "custom", "content": {"event": "click"}}
    kernel.run("def clicked(b):\n    print('clicked', b.description)\n    t.value += 1\n    1 / (t.value - 2)\n"
               "b.on_click(clicked)")
    assert button.send(click).text() == "clicked go\n"
    failed = button.send(click)
    assert [m["content"]["ename"] for m in failed.of("error")] == ["ZeroDivisionError"]
    assert value(kernel, "t.value") == 2


def test_a_cell_awaits_a_click(kernel: Kernel) -> None:
    _, button = made(kernel, "import asyncio\nb = w.Button()", "ButtonModel")
    cell = kernel.start(
        "clicks = asyncio.Queue()\nb.on_click(clicks.put_nowait)\nprint('waits')\n"
        "for n in range(3): await clicks.get()\nprint('three')"
    )
    kernel.await_output(cell, "waits")
    for _ in range(3):
        button.start({"method": "custom", "content": {"event": "click"}})
    assert kernel.finish(cell).text() == "waits\nthree\n"


def test_an_output_widget_captures_by_the_id_of_the_message(kernel: Kernel) -> None:
    run, output = made(kernel, "o = w.Output()\nwith o:\n    print('in')\n    1/0\nprint('out')", "OutputModel")
    steps = [state(m).get("msg_id", m["msg_type"]) if m["msg_type"] == "comm_msg" else m["msg_type"]
             for m in run.iopub if m["msg_type"] in ("comm_msg", "stream", "error")]
    assert steps == [run.msg_id, "stream", "error", "", "stream"]
    assert run.content["status"] == "ok"
    # In a callback it is the callback's own message.
    _, button = made(kernel, "b = w.Button()\n@b.on_click\n@o.capture()\ndef clicked(b): print('in')",
                     "ButtonModel")
    clicked = button.send({"method": "custom", "content": {"event": "click"}})
    updates = [state(m)["msg_id"] for m in clicked.of("comm_msg") if m["content"]["comm_id"] == output.comm_id]
    assert updates == [clicked.msg_id, ""]
    assert clicked.text() == "in\n"


def test_interact_calls_its_function_at_every_move(kernel: Kernel) -> None:
    run, slider = made(kernel, "@w.interact(x=(0, 9))\ndef double(x=2): print(2 * x)", "IntSliderModel")
    assert run.text() == "4\n"
    assert "application/vnd.jupyter.widget-view+json" in run.of("display_data")[0]["content"]["data"]
    moved = slider.update({"value": 4})
    assert moved.text() == "8\n"
    assert moved.of("clear_output")[0]["content"] == {"wait": True}


def test_boxes_links_and_progress(kernel: Kernel) -> None:
    run = kernel.run(
        "a, b, p = w.IntSlider(), w.IntText(), w.FloatProgress(0.5, max=1)\n"
        "js, py = w.jslink((a, 'value'), (b, 'value')), w.link((a, 'value'), (b, 'value'))\n"
        "display(w.HBox([a, w.VBox([b, p])]))"
    )
    ids = {state(m)["_model_name"]: f"IPY_MODEL_{m['content']['comm_id']}" for m in run.of("comm_open")}
    states = {state(m)["_model_name"]: state(m) for m in run.of("comm_open")}
    assert states["LinkModel"]["source"] == [ids["IntSliderModel"], "value"]
    assert states["HBoxModel"]["children"] == [ids["IntSliderModel"], ids["VBoxModel"]]
    assert states["VBoxModel"]["children"] == [ids["IntTextModel"], ids["FloatProgressModel"]]
    text = run.of("display_data")[0]["content"]["data"]["text/plain"]
    assert text.startswith("HBox(children=(IntSlider(value=0), VBox(children=(IntText(value=0), FloatProgress(")
    Comm(kernel, ids["IntTextModel"].removeprefix("IPY_MODEL_")).update({"value": 6})
    assert value(kernel, "a.value") == 6


def test_binary_state_goes_both_ways(kernel: Kernel) -> None:
    run, image = made(kernel, "i = w.Image(value=b'\\x89PNG\\0')", "ImageModel")
    [message] = [m for m in run.of("comm_open") if state(m)["_model_name"] == "ImageModel"]
    assert message["content"]["data"]["buffer_paths"] == [["value"]]
    assert buffers(message) == [b"\x89PNG\0"]
    image.update({}, buffer_paths=[["value"]], buffers=[b"\0new\xff"])
    assert value(kernel, "bytes(i.value)") == b"\0new\xff"


def test_a_page_that_is_loaded_again_gets_all_widgets(kernel: Kernel) -> None:
    _, image = made(kernel, "s = w.IntSlider(4); i = w.Image(value=b'data')", "ImageModel")
    known = kernel.request("comm_info_request", {"target_name": "jupyter.widget"}).content["comms"]
    assert image.comm_id in known
    control = Comm(kernel)
    control.open("jupyter.widget.control", metadata={"version": "1.0.0"})
    [answer] = control.send({"method": "request_states"}).of("comm_msg")
    data = answer["content"]["data"]
    assert data["method"] == "update_states"
    assert set(data["states"]) == set(known)
    assert data["buffer_paths"] == [[image.comm_id, "state", "value"]]
    assert buffers(answer) == [b"data"]


@pytest.mark.parametrize("module", ["tqdm.notebook", "tqdm.auto"])
def test_tqdm_shows_a_bar_that_is_a_widget(kernel: Kernel, module: str) -> None:
    run, bar = made(
        kernel,
        f"from {module} import tqdm\nfor i in tqdm(range(3), desc='count', mininterval=0): pass",
        "FloatProgressModel",
    )
    [shown] = run.of("display_data")
    assert "application/vnd.jupyter.widget-view+json" in shown["content"]["data"]
    values = [state(m)["value"] for m in run.of("comm_msg")
              if m["content"]["comm_id"] == bar.comm_id and "value" in state(m)]
    assert values == [1, 2, 3]
    assert run.text("stderr") == ""


def test_tqdm_without_widgets_rewrites_its_line(kernel: Kernel) -> None:
    run = kernel.run("from tqdm import tqdm\nfor i in tqdm(range(5), desc='count', mininterval=0): pass")
    lines = run.text("stderr").rstrip("\n").split("\r")
    assert lines[0] == ""
    shown = [line.partition("|")[0] for line in lines[1:]]
    assert [shown[0], shown[-1]] == ["count:   0%", "count: 100%"]
    assert run.text("stderr").count("\n") == 1


def test_richs_bar_replaces_what_it_showed(kernel: Kernel) -> None:
    run, output = made(kernel, "from rich.progress import track\nfor i in track(range(3), 'count'): pass", "OutputModel")
    # Every picture goes into the same widget, in the place of the one before.
    seen = [state(m)["msg_id"] if m["msg_type"] == "comm_msg" else m["msg_type"] for m in run.iopub
            if m["msg_type"] in ("comm_msg", "clear_output", "display_data")]
    pictures = (len(seen) - 2) // 4
    assert pictures >= 2
    assert seen == ["display_data", *[run.msg_id, "clear_output", "display_data", ""] * pictures, "display_data"]
    assert all(m["content"] == {"wait": True} for m in run.of("clear_output"))
    assert "100%" in run.of("display_data")[-2]["content"]["data"]["text/plain"]
