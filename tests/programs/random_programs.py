"""Random asyncio programs: made from a seed, run on any event loop, told apart by their traces.

A program is JSON: a task's body is a list of statements, a statement a list that begins with its
name. `run` gives the trace, rows of task, what it did and at how many microseconds; the same
program must give the same on every event loop whose clock is virtual.

Run as a script, it reads programs from standard input, one per line, and prints their traces.
"""

import asyncio
import json
import random
import selectors
import sys

#: Then whatever still waits is cancelled, seconds of virtual time.
END = 1000.0
#: How many there are of each: locks, semaphores, queues, events and conditions.
SHARED = 2

LEAVES = ["sleep", "yield", "log", "put", "get", "set", "clear", "wait", "notify", "await_condition",
          "cancel", "join", "raise", "later", "soon", "cancel_self", "put_nowait", "task_done"]
BLOCKS = ["lock", "semaphore", "spawn", "gather", "group", "timeout", "try", "finally", "first", "all",
          "completed", "shield", "wait_for"]


def make(seed, without=()):
    """The program of a seed, without the statements named."""
    dice = random.Random(seed)
    leaves = [name for name in LEAVES if name not in without]
    blocks = [name for name in BLOCKS if name not in without]

    def body(depth):
        return [statement(depth) for _ in range(dice.randint(1, 5))]

    def delay():
        # Hardly ever two alike: who comes first of two that are due at once is nobody's promise.
        return dice.randint(1, 3_000_000)

    def statement(depth):
        name = dice.choice(blocks if depth and dice.random() < 0.55 else leaves)
        which = dice.randrange(SHARED)
        if name in ("sleep", "later"):
            return [name, delay()]
        if name in ("cancel", "join", "raise", "notify", "put", "put_nowait"):
            return [name, which, dice.randrange(4)]
        if name in LEAVES:
            return [name, which]
        if name in ("lock", "semaphore"):
            return [name, which, body(depth - 1)]
        if name in ("gather", "first", "all", "completed", "group"):
            return [name, which, *[body(depth - 1) for _ in range(dice.randint(1, 3))]]
        if name in ("timeout", "wait_for"):
            return [name, delay(), body(depth - 1)]
        if name == "finally":
            return [name, 0, body(depth - 1), body(0)]
        return [name, 0, body(depth - 1)]

    return [body(3) for _ in range(dice.randint(1, 4))]


def smaller(program):
    """Programs that lack one statement, or have a block's body in the place of the block."""
    for at, part in enumerate(program):
        if not isinstance(part, list):
            continue
        if program and all(isinstance(item, list) for item in program):
            yield program[:at] + program[at + 1:]
            if isinstance(part[:1], list) and part and isinstance(part[0], str):
                for inner in part[2:]:
                    if isinstance(inner, list):
                        yield program[:at] + inner + program[at + 1:]
        for less in smaller(part):
            yield program[:at] + [less] + program[at + 1:]


class Boom(Exception):
    pass


