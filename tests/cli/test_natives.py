"""asyncio in Rust behaves as RustPython's own: the same programs, with natives on and off."""

import json
import os

import pytest

#: Each prints what it sees. What differs on purpose is not here, where ours follow CPython: a task
#: that awaits wrongly gets the error thrown in, and `Task(coroutine)` without a loop asks the policy.
PROGRAMS = {
    "order of sleeps and callbacks": """
async def sleeper(name, delay):
    for n in range(3):
        await asyncio.sleep(delay)
        print(name, n)
async def main():
    loop = asyncio.get_running_loop()
    for n in range(3):
        loop.call_soon(print, 'soon', n)
        loop.call_later(0.02 * n, print, 'later', n)
    tasks = [asyncio.create_task(sleeper(name, delay))
             for name, delay in (('a', 0), ('b', 0), ('c', 0.02), ('d', 0))]
    await asyncio.gather(*tasks)
""",
    "interleaving": """
async def turn(name, turns):
    for n in range(turns):
        print(name, n)
        await asyncio.sleep(0)
    return name
async def main():
    print(await asyncio.gather(*(turn(name, turns) for name, turns in zip('abcd', (3, 1, 4, 2)))))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(turn(name, 2)) for name in 'xyz']
        print('in the group')
    print([task.result() for task in tasks])
""",
    "futures": """
async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    seen = []
    future.add_done_callback(lambda f: seen.append(f is future))
    twice = lambda f: seen.append('twice')
    future.add_done_callback(twice); future.add_done_callback(twice)
    print(future.remove_done_callback(twice), future.remove_done_callback(twice))
    print(future.done(), future.cancelled(), future, future._callbacks is not None)
    for ask in (future.result, future.exception):
        try: ask()
        except asyncio.InvalidStateError as error: print(error)
    future.set_result(3)
    print(seen, future.result(), future.exception(), future)
    await asyncio.sleep(0)
    print(seen, await future, future.cancel())
    failed = loop.create_future()
    failed.set_exception(KeyError('k'))
    print(failed, failed._log_traceback)
    try: await failed
    except KeyError as error: print(repr(error), failed._log_traceback)
    stopped = loop.create_future()
    stopped.set_exception(StopIteration())
    try: await stopped
    except RuntimeError as error: print(error, repr(error.__cause__))
    gone = loop.create_future()
    print(gone.cancel('why'), gone, gone.cancel())
    try: await gone
    except asyncio.CancelledError as error: print(repr(error))
""",
    "errors": """
def say(f, *args, **kwargs):
    try: print(f(*args, **kwargs))
    except Exception as error: print(type(error).__name__, error)
async def nothing(): pass
async def main():
    loop = asyncio.get_running_loop()
    future, task = loop.create_future(), asyncio.current_task()
    say(asyncio.Task, 3, loop=loop)
    say(loop.create_task, 3)
    say(asyncio.create_task, 3)
    say(task.set_result, 1)
    say(task.set_exception, ValueError())
    say(future.set_exception, 3)
    say(setattr, future, '_log_traceback', True)
    future.set_result(1)
    say(future.set_result, 2)
    say(future.set_exception, ValueError())
    say(asyncio.Future.__new__(asyncio.Future).set_result, 1)
    say(asyncio.Future.__new__(asyncio.Future).add_done_callback, print)
    say(asyncio.Future.__new__(asyncio.Future).cancel)
    say(asyncio.Future.__new__(asyncio.Future).get_loop)
    say(asyncio.sleep)
    say(asyncio.sleep, 1, 2, 3)
    say(asyncio.sleep, delay=1, delays=2)
    say(asyncio.gather, exceptions=True)
    say(asyncio.gather, 3)
    async def wrong(delay):
        try: await asyncio.sleep(delay)
        except Exception as error: print(type(error).__name__, error)
    await wrong('x')
    await wrong(float('nan'))
    say(asyncio._enter_task, loop, task)
    c = nothing(); c.close()
    try: await c
    except RuntimeError as error: print(error)
    s = asyncio.sleep(0); s.close()
    try: await s
    except RuntimeError as error: print(error)
    try: s.send(None)
    except RuntimeError as error: print(error)
    other = asyncio.new_event_loop()
    say(asyncio.gather, other.create_future(), loop.create_future())
    other.close()
    say(other.create_future().add_done_callback, print)
    say(other.call_soon, print)
""",
    "no loop": """
async def nothing(): pass
for call in (lambda: asyncio.create_task(c), lambda: asyncio.current_task(), lambda: asyncio.all_tasks(),
             lambda: asyncio.get_running_loop(), lambda: asyncio.gather(c), lambda: asyncio.gather(),
             lambda: asyncio.Future()):
    c = nothing()
    try: print(call())
    except Exception as error: print(type(error).__name__, error)
    finally: c.close()
s = asyncio.sleep(1)
try: s.send(None)
except RuntimeError as error: print(error)
async def main(): pass
""",
    "cancellation": """
async def stubborn(n):
    for _ in range(n):
        try: await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            print('not yet', error.args, asyncio.current_task().cancelling())
            asyncio.current_task().uncancel()
    await asyncio.sleep(10)
async def main():
    task = asyncio.create_task(stubborn(2))
    await asyncio.sleep(0)
    for n in range(3):
        print(task.cancel(f'n {n}'), task.cancelling())
        await asyncio.sleep(0); await asyncio.sleep(0)
    print(task.done(), task.cancelled(), task.cancel())
    early = asyncio.create_task(stubborn(0)); early.cancel('early')
    try: await early
    except asyncio.CancelledError as error: print(repr(error), early)
    late = asyncio.create_task(asyncio.sleep(0, 'late'))
    await asyncio.sleep(0)
    late.cancel()
    try: await late
    except asyncio.CancelledError as error: print(repr(error), late.cancelled())
    async def at_the_end():
        asyncio.current_task().cancel('self')
        return 1
    try: await asyncio.create_task(at_the_end())
    except asyncio.CancelledError as error: print(repr(error))
    async def inner(): await asyncio.create_task(asyncio.sleep(10))
    outer = asyncio.create_task(inner())
    await asyncio.sleep(0.001)
    outer.cancel('deep')
    try: await outer
    except asyncio.CancelledError as error: print(repr(error))
    try:
        async with asyncio.timeout(0.01): await asyncio.sleep(10)
    except TimeoutError as error: print(repr(error), repr(error.__cause__))
    print(await asyncio.wait_for(asyncio.sleep(0.001, 'in time'), 1))
    try: await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except TimeoutError: print('too late')
    shielded = asyncio.create_task(asyncio.sleep(0.01, 'kept'))
    guard = asyncio.shield(shielded)
    guard.cancel()
    try: await guard
    except asyncio.CancelledError: print(await shielded)
""",
    "gather": """
async def give(x, delay=0):
    await asyncio.sleep(delay)
    if isinstance(x, BaseException): raise x
    return x
async def main():
    print(await asyncio.gather(), await asyncio.gather(*[]))
    one = asyncio.create_task(give(1))
    coroutine = give(2)
    print(await asyncio.gather(one, one, coroutine, coroutine, asyncio.sleep(0, 3)))
    print(await asyncio.gather(one, give(4)))
    try: await asyncio.gather(give(ValueError('first')), give(KeyError('second')))
    except ValueError as error: print(repr(error))
    print(await asyncio.gather(give(ValueError('a')), give(1), give(asyncio.CancelledError('c')), return_exceptions=True))
    try: await asyncio.gather(give(1), give(asyncio.CancelledError('c')))
    except asyncio.CancelledError as error: print(repr(error))
    for flag in (False, True):
        both = asyncio.gather(give(1, 10), give(2, 10), return_exceptions=flag)
        print(type(both).__name__, both.done(), len(both._children))
        await asyncio.sleep(0)
        print(both.cancel('stop'), both.done())
        try: print(await both)
        except asyncio.CancelledError as error: print(repr(error))
        print(both.cancelled(), both.cancel())
    async def whole(): await asyncio.gather(give(1, 10), give(2, 10))
    task = asyncio.create_task(whole())
    await asyncio.sleep(0)
    task.cancel('task')
    try: await task
    except asyncio.CancelledError as error: print(repr(error))
    class Awaitable:
        def __init__(self, x): self.x = x
        def __await__(self): return give(self.x).__await__()
    same = Awaitable(5)
    print(await asyncio.gather(same, Awaitable(6), same))
    future = asyncio.get_running_loop().create_future()
    class Mine(asyncio.Future): pass
    mine = Mine()
    asyncio.get_running_loop().call_soon(mine.set_result, 'mine')
    future.set_result('done')
    print(await asyncio.gather(future, mine, give(7)))
    print(await asyncio.gather(future), (g := asyncio.gather(future)).done(), await g)
""",
    "contexts": """
import contextvars
var, other = contextvars.ContextVar('var'), contextvars.ContextVar('other', default='d')
async def child(x):
    print(var.get(None), other.get())
    token = var.set(x)
    await asyncio.sleep(0)
    print(var.get(), token.old_value)
    var.reset(token)
    try: var.reset(token)
    except RuntimeError as error: print('used once' in str(error))
    return var.get(None)
async def main():
    var.set('main')
    print(await asyncio.gather(*(child(n) for n in range(3))))
    context = contextvars.copy_context()
    print(len(context), var in context, other in context, context[var], context.get(other, 'no'), list(context) == [var])
    context.run(var.set, 'inside')
    print(var.get(), context[var], context != contextvars.copy_context())
    task = asyncio.create_task(child('own'), context=context)
    print(await task, context[var], task.get_context() is context)
    asyncio.get_running_loop().call_soon(lambda: print('callback', var.get()))
    asyncio.get_running_loop().call_soon(lambda: print('callback', var.get()), context=context)
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda f: print('done', var.get()))
    future.add_done_callback(lambda f: print('done', var.get()), context=context)
    var.set('later'); future.set_result(None)
    await asyncio.sleep(0)
    try: context.run(context.run, print)
    except RuntimeError as error: print('already entered' in str(error))
    token = context.run(var.set, 1)
    try: var.reset(token)
    except ValueError: print('other context')
    try: other.reset(token)
    except ValueError: print('other variable')
    try: contextvars.ContextVar('fresh').get()
    except LookupError: print('no value')
    print(var.get('x'), other.get('y'), contextvars.copy_context() == contextvars.copy_context())
""",
    "eager tasks": """
async def quick(x): return x
async def slow(x):
    print('begins', asyncio.current_task().get_name(), len(asyncio.all_tasks()))
    await asyncio.sleep(0)
    return x
async def fails(): raise KeyError('eager')
async def main():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    q, s = loop.create_task(quick(1), name='q'), loop.create_task(slow(2), name='s')
    print(q.done(), s.done(), q.get_coro() is None)
    print(await asyncio.gather(q, s, quick(3), slow(4)))
    f = loop.create_task(fails())
    print(f.done(), repr(f.exception()))
    loop.set_task_factory(None)
    t = asyncio.Task(quick(5), loop=loop, eager_start=True)
    print(t.done(), t.result())
    made = []
    loop.set_task_factory(lambda loop, coro, **kw: made.append(kw) or asyncio.Task(coro, loop=loop, **kw))
    print(await asyncio.gather(loop.create_task(quick(6), name='n'), asyncio.sleep(0, 7)), made, loop.get_task_factory() is not None)
""",
    "subclasses and Python's own classes": """
from asyncio import futures, tasks
class Task(asyncio.Task):
    def cancel(self, msg=None):
        print('cancel', msg)
        return super().cancel(msg=msg)
class Future(asyncio.Future):
    def add_done_callback(self, fn, *, context=None):
        print('adds')
        super().add_done_callback(fn, context=context)
    def result(self):
        print('asked')
        return super().result()
async def wait(future): return await future
async def main():
    loop = asyncio.get_running_loop()
    future = Future(loop=loop)
    loop.call_soon(future.set_result, 1)
    print(await future, await asyncio.create_task(wait(future)))
    task = Task(asyncio.sleep(10), loop=loop, name='mine')
    outer = asyncio.create_task(wait(task))
    await asyncio.sleep(0)
    outer.cancel('through')
    try: await outer
    except asyncio.CancelledError as error: print(repr(error))
    pf = futures._PyFuture(loop=loop)
    loop.call_soon(pf.set_result, 'python future')
    print(await pf)
    pt = tasks._PyTask(asyncio.sleep(0.001, 'python task'), loop=loop)
    print(await pt)
    print(await asyncio.gather(tasks._PyTask(asyncio.sleep(0.001, 1), loop=loop), asyncio.sleep(0, 2)))
    native = loop.create_future()
    pt = tasks._PyTask(wait(native), loop=loop)
    await asyncio.sleep(0)
    native.set_result('native future')
    print(await pt)
    class Duck:
        _asyncio_future_blocking = False
        def __init__(self): self.callbacks = []
        def get_loop(self): return loop
        def add_done_callback(self, fn, *, context=None): self.callbacks.append((fn, context))
        def result(self): return 'quack'
        def __await__(self):
            self._asyncio_future_blocking = True
            yield self
            return self.result()
    duck = Duck()
    task = asyncio.create_task(wait(duck))
    await asyncio.sleep(0)
    (fn, context), = duck.callbacks
    loop.call_soon(fn, duck, context=context)
    print(await task, task._fut_waiter)
""",
    "coroutine-like": """
import inspect, types, collections.abc, pickle, functools
async def main():
    print(asyncio.iscoroutinefunction(asyncio.sleep), inspect.iscoroutinefunction(asyncio.sleep),
          inspect.iscoroutinefunction(functools.partial(asyncio.sleep, 1)))
    print(inspect.signature(asyncio.sleep), inspect.signature(asyncio.gather))
    print(asyncio.sleep.__name__, asyncio.sleep.__qualname__, asyncio.sleep.__module__, asyncio.sleep.__doc__)
    print(pickle.loads(pickle.dumps(asyncio.sleep)) is asyncio.sleep, str(asyncio.gather)[:17])
    s = asyncio.sleep(0, 'x')
    print(inspect.iscoroutine(s), asyncio.iscoroutine(s), inspect.isawaitable(s), isinstance(s, types.CoroutineType),
          isinstance(s, collections.abc.Coroutine), isinstance(s, collections.abc.Awaitable))
    print(s.__name__, s.__qualname__, str(s)[:24], s.cr_await, s.cr_running, s.cr_origin, inspect.getcoroutinestate(s))
    print(s.send(None), inspect.getcoroutinestate(s))
    try: s.send(None)
    except StopIteration as error: print(error.value, inspect.getcoroutinestate(s), s.cr_frame)
    s = asyncio.sleep(5)
    try: s.send(1)
    except TypeError as error: print(error)
    future = s.send(None)
    print(asyncio.isfuture(future), future._asyncio_future_blocking, inspect.getcoroutinestate(s))
    try: s.throw(KeyError('thrown'))
    except KeyError as error: print(repr(error), inspect.getcoroutinestate(s))
    s = asyncio.sleep(5); s.send(None); s.close(); s.close()
    task = asyncio.create_task(asyncio.sleep(5), name='sleepy')
    await asyncio.sleep(0)
    print(task.get_name(), task.get_coro().__name__, str(task)[:50], [f.f_code.co_name for f in task.get_stack()])
    graph = asyncio.capture_call_graph(task)
    print([entry.frame.f_code.co_name for entry in graph.call_stack], graph.awaited_by)
    print('async sleep()' in asyncio.format_call_graph(task))
    async def parent(t): await t
    p = asyncio.create_task(parent(task))
    await asyncio.sleep(0)
    print(task._asyncio_awaited_by == {p}, p._asyncio_awaited_by)
    g = asyncio.gather(p)
    print(p._asyncio_awaited_by == {asyncio.current_task()})
    p.cancel()
    try: await g
    except asyncio.CancelledError: print('cancelled', task._asyncio_awaited_by or None)
""",
    "never awaited, never retrieved, destroyed": """
import gc, warnings
async def fails(): raise ValueError('lost')
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: print(context['message'], repr(context.get('exception')), sorted(context)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        asyncio.sleep(1); asyncio.sleep(0)
        gc.collect()
        print([(w.category.__name__, str(w.message)) for w in caught])
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del task; gc.collect()
    future = loop.create_future(); future.set_exception(KeyError()); del future; gc.collect()
    async def forever(): await loop.create_future()
    task = asyncio.create_task(forever()); await asyncio.sleep(0); del task; gc.collect()
    print(len(asyncio.all_tasks()))
    loop.call_soon(lambda: 1 / 0)
    future = loop.create_future(); future.add_done_callback(lambda f: f.missing); future.set_result(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
""",
    "debug mode": """
import logging
logging.disable(logging.CRITICAL)
async def give(x):
    await asyncio.sleep(0)
    return x
async def main():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    task = asyncio.create_task(give(1))
    print(await asyncio.gather(task, give(2), asyncio.sleep(0.001, 3)), bool(task._source_traceback))
    future = loop.create_future()
    loop.call_later(0.001, future.set_result, 4)
    print(await future, bool(future._source_traceback), 'created at' in repr(future))
    loop.set_debug(False)
    print(await asyncio.gather(give(5), asyncio.sleep(0.001, 6)))
""",
    "threads": """
import threading, concurrent.futures
async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    threading.Timer(0.01, lambda: loop.call_soon_threadsafe(future.set_result, 'thread')).start()
    print(await future)
    print(await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(0.001, 'sent'), loop).result()))
    print(await asyncio.gather(*(asyncio.to_thread(lambda n=n: asyncio.run(asyncio.sleep(0.001, n))) for n in range(4))))
    def look():
        try: asyncio.current_task()
        except RuntimeError as error: return str(error), me in asyncio.all_tasks(loop)
    me = asyncio.current_task()
    print(await asyncio.to_thread(look))
""",
}


