"""asyncio in cells: the reason this kernel exists."""

from kernel.client import Kernel

COFFEE = """
import asyncio

async def serve(drink):
    print(f"making {drink}")
    await asyncio.sleep(0.01)
    print(f"{drink} is ready")
    return drink

async def coffee_shop():
    return await asyncio.gather(serve("tea"), serve("espresso"))
"""
SERVED = "making tea\nmaking espresso\ntea is ready\nespresso is ready\n"


def test_run_and_await_work_after_each_other(kernel: Kernel) -> None:
    assert kernel.run(COFFEE).content["status"] == "ok"
    for code in ["asyncio.run(coffee_shop())", "await coffee_shop()"] * 2:
        run = kernel.run(code)
        assert run.content["status"] == "ok", (code, run.content)
        assert run.text() == SERVED
        assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "['tea', 'espresso']"


def test_run_and_await_work_in_one_cell(kernel: Kernel) -> None:
    kernel.run(COFFEE)
    run = kernel.run("a = await coffee_shop()\nb = asyncio.run(coffee_shop())\na == b == await coffee_shop()")
    assert run.text() == SERVED * 3
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "True"


def test_run_inside_a_coroutine_is_still_refused(kernel: Kernel) -> None:
    kernel.run(COFFEE)
    run = kernel.run("async def nested():\n    asyncio.run(coffee_shop())\nawait nested()")
    assert run.content["ename"] == "RuntimeError"
    assert "cannot be called from a running event loop" in run.content["evalue"]


def test_a_task_goes_on_between_cells_and_prints_into_its_own(kernel: Kernel) -> None:
    code = """
import asyncio
go = asyncio.Event()
async def later():
    print("begins")
    await go.wait()
    print("goes on")
task = asyncio.create_task(later())
"""
    maker = kernel.run(code)
    assert kernel.other("stream", maker.msg_id)["content"]["text"] == "begins\n"
    kernel.run("x = 1")
    setter = kernel.run("go.set()")
    assert setter.text() == ""
    assert kernel.other("stream", maker.msg_id)["content"]["text"] == "goes on\n"


def test_a_task_prints_into_its_own_cell_while_another_runs(kernel: Kernel) -> None:
    maker = kernel.run(
        "import asyncio\n"
        "async def tick():\n"
        "    while True:\n"
        "        await asyncio.sleep(0.01)\n"
        "        print('tick')\n"
        "task = asyncio.create_task(tick())"
    )
    other = kernel.run("await asyncio.sleep(0.2); print('mine')")
    assert other.text() == "mine\n"
    assert "tick\n" in kernel.other("stream", maker.msg_id)["content"]["text"]
    kernel.run("task.cancel()")


def test_a_thread_prints_into_its_own_cell(kernel: Kernel) -> None:
    starter = kernel.run(
        "import threading\n"
        "go = threading.Event()\n"
        "def work():\n"
        "    go.wait()\n"
        "    print('from the thread')\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()"
    )
    joiner = kernel.run("go.set(); thread.join(); print('joined')")
    assert joiner.text() == "joined\n"
    assert kernel.other("stream", starter.msg_id)["content"]["text"] == "from the thread\n"
