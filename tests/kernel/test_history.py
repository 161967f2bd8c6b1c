"""Earlier cells: of this session and others, in a file that several kernels share."""

import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernel.client import Kernel
from support import home
from support.executable import cellist


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A home without any history."""
    folder = tmp_path / "home"
    folder.mkdir()
    return home.make(folder)


def file_of(env: dict[str, str]) -> Path:
    return Path(env["XDG_DATA_HOME"]) / "cellist" / "history.sqlite"


def ask(kernel: Kernel, **content: Any) -> list[Any]:
    """The rows of the answer to a history_request."""
    run = kernel.request("history_request", {"output": False, "raw": True} | content)
    assert run.content["status"] == "ok", run.content
    return run.content["history"]


def end(kernel: Kernel) -> None:
    kernel.client.shutdown()
    kernel.receive("control")
    assert kernel.process.wait(10) == 0


def cells(path: Path) -> list[tuple[int, int, str, str]]:
    """What the file has, as any program reads it."""
    with sqlite3.connect(path) as file:
        return file.execute("SELECT session, line, source, source_raw FROM history ORDER BY 1, 2").fetchall()


def test_a_later_kernel_knows_the_cells_of_an_earlier_one(
    start_kernel: Callable[..., Kernel], env: dict[str, str]
) -> None:
    first = start_kernel()
    for code in ("a = 1", "a + 1", "a = 1"):
        first.run(code)
    end(first)
    second = start_kernel()
    assert ask(second, hist_access_type="tail", n=2) == [[1, 2, "a + 1"], [1, 3, "a = 1"]]
    second.run("b = 2")
    second.run("1 / 0")
    second.run("silent", silent=True)
    second.run("unkept = 1", store_history=False)
    assert ask(second, hist_access_type="tail", n=3) == [[1, 3, "a = 1"], [2, 1, "b = 2"], [2, 2, "1 / 0"]]
    assert ask(second, hist_access_type="range", session=-1, start=2, stop=3) == [[1, 2, "a + 1"]]
    assert ask(second, hist_access_type="range", session=1, start=1) == [
        [1, 1, "a = 1"], [1, 2, "a + 1"], [1, 3, "a = 1"]]
    assert ask(second, hist_access_type="range", session=0, start=2) == [[2, 2, "1 / 0"]]
    assert ask(second, hist_access_type="range", session=7) == []
    assert ask(second, hist_access_type="search", pattern="a = ?") == [[1, 1, "a = 1"], [1, 3, "a = 1"]]
    assert ask(second, hist_access_type="search", pattern="a = ?", unique=True) == [[1, 3, "a = 1"]]
    assert ask(second, hist_access_type="search", pattern="[ab] = *", n=2) == [[1, 3, "a = 1"], [2, 1, "b = 2"]]
    end(second)
    assert [row[3] for row in cells(file_of(env))] == ["a = 1", "a + 1", "a = 1", "b = 2", "1 / 0"]


def test_the_history_is_nobody_elses(kernel: Kernel, env: dict[str, str]) -> None:
    kernel.run("password = 'x'")
    end(kernel)
    assert stat.S_IMODE(file_of(env).stat().st_mode) == 0o600
    assert stat.S_IMODE(file_of(env).parent.stat().st_mode) == 0o700


def test_outputs_and_what_cells_were_made_into_are_told_when_asked(kernel: Kernel, env: dict[str, str]) -> None:
    kernel.run("[1, 2]")
    kernel.run("%config HistoryManager.db_log_output = True")
    kernel.run("%precision 2\n1 / 3")
    assert ask(kernel, hist_access_type="range", output=True)[0] == [1, 1, ["[1, 2]", "[1, 2]"]]
    assert ask(kernel, hist_access_type="tail", n=1, output=True)[0][2][1] == "0.33"
    (row,) = ask(kernel, hist_access_type="tail", n=1, raw=False)
    assert "%precision" not in row[2] and row[2].endswith("1 / 3")
    end(kernel)
    # Values go into the file only where the user wants it.
    with sqlite3.connect(file_of(env)) as file:
        assert file.execute("SELECT line, output FROM output_history").fetchall() == [(3, "0.33")]
    assert cells(file_of(env))[2][2] != cells(file_of(env))[2][3]


def test_kernels_at_the_same_time(start_kernel: Callable[..., Kernel], env: dict[str, str]) -> None:
    kernels = [start_kernel() for _ in range(3)]
    for number in range(5):
        for name, kernel in enumerate(kernels):
            kernel.run(f"x = {name}, {number}")
    # Each has its own cells as the latest.
    for name, kernel in enumerate(kernels):
        assert [row[2] for row in ask(kernel, hist_access_type="tail", n=5)] == [
            f"x = {name}, {number}" for number in range(5)]
    for kernel in kernels:
        end(kernel)
    kept = cells(file_of(env))
    assert len(kept) == 15 and {row[0] for row in kept} == {1, 2, 3}


def test_the_magic_looks_into_other_sessions(start_kernel: Callable[..., Kernel], tmp_path: Path) -> None:
    first = start_kernel()
    first.run("a = 1")
    first.run("b = 2\nc = 3")
    end(first)
    kernel = start_kernel()
    kernel.run("d = 4")
    kernel.run("d")
    assert kernel.run("%history").text() == "d = 4\nd\n"
    assert kernel.run("%history ~1/").text() == "a = 1\nb = 2\nc = 3\n"
    assert kernel.run("%history -n ~1/2 1").text() == " 1/2: b = 2\n      c = 3\n   1: d = 4\n"
    assert kernel.run("%history -n 1/1-~0/1").text() == " 1/1: a = 1\n 1/2: b = 2\n      c = 3\n   1: d = 4\n"
    assert kernel.run("%history -op 1-2").text() == ">>> d = 4\n>>> d\n4\n"
    assert kernel.run("%history -g ? = [14]").text() == " 1/1: a = 1\n   1: d = 4\n"
    assert kernel.run("%history -l 2 -n").text() == "   7: %history -op 1-2\n   8: %history -g ? = [14]\n"
    assert "get_ipython" in kernel.run("%history -t 3").text()
    kernel.run("d")
    assert kernel.run("%history -u -g d -l 99").text().splitlines()[-1] == "  11: d"
    kernel.run(f"%history -f {tmp_path}/log.py ~1/1 2")
    assert (tmp_path / "log.py").read_text() == "a = 1\nd\n"
    assert kernel.run("%rerun ~1/1\na").of("execute_result")[0]["content"]["data"]["text/plain"] == "1"
    assert kernel.run("%history nonsense").content["ename"] == "UsageError"
    manager = kernel.run(
        "m = get_ipython().history_manager\n"
        "print(list(m.get_range(-1, 1, 2)), m.session_number, m.get_session_info(-1)[3])\n"
        "print(list(m.get_range_by_str('~1/1')), m.search('b*', n=1), m.get_tail(1))")
    assert manager.text().splitlines() == [
        "[(1, 1, 'a = 1')] 2 2",
        "[(1, 1, 'a = 1')] [(1, 2, 'b = 2\\nc = 3')] [(2, 15, '%history nonsense')]"]


def test_off_by_a_setting(start_kernel: Callable[..., Kernel], env: dict[str, str]) -> None:
    kernel = start_kernel()
    kernel.run("kept = 1")
    kernel.run("%config HistoryManager.enabled = False")
    kernel.run("secret = 2")
    assert kernel.run("%config HistoryManager.enabled").of("execute_result")
    # This session knows it all the same.
    assert [row[2] for row in ask(kernel, hist_access_type="search", pattern="*= [12]")] == ["kept = 1", "secret = 2"]
    kernel.run("%config HistoryManager.enabled = True")
    kernel.run("kept = 3")
    end(kernel)
    assert [row[3] for row in cells(file_of(env)) if row[3].startswith(("kept", "secret"))] == ["kept = 1", "kept = 3"]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_off_from_the_start(start_kernel: Callable[..., Kernel], env: dict[str, str], how: str) -> None:
    kernel = start_kernel()
    kernel.process.kill()
    kernel.process.wait()
    if how == "variable":
        kernel.env = env | {"CELLIST_HISTORY": "off"}
    kernel.process = kernel.launch(*["--history", "off"] if how == "option" else [])
    kernel.client.wait_for_ready(timeout=30)
    kernel.run("a = 1")
    assert ask(kernel, hist_access_type="tail", n=9) == [[1, 1, "a = 1"]]
    said = kernel.run("%history ~1/")
    assert said.content["ename"] == "UsageError" and "earlier sessions are not kept" in said.content["evalue"]
    end(kernel)
    assert not file_of(env).exists()


def test_another_file(start_kernel: Callable[..., Kernel], env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.sqlite"
    env["CELLIST_HISTORY"] = str(file)
    kernel = start_kernel()
    kernel.run("a = 1")
    end(kernel)
    assert [row[3] for row in cells(file)] == ["a = 1"] and not file_of(env).exists()


def broken(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough " * 200)


def read_only(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.executescript(
            "CREATE TABLE sessions (session INTEGER PRIMARY KEY, start, end, num_cmds, remark);"
            "CREATE TABLE history (session, line, source, source_raw, PRIMARY KEY (session, line));"
            "CREATE TABLE output_history (session, line, output, PRIMARY KEY (session, line));"
            "INSERT INTO sessions (start) VALUES ('2026-01-01 00:00:00');"
            "INSERT INTO history VALUES (1, 1, 'old', 'old');")
    path.chmod(0o400)


def full(path: Path) -> None:
    read_only(path)
    path.chmod(0o600)
    with sqlite3.connect(path) as file:
        file.execute("CREATE TRIGGER full BEFORE INSERT ON history "
                     "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("spoil", [broken, read_only, full, a_folder])
def test_a_file_that_is_no_good_keeps_nobody_from_working(
    start_kernel: Callable[..., Kernel], env: dict[str, str], spoil: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = file_of(env)
    path.parent.mkdir(parents=True)
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    if os.geteuid() == 0:
        # The superuser may write to any file, unless it gives that up.
        popen = subprocess.Popen
        weak = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", "--"]
        monkeypatch.setattr(subprocess, "Popen", lambda command, **rest: popen([*weak, *command], **rest))
    kernel = start_kernel()
    for code in ("a = 1", "a + 1", "b = 2"):
        assert kernel.run(code).content["status"] == "ok"
    rows = ask(kernel, hist_access_type="tail", n=9)
    assert [row[1:] for row in rows if row[2] != "old"] == [[1, "a = 1"], [2, "a + 1"], [3, "b = 2"]]
    assert [row[2] for row in ask(kernel, hist_access_type="range", session=0)] == ["a = 1", "a + 1", "b = 2"]
    end(kernel)
    said = kernel.log.read_text()
    assert said.count("the history goes on in memory") == 1 and str(path) in said
    assert before is None or spoil is full or path.read_bytes() == before


def test_a_locked_file_keeps_nobody_from_working(kernel: Kernel, env: dict[str, str]) -> None:
    kernel.run("a = 1")
    while not file_of(env).exists() or not cells_or_none(file_of(env)):
        assert kernel.process.poll() is None
    with sqlite3.connect(file_of(env), isolation_level=None, timeout=30) as other:
        other.execute("BEGIN IMMEDIATE")
        kernel.run("b = 2")
        assert [row[2] for row in ask(kernel, hist_access_type="tail", n=2)] == ["a = 1", "b = 2"]
        other.execute("ROLLBACK")
    end(kernel)
    assert [row[3] for row in cells(file_of(env))] == ["a = 1", "b = 2"]


def test_cells_survive_a_kernel_that_is_killed(kernel: Kernel, env: dict[str, str]) -> None:
    kernel.run("a = 1")
    kernel.run("%config HistoryManager")  # another cell
    # Written by itself, without anything more being said to the kernel.
    while not file_of(env).exists() or len(cells_or_none(file_of(env))) < 2:
        assert kernel.process.poll() is None
    kernel.process.kill()
    kernel.process.wait()
    assert [row[3] for row in cells(file_of(env))][0] == "a = 1"


def cells_or_none(path: Path) -> list[Any]:
    """The cells; none as long as the tables are being made."""
    try:
        return cells(path)
    except sqlite3.OperationalError:
        return []


def test_the_last_cell_is_kept_when_the_kernel_is_told_to_end_at_once(kernel: Kernel, env: dict[str, str]) -> None:
    run = kernel.start("print('begun')\nwhile True: pass")
    kernel.await_output(run, "begun")
    kernel.process.terminate()
    kernel.finish(run)
    assert kernel.process.wait(10) == 0
    assert [row[3] for row in cells(file_of(env))] == ["print('begun')\nwhile True: pass"]


def test_a_fork_has_no_history_and_does_not_hang(kernel: Kernel) -> None:
    run = kernel.run(
        "import os\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n"
        "        list(get_ipython().history_manager.get_range(-1))\n"
        "    except RuntimeError as error:\n"
        "        os._exit(7)\n"
        "    os._exit(8)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))")
    assert run.text() == "7\n"


def test_the_help_tells_of_it(env: dict[str, str]) -> None:
    said = subprocess.run([cellist(), "kernel", "--help"], env=env, capture_output=True, text=True, check=True)
    assert "--history" in said.stdout and "CELLIST_HISTORY" in said.stdout