#: Compare when things happen.
EXACT = {"order of sleeps and callbacks"}


def printed(text):
    """What the cell of this notebook wrote to standard output."""
    outputs = json.loads(text)["cells"][0]["outputs"]
    return "".join("".join(output["text"]) for output in outputs if output.get("name") == "stdout")


def places():
    """(program, where to run it): what compares times only where time is exact."""
    for name in PROGRAMS:
        for where in ("virtual",) if name in EXACT else ("script", "cell"):
            yield pytest.param(name, where, id=f"{name}, {where}")


@pytest.mark.parametrize(("name", "where"), places())
def test_the_same_as_stock(call, notebook, name, where):
    source = f"import asyncio\n{PROGRAMS[name]}\nasyncio.run(main())\n"
    said = {}
    for stock in ("", "1"):
        env = {**os.environ, "CELLIST_STOCK_ASYNCIO": stock}
        if where == "script":
            done = call("python", "-c", source, env=env)
        else:
            clock = "virtual" if where == "virtual" else "wall"
            done = call("run", notebook(source), "-q", "-o", "-", "--clock", clock, env=env)
        assert done.returncode == 0, (stock, done.stdout, done.stderr)
        said[stock] = done.stdout if where == "script" else printed(done.stdout)
    assert said[""] == said["1"]
    assert said[""].strip(), "a program that says nothing compares nothing"