class InOrder(dict):
    """A set that remembers the order, which a group's own does not: it cancels in that order."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


class Run:
    """One run of one program."""

    def __init__(self, program):
        self.program, self.trace, self.tasks = program, [], []
        self.locks = [asyncio.Lock() for _ in range(SHARED)]
        self.semaphores = [asyncio.Semaphore(n + 1) for n in range(SHARED)]
        self.queues = [asyncio.Queue(n) for n in range(SHARED)]
        self.events = [asyncio.Event() for _ in range(SHARED)]
        self.conditions = [asyncio.Condition() for _ in range(SHARED)]

    def log(self, who, *what):
        time = round((asyncio.get_running_loop().time() - self.begun) * 1e6)
        self.trace.append([who, *what, time])

    async def main(self):
        self.begun = asyncio.get_running_loop().time()
        for number, body in enumerate(self.program):
            self.start(body, str(number))
        # The list grows while they run.
        deadline = self.begun + END
        while left := [task for task in self.tasks if not task.done()]:
            rest = deadline - asyncio.get_running_loop().time()
            if rest < 1e-6:
                break
            await asyncio.wait(left, timeout=rest)
        for task in self.tasks:
            if not task.done():
                self.log(task.get_name(), "left over")
                task.cancel()
        for _ in range(20):
            await asyncio.sleep(0.01)
        for task in self.tasks:
            self.trace.append([task.get_name(), "end", outcome(task)])
        trace = list(self.trace)
        # One may have caught its cancellation and wait again, for a lock that another holds.
        while left := [task for task in self.tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.sleep(0.01)
        return trace

    def start(self, body, who, create=asyncio.create_task):
        task = create(self.body(body, who, []), name=who)
        self.tasks.append(task)
        return task

    async def body(self, body, who, children):
        try:
            for number, statement in enumerate(body):
                await self.step(statement, f"{who}.{number}", children)
        except BaseException as error:
            self.log(who, "stopped by", type(error).__name__)
            raise
        self.log(who, "done")
        return who

    async def step(self, statement, who, children):
        name, *rest = statement
        which = rest[0]
        if name == "sleep":
            await asyncio.sleep(which / 1e6)
        elif name == "yield":
            await asyncio.sleep(0)
        elif name == "log":
            self.log(who, "log")
        elif name == "put":
            await self.queues[which].put(rest[1])
        elif name == "put_nowait":
            try:
                self.queues[which].put_nowait(rest[1])
            except asyncio.QueueFull:
                self.log(who, "full")
        elif name == "get":
            self.log(who, "got", await self.queues[which].get())
        elif name == "task_done":
            try:
                self.queues[which].task_done()
            except ValueError:
                self.log(who, "too often")
        elif name == "set":
            self.events[which].set()
        elif name == "clear":
            self.events[which].clear()
        elif name == "wait":
            await self.events[which].wait()
        elif name == "notify":
            async with self.conditions[which]:
                self.conditions[which].notify(rest[1])
        elif name == "await_condition":
            async with self.conditions[which]:
                await self.conditions[which].wait()
        elif name in ("cancel", "join"):
            if children:
                child = children[rest[1] % len(children)]
                if name == "cancel":
                    self.log(who, "cancel", child.get_name(), child.cancel())
                else:
                    self.log(who, "joined", await child)
        elif name == "cancel_self":
            asyncio.current_task().cancel()
        elif name == "raise":
            raise Boom(who)
        elif name == "later":
            asyncio.get_running_loop().call_later(which / 1e6, self.log, who, "called")
        elif name == "soon":
            asyncio.get_running_loop().call_soon(self.log, who, "called")
        else:
            await self.block(name, which, rest[1:], who, children)
        self.log(who, name)

    async def block(self, name, which, bodies, who, children):
        if name in ("lock", "semaphore"):
            async with (self.locks if name == "lock" else self.semaphores)[which]:
                await self.body(bodies[0], who, children)
        elif name == "spawn":
            children.append(self.start(bodies[0], who))
        elif name in ("gather", "first", "all", "completed"):
            await self.together(name, which, [self.start(body, f"{who}/{n}") for n, body in enumerate(bodies)], who)
        elif name == "group":
            async with asyncio.TaskGroup() as group:
                group._tasks = InOrder()
                for n, body in enumerate(bodies):
                    self.start(body, f"{who}/{n}", group.create_task)
        elif name == "timeout":
            try:
                async with asyncio.timeout(which / 1e6):
                    await self.body(bodies[0], who, children)
            except TimeoutError:
                self.log(who, "timed out")
        elif name == "wait_for":
            try:
                await asyncio.wait_for(self.body(bodies[0], who, []), which / 1e6)
            except TimeoutError:
                self.log(who, "timed out")
        elif name == "try":
            try:
                await self.body(bodies[0], who, children)
            except Exception as error:
                self.log(who, "caught", type(error).__name__)
        elif name == "finally":
            try:
                await self.body(bodies[0], who, children)
            finally:
                await self.body(bodies[1], who + "!", children)
        elif name == "shield":
            await asyncio.shield(self.start(bodies[0], who + "/0"))

    async def together(self, name, which, tasks, who):
        if name == "gather":
            results = await asyncio.gather(*tasks, return_exceptions=bool(which))
            self.log(who, "gathered", [str(result) for result in results])
        elif name == "completed":
            for task in asyncio.as_completed(tasks):
                self.log(who, "completed", await task)
        else:
            when = asyncio.FIRST_COMPLETED if name == "first" else asyncio.ALL_COMPLETED
            done, _ = await asyncio.wait(tasks, return_when=when)
            self.log(who, name, sorted(task.get_name() for task in done))


def outcome(task):
    if not task.done():
        return "still waits"
    if task.cancelled():
        return "cancelled"
    return repr(task.exception()) if task.exception() else task.result()


def run(program, loop_factory):
    loop = loop_factory()
    # A task that fails and is not awaited is not news here.
    loop.set_exception_handler(lambda loop, context: None)
    try:
        return loop.run_until_complete(_main(program))
    finally:
        loop.close()


async def _main(program):
    return await Run(program).main()


class VirtualSelector(selectors.DefaultSelector):
    """Of a loop whose time jumps to the next timer."""

    now = 0.0

    def select(self, timeout=None):
        if not timeout:
            return super().select(0)
        self.now += timeout
        return super().select(0)


def virtual_loop():
    """CPython's own loop on a virtual clock."""
    selector = VirtualSelector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    return loop


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), virtual_loop)), flush=True)
