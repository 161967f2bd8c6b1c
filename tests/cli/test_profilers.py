"""`cProfile`, `tracemalloc`, the time zones, and psutil's figures where psutil is not installed."""

import pytest

WORK = """
import time
def inner(n):
    total = 0
    for i in range(n):
        total += len(str(i))
    return total
def outer():
    return [inner(n) for n in (100, 200)]
def count(n):
    return n and 1 + count(n - 1)
"""


def test_cprofile_counts_calls_and_callers(call, tmp_path):
    (tmp_path / "p.py").write_text(WORK + """
import cProfile, pstats
with cProfile.Profile() as profile:
    outer(); count(4)
stats = pstats.Stats(profile).stats
found = {key[2]: value for key, value in stats.items()}
assert found["inner"][:2] == (2, 2), found["inner"]
assert found["count"][:2] == (1, 5), found["count"]
assert found["<built-in method builtins.len>"][1] == 300
callers = {key[2]: value[:2] for key, value in found["inner"][4].items()}
assert callers in ({"outer": (2, 2)}, {"<listcomp>": (2, 2)}), callers
inner, whole = found["inner"][2], found["outer"][3]
assert 0 < inner <= found["inner"][3] <= whole
try:
    with cProfile.Profile(), cProfile.Profile():
        pass
except ValueError as error:
    print(error)
profile.dump_stats("out.prof")
assert pstats.Stats("out.prof").total_calls == pstats.Stats(profile).total_calls
""")
    done = call("python", "p.py")
    assert (done.stdout, done.stderr) == ("Another profiling tool is already active\n", "")


def test_cprofile_follows_coroutines(call, tmp_path):
    (tmp_path / "p.py").write_text("""
import asyncio, cProfile, pstats
async def step(): await asyncio.sleep(0)
async def main():
    for _ in range(3): await step()
profile = cProfile.Profile()
profile.runcall(asyncio.run, main())
found = {key[2]: value for key, value in pstats.Stats(profile).stats.items()}
# Each is entered once more than it waits.
print(found["step"][1], found["main"][1])
""")
    assert call("python", "p.py").stdout == "6 4\n"


def test_cprofile_from_the_command_line(call, tmp_path):
    (tmp_path / "p.py").write_text(WORK + "import sys; print(sys.argv, __name__); outer()\n")
    done = call("python", "-m", "cProfile", "-s", "cumulative", "p.py", "x")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['p.py', 'x'] __main__\n") and "(outer)" in done.stdout
    assert "Ordered by: cumulative time" in done.stdout
    assert "invalid choice: 'demo'" in call("python", "-m", "cProfile", "-s", "demo", "p.py").stderr


def test_tracemalloc_tells_where_memory_was_allocated(call, tmp_path):
    (tmp_path / "p.py").write_text("""
import tracemalloc
before = bytearray(1_000_000)
tracemalloc.start(5)
def make(n):
    return [bytearray(1000) for _ in range(n)]
kept = make(2000)
passing = bytearray(5_000_000); del passing
held, peak = tracemalloc.get_traced_memory()
assert 2_000_000 < held < 4_000_000, held
assert peak > held + 4_000_000, (held, peak)
first = tracemalloc.take_snapshot()
top = first.statistics("lineno")[0]
assert top.traceback[0].filename == __file__ and top.traceback[0].lineno == 6, top
assert top.size > 2_000_000 and top.count >= 2000, top
frames = tracemalloc.get_object_traceback(kept[7])
assert [frame.lineno for frame in frames] == [7, 6], frames
assert tracemalloc.get_object_traceback(before) is None
more = make(1000)
change = tracemalloc.take_snapshot().compare_to(first, "lineno")[0]
assert change.size_diff > 1_000_000 and change.count_diff >= 1000, change
del kept, more
assert tracemalloc.get_traced_memory()[0] < 1_500_000, tracemalloc.get_traced_memory()
tracemalloc.reset_peak()
assert tracemalloc.get_traced_memory()[1] < 2_000_000
tracemalloc.stop()
assert not tracemalloc.is_tracing() and tracemalloc.get_traced_memory() == (0, 0)
print("ok")
""")
    done = call("python", "p.py")
    assert done.stdout == "ok\n", done.stderr


