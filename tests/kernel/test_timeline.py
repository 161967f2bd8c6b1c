"""`%%timeline`, `%%clock` and `%tasks` as front ends see them."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from kernel.client import Kernel, Run

SHOP = """\
import asyncio, time
async def brew(seconds):
    await asyncio.sleep(seconds)
async def fails():
    await brew(2)
    raise ValueError("no <milk>")
async def stubborn():
    time.sleep(1)
async def endless(queue):
    await queue.get()
async def shop():
    late = asyncio.create_task(endless(asyncio.Queue()), name="late")
    done = await asyncio.gather(brew(3), fails(), stubborn(), return_exceptions=True)
    late.cancel()
    await asyncio.wait([late])
"""


def shown(run: Run) -> dict[str, str]:
    """What the cell displayed, by MIME type."""
    assert run.content["status"] == "ok", run.content
    (message,) = run.of("display_data")
    return message["content"]["data"]


def lanes(text: str) -> dict[str, str]:
    """The lines of a timeline in text, by the names of the tasks or threads."""
    return {line.split()[0]: line for line in text.splitlines()[2:-1]}


def test_a_timeline_shows_what_every_task_did(kernel: Kernel) -> None:
    kernel.run(SHOP)
    data = shown(kernel.run("%%timeline\n%%clock virtual\nasyncio.run(shop())"))
    text = data["text/plain"]
    assert text.splitlines()[0] == "5 tasks · 3 s of virtual time"
    found = {line.split("│")[0].split()[1]: line for line in text.splitlines()[2:-1]}
    assert re.search(r"shop +line 3 .*✔ .*gather 3 s", found["shop"]), text
    assert re.search(r"brew +line 13 .*✔ .*sleep 3 s", found["brew"]), text
    assert re.search(r"fails +line 13 .*✘ ValueError: no <milk>", found["fails"]), text
    assert re.search(r"stubborn .*▓.*✔ blocked 1 s \(time.sleep, line 8\)", found["stubborn"]), text
    assert re.search(r"late +endless +line 12 .*⊘ queue.get 3 s", text), text


def test_the_picture_is_svg_with_tooltips_and_has_all_of_it(kernel: Kernel) -> None:
    kernel.run(SHOP)
    picture = shown(kernel.run("%%timeline\n%%clock virtual\nasyncio.run(shop())"))["image/svg+xml"]
    root = ET.fromstring(picture)
    titles = [title.text or "" for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("blocks the event loop (time.sleep, line 8): 1 s" in title for title in titles), titles
    assert any("raise" not in title and "ValueError: no <milk> at Cell In[1]:6" in title for title in titles)
    assert any(title.startswith("asked to end: 3 s") for title in titles)
    assert "prefers-color-scheme:dark" in picture


def test_on_the_virtual_clock_it_is_the_same_every_time(env: dict[str, str], tmp_path: Path) -> None:
    pictures = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Kernel(folder, env) as kernel:
            kernel.run(SHOP)
            pictures.append(shown(kernel.run("%%timeline\n%%clock virtual\nasyncio.run(shop())")))
    assert pictures[0] == pictures[1]


def test_a_cell_that_awaits_and_one_with_threads_have_timelines(kernel: Kernel) -> None:
    kernel.run(SHOP)
    text = shown(kernel.run("%%timeline\nawait asyncio.gather(brew(0.02), brew(0.01))"))["text/plain"]
    assert re.match(r"3 tasks · \d", text), text
    assert re.search(r"Task-\d+ +brew +line 2 .*✔ .*sleep", text), text
    text = shown(kernel.run(
        "%%timeline\n%%clock virtual\nimport threading\nlock = threading.Lock()\n"
        "def work(seconds):\n    with lock:\n        time.sleep(seconds)\n"
        "threads = [threading.Thread(target=work, args=(n,), name=f'worker-{n}') for n in (1, 2)]\n"
        "for thread in threads: thread.start()\nfor thread in threads: thread.join()"))["text/plain"]
    found = lanes(text)
    assert text.startswith("3 threads · 3 s of virtual time"), text
    assert re.search(r"time.sleep 1 s", found["worker-1"]), text
    assert re.search(r"time.sleep 2 s, lock 1 s", found["worker-2"]), text
    assert re.search(r"join 3 s", found["main"]), text


def test_where_a_long_cells_records_begin_is_told(kernel: Kernel) -> None:
    kernel.run("import asyncio\nasync def long():\n    await asyncio.sleep(3)\n"
               "    for _ in range(40_000):\n        await asyncio.sleep(0)\n    await asyncio.sleep(1)")
    data = shown(kernel.run("%%timeline\n%%clock virtual\nasyncio.run(long())"))
    heading = "1 task · 4 s of virtual time · begins at 3 s: earlier records were dropped"
    assert data["text/plain"].splitlines()[0] == heading, data["text/plain"]
    assert "sleep 1 s" in data["text/plain"], "what is left of the task is drawn"
    assert heading in data["image/svg+xml"]
    assert "the records of the first 3 s were dropped" in data["image/svg+xml"]
    again = shown(kernel.run("%%timeline\n%%clock virtual\nasyncio.run(asyncio.sleep(1))"))
    assert "dropped" not in again["text/plain"]


def test_an_executor_is_seen(kernel: Kernel) -> None:
    kernel.run(SHOP)
    text = shown(kernel.run(
        "%%timeline\n%%clock virtual\nasync def main():\n    await asyncio.to_thread(time.sleep, 2)\n"
        "asyncio.run(main())"))["text/plain"]
    assert re.search(r"main .*✔ .*a thread 2 s", text), text
    assert re.search(r"asyncio_0 .*time.sleep 2 s", text), text


def test_options_print_save_and_refuse(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(SHOP)
    run = kernel.run(f"%%timeline --text --width 60 --save {tmp_path}/t.svg\nasyncio.run(brew(0))")
    assert run.text().startswith("1 task · "), run.text()
    assert max(map(len, run.text().splitlines())) <= 60
    assert ET.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")
    assert kernel.run("%%timeline --wide\n1").content["ename"] == "UsageError"
    failed = kernel.run("%%timeline\nasyncio.run(fails())")
    assert failed.content["ename"] == "ValueError"
    assert failed.of("display_data"), "what failed is shown, too"


def test_five_hundred_tasks_are_folded(kernel: Kernel) -> None:
    text = shown(kernel.run(
        "%%timeline\nimport asyncio\nasync def w(n): await asyncio.sleep(n / 10000)\n"
        "await asyncio.gather(*(w(n) for n in range(500)))"))["text/plain"]
    assert text.startswith("501 tasks"), text
    assert re.search(r"and 4\d\d more like it: done", text), text
    assert len(text.splitlines()) < 50


def test_a_cell_on_the_virtual_clock_takes_no_time_and_the_others_stand_still(kernel: Kernel) -> None:
    kernel.run("import asyncio, time\nt = asyncio.create_task(asyncio.sleep(3600))")
    run = kernel.run(
        "%%clock virtual\nbegun = time.monotonic()\nawait asyncio.sleep(3600)\ntime.sleep(60)\n"
        "left = asyncio.create_task(asyncio.sleep(1), name='left')\nawait asyncio.sleep(0)\n"
        "print(time.monotonic() - begun)\n%clock")
    assert run.content["status"] == "ok", run.content
    assert run.text() == (
        "3660.0\nThe virtual clock runs, at 3660 s. `%%clock wall` runs a cell in real time.\n")
    assert "and so did the task left" in run.text("stderr")
    run = kernel.run("print(t.done(), left.cancelled())\n%clock\nawait asyncio.sleep(0.01)")
    assert run.text().startswith("False True\nThe wall clock runs"), run.text()
    assert kernel.run("%%clock sideways\n1").content["ename"] == "UsageError"
    run = kernel.run("%%clock virtual\n1 / 0")
    assert run.content["ename"] == "ZeroDivisionError"
    assert kernel.run("%clock").text().startswith("The wall clock runs")


def test_tasks_lists_explains_and_cancels(kernel: Kernel) -> None:
    assert kernel.run("%tasks").text() == "Nothing runs in the background.\n"
    kernel.run(
        "import asyncio\nasync def inner(queue):\n    await queue.get()\nasync def outer():\n"
        "    await inner(asyncio.Queue())\nwaits = asyncio.create_task(outer(), name='waits')\n"
        "naps = asyncio.create_task(asyncio.sleep(1000), name='naps')\nawait asyncio.sleep(0)")
    listed = kernel.run("%tasks").text()
    assert re.search(r"waits +outer +waits: Queue.get +\d.* Cell In\[2\], line 3", listed), listed
    assert re.search(r"naps +sleep +waits: sleep", listed), listed
    stack = kernel.run("%tasks waits").text()
    assert re.search(
        r"made in Cell In\[2\], line 6\n.*line 5, in outer\n +await inner.*\n.*line 3, in inner\n +await queue", stack), stack
    assert kernel.run("%tasks cancel naps").text() == "Asked to end: naps\n"
    assert kernel.run("await asyncio.wait([naps])\nnaps.cancelled()").of("execute_result")
    assert "naps" not in kernel.run("%tasks").text()
    assert "waits" in kernel.run("%tasks cancel nobody").content["evalue"]
    kernel.run("%tasks cancel all\nawait asyncio.wait([waits])")
    assert kernel.run("%tasks").text() == "Nothing runs in the background.\n"


def test_tasks_lists_threads(kernel: Kernel) -> None:
    kernel.run(
        "import threading\nend = threading.Event()\nthread = threading.Thread(target=end.wait, name='waiter')\n"
        "thread.start()")
    assert re.search(r"thread +waiter +Event.wait", kernel.run("%tasks").text())
    assert kernel.run("%tasks waiter").text().startswith("Thread waiter:\n")
    kernel.run("end.set(); thread.join()")
    assert kernel.run("%tasks").text() == "Nothing runs in the background.\n"


def test_a_failed_check_shows_what_the_learners_run_did(kernel: Kernel) -> None:
    kernel.run(SHOP)
    kernel.run("async def slow():\n    for n in (1, 2):\n        await asyncio.create_task(brew(n))")
    check = "#| check: together\n#| points: 2\n#| hint: Took {t.elapsed} s.\nt = lab.run('slow')\nassert t.elapsed == 2"
    run = kernel.run(check)
    said, picture = [message["content"]["data"] for message in run.of("display_data")]
    assert said["text/plain"] == (
        "✘ together: not yet (2 points)\n  Took 3 s.\n  t.elapsed is 3; the check wants t.elapsed == 2")
    assert picture["text/plain"].startswith("3 tasks · 3 s of virtual time")
    assert "image/svg+xml" in picture
    run = kernel.run(check.replace("== 2", "== 3"))
    (only,) = run.of("display_data")
    assert only["content"]["data"]["text/plain"] == "✔ together: passed (2 points)"


def test_the_first_cell_may_be_on_the_virtual_clock(kernel: Kernel) -> None:
    """What asyncio's import puts off is then hooked when it is there."""
    run = kernel.run("%%clock virtual\nimport asyncio\nawait asyncio.sleep(3600)\nprint('an hour')")
    assert (run.content["status"], run.text()) == ("ok", "an hour\n")
    assert kernel.run("%%clock virtual\nimport subprocess\nsubprocess.run('echo tea', shell=True);").text() == "tea\n"
