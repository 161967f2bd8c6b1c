"""multiprocessing from cells: every start method, nothing left behind."""

import json

import pytest

#: What a cell knows of its process: children that have ended and nobody asked, and descriptors.
LOOK = """import gc, os
def descriptors():
    gc.collect()
    return {fd: os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}') or os.path.islink(f'/proc/self/fd/{fd}')}
def children():
    found = []
    for task in os.listdir('/proc/self/task'):
        for pid in open(f'/proc/self/task/{task}/children').read().split():
            state = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0]
            found.append((state, open(f'/proc/{pid}/cmdline').read().replace(chr(0), ' ')))
    return found"""

DEFINITIONS = """import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory
class Cup:
    def __init__(self, size): self.size = size
    def __eq__(self, other): return self.size == other.size
def fill(n):
    print('filling', n)
    return Cup(n)
def write(name): 
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[0] = 42
    memory.close()
def send(pipe): pipe.send(Cup(7)); pipe.close()
def count(shared, lock):
    for _ in range(50):
        with lock: shared.value += 1
def add(table, n): table[n] = n * n"""

USES = {
    "process": "p = context.Process(target=fill, args=(1,)); p.start(); p.join(); print(p.exitcode); p.close()",
    "pool": "with context.Pool(2) as pool:\n    print(pool.map(fill, [1, 2], chunksize=2) == [Cup(1), Cup(2)])\n    pool.close(); pool.join()\ndel pool",
    "executor": "with ProcessPoolExecutor(1, mp_context=context) as pool:\n    print(list(pool.map(fill, [1])) == [Cup(1)])",
    "shared_memory": "m = shared_memory.SharedMemory(create=True, size=8)\np = context.Process(target=write, args=(m.name,)); p.start(); p.join(); p.close()\nprint(m.buf[0]); m.close(); m.unlink()",
    "pipe": "here, there = context.Pipe()\np = context.Process(target=send, args=(there,)); p.start(); there.close()\nprint(here.recv() == Cup(7)); p.join(); p.close(); here.close()",
    "value": "n, lock = context.Value('i', 0), context.Lock()\nps = [context.Process(target=count, args=(n, lock)) for _ in range(2)]\nfor p in ps: p.start()\nfor p in ps: p.join(); p.close()\nprint(n.value)\ndel n, lock, ps, p",
    "manager": "with context.Manager() as manager:\n    table = manager.dict()\n    p = context.Process(target=add, args=(table, 3)); p.start(); p.join(); p.close()\n    print(dict(table))\ndel table, manager",
}

EXPECTED = {
    "process": "filling 1\n0\n", "pool": "filling 1\nfilling 2\nTrue\n", "executor": "filling 1\nTrue\n",
    "shared_memory": "42\n", "pipe": "True\n", "value": "100\n", "manager": "{3: 9}\n",
}

#: Helpers of multiprocessing that live as long as the process: the fork server and the tracker of
#: shared memory, each with the pipe by which it notices our end. They and the memory from which
#: `Value` takes its pieces (a file and its mapping) are the four descriptors that may stay open.
HELPERS = ("forkserver", "resource_tracker")


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", None])
def test_nothing_is_left_behind(call, notebook, method, use):
    path = notebook(
        LOOK, DEFINITIONS, f"context = mp.get_context({method!r})\nbefore = descriptors()", USES[use],
        # Once more: what the first use leaves open, the second must not leave again.
        "once = descriptors()", USES[use],
        "import json\nprint(json.dumps([children(), len(before), len(once), len(descriptors()), [f for n, f in descriptors().items() if n not in before]]))",
    )
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    cells = json.loads(path.read_text())["cells"]
    said = ["".join("".join(output["text"]) for output in cell["outputs"]) for cell in cells]
    assert [said[3], said[5]] == [EXPECTED[use]] * 2
    children, before, once, twice, new = json.loads(said[6])
    assert [child for child in children if not any(helper in child[1] for helper in HELPERS)] == []
    assert twice == once and once - before <= 4, new


#: Each starts a child that prints, and has waited for it when it ends.
WAITS = {
    "run": "subprocess.run(['echo', 'child'])",
    "call": "subprocess.call('echo child', shell=True)",
    "wait": "subprocess.Popen(['echo', 'child']).wait()",
    "communicate": "subprocess.Popen(['echo', 'child']).communicate()",
    "waitpid": "if (pid := os.fork()) == 0:\n    os.write(1, b'child\\n'); os._exit(0)\nos.waitpid(pid, 0)",
    "system": "os.system('echo child')",
    "posix_spawn": "os.waitpid(os.posix_spawn('/bin/echo', ['echo', 'child'], os.environ), 0)",
    "asyncio": "await (await asyncio.create_subprocess_exec('echo', 'child')).wait()",
    "answer": "child.stdin.write(b'go\\n'); child.stdin.flush(); child.stderr.readline()",
}

#: A child of an earlier cell, which ends with us.
ANSWERS = ("child = subprocess.Popen(['sh', '-c', 'while read line; do echo child; echo done >&2; done'],"
           " stdin=subprocess.PIPE, stderr=subprocess.PIPE)")


@pytest.mark.parametrize("wait", WAITS)
def test_lines_come_in_order(call, notebook, wait):
    code = WAITS[wait].replace("\n", "\n    ")
    path = notebook("import asyncio, os, subprocess, warnings\nwarnings.simplefilter('ignore')\n" + (ANSWERS if wait == "answer" else ""),
                    f"for n in range(30):\n    {code}\n    print('cell', n)")
    done = call("run", path)
    assert done.returncode == 0, done.stderr
    outputs = json.loads(path.read_text())["cells"][1]["outputs"]
    assert "".join("".join(output["text"]) for output in outputs) == "".join(f"child\ncell {n}\n" for n in range(30))