def test_tracemalloc_holds_with_threads_and_forks(call, tmp_path):
    (tmp_path / "p.py").write_text("""
import os, threading, tracemalloc
tracemalloc.start()
def work():
    for _ in range(200):
        kept = [bytes(100) + b"x" for _ in range(50)]
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
pid = os.fork()
if not pid:
    os._exit(0 if tracemalloc.is_tracing() and tracemalloc.get_traced_memory()[0] > 0 else 1)
assert os.waitpid(pid, 0)[1] == 0
print(tracemalloc.get_traced_memory()[0] < 3_000_000)
""")
    done = call("python", "p.py")
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize(("options", "env", "frames"), [
    (["-X", "tracemalloc=3"], {}, "3"), ([], {"PYTHONTRACEMALLOC": "2"}, "2"), ([], {}, "off"),
    (["-E"], {"PYTHONTRACEMALLOC": "2"}, "off"),
])
def test_tracemalloc_from_the_start(call, monkeypatch, options, env, frames):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    source = "import tracemalloc as t; print(t.get_traceback_limit() if t.is_tracing() else 'off')"
    assert call("python", *options, "-c", source).stdout == f"{frames}\n"


def test_time_zones_of_the_system(call, tmp_path):
    """The system's zones are found; `tzdata` from the index is asked where it has none."""
    source = "import zoneinfo; print('/usr/share/zoneinfo' in zoneinfo.TZPATH)"
    assert call("python", "-c", source).stdout == "True\n"
    zones = tmp_path / "zones" / "Europe"
    zones.mkdir(parents=True)
    # A zone in version 1 of the format: one offset of an hour, called CET, and no changes.
    header = b"TZif" + bytes(16) + b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 4))
    (zones / "Here").write_bytes(header + (3600).to_bytes(4, "big") + b"\0\0" + b"CET\0")
    source = ("import zoneinfo, datetime; zone = zoneinfo.ZoneInfo('Europe/Here'); "
              "print(datetime.datetime(2026, 1, 1, tzinfo=zone).isoformat())")
    done = call("python", "-c", source, env={"PYTHONTZPATH": str(tmp_path / "zones"), "HOME": str(tmp_path)})
    assert done.stdout == "2026-01-01T00:00:00+01:00\n", done.stderr


def test_figures_of_processes(call, notebook, tmp_path):
    path = notebook("""
import psutil, os
me = psutil.Process()
rss = me.memory_info().rss
block = bytearray(50_000_000)
for i in range(0, len(block), 4096): block[i] = 1
assert 40_000_000 < me.memory_info()[0] - rss < 90_000_000
assert me.pid == os.getpid() and me.ppid() == os.getppid() and me.is_running()
assert me.cpu_times().user > 0 and me.num_threads() >= 1
assert me.cpu_percent() == 0.0
end = me.cpu_times().user + 0.2
while me.cpu_times().user < end: pass
assert me.cpu_percent() > 0
memory = psutil.virtual_memory()
assert 0 < memory.available <= memory.total and 0 <= memory.percent <= 100
assert psutil.cpu_count() == os.cpu_count()
child = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ)
assert [process.pid for process in me.children(recursive=True)] == [child]
psutil.Process(child).kill(); os.waitpid(child, 0)
try: psutil.Process(child)
except psutil.NoSuchProcess as error: print(error.pid == child)
def resident():
    import psutil
    return psutil.Process().memory_info().rss
import multiprocessing
with multiprocessing.get_context("spawn").Pool(1) as pool:
    assert pool.apply(resident) > 1_000_000
""")
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    assert '"True\\n"' in (tmp_path / "nb.ipynb").read_text() or "True" in done.stdout


def test_an_installed_psutil_goes_first(call, tmp_path, notebook):
    (tmp_path / "psutil.py").write_text("here = 'installed'\n")
    path = notebook("import sys; sys.path.insert(0, '.'); import psutil; assert psutil.here == 'installed'")
    done = call("run", path)
    assert done.returncode == 0, done.stdout + done.stderr