@pytest.mark.parametrize("stock", ["", "1"])
def test_the_switch(call, stock):
    program = "import asyncio; print(hasattr(asyncio.sleep, '__code__'), hasattr(asyncio.gather, '__code__'))"
    done = call("python", "-c", program, env={**os.environ, "CELLIST_STOCK_ASYNCIO": stock})
    assert done.stdout == ("True True\n" if stock else "False False\n")


def test_a_million_tasks_leave_memory_flat(call, notebook):
    program = """
import asyncio
def kilobytes():
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))
async def batch():
    for _ in range(100):
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(1000)))
async def main():
    await batch()
    before = kilobytes()
    for _ in range(10): await batch()
    grown = kilobytes() - before
    print(grown < 4000 or grown, len(asyncio.all_tasks()))
asyncio.run(main())
"""
    done = call("run", notebook(program), "-q", "-o", "-")
    assert printed(done.stdout) == "True 1\n", done.stderr


def test_the_order_of_tasks_in_sets_is_the_same_every_time(call, tmp_path):
    # By default a task's hash comes of its address.
    (tmp_path / "sets.py").write_text("""import asyncio, random
async def nothing(): await asyncio.sleep(0)
def names(tasks): return [task.get_name() for task in tasks]
async def main():
    padding = [bytes(random.randrange(5000)) for _ in range(1000)]
    tasks = [asyncio.create_task(nothing(), name=str(n)) for n in range(50)]
    futures = [asyncio.Future() for _ in range(50)]
    print(names(set(tasks)) == names({task for task in tasks} - {None}) == names(tasks))
    print([futures.index(future) for future in frozenset(futures)] == list(range(50)))
    print(names(asyncio.all_tasks()))
    print(names((await asyncio.wait(tasks))[0]) == names(tasks))
asyncio.run(main())""")
    said = {call("python", "--clock", "virtual", "sets.py").stdout for _ in range(20)}
    everyone = ["Task-1", *map(str, range(50))]
    assert said == {f"True\nTrue\n{everyone}\nTrue\n"}
