# %% What the examples call.
import asyncio
import time
async def work(name, seconds=1):
    await asyncio.sleep(seconds)
    return name
def task1(): return work("one", 0.2)
def task2(): return work("two", 0.1)
def task3(): return work("three", 0.3)
def coroutine1(): return work("first", 0.1)
def coroutine2(): return work("second", 0.1)
def long_running_task(): return work("late", 60)
async def risky_operation(): raise ValueError("risky")
async def process_item(item): return await work(item * 10, 0.1)
async def process(item): return await process_item(item)
# %% Creating async functions
# Define async function
async def my_function():
    await asyncio.sleep(1)
    return "Done"

# Call async function
result = await my_function()  # Inside async function
result = asyncio.run(my_function())  # From sync code
result
#> 'Done'
# %% Essential imports
import asyncio
import time
from typing import List, Tuple, Optional
# %% 1. Run multiple tasks concurrently
# Using gather
results = await asyncio.gather(
    task1(),
    task2(),
    task3()
)

# Using create_task
task1 = asyncio.create_task(coroutine1())
task2 = asyncio.create_task(coroutine2())
result1 = await task1
result2 = await task2
results, result1, result2
#> (['one', 'two', 'three'], 'first', 'second')
# %% The names `task1` and `task2` were rebound: functions again.
def task1(): return work("one", 0.2)
def task2(): return work("two", 0.1)
# %% 2. Sequential vs concurrent
# Sequential (slow)
async def sequential():
    result1 = await task1()  # Wait
    result2 = await task2()  # Then wait
    return result1, result2

# Concurrent (fast)
async def concurrent():
    results = await asyncio.gather(
        task1(),
        task2()
    )
    return results
# %%
begun = time.time()
print(await sequential(), f"{time.time() - begun:.1f}")
begun = time.time()
print(asyncio.run(concurrent()), f"{time.time() - begun:.1f}")
#> ('one', 'two') 0.3
#> ['one', 'two'] 0.2
# %% 3. Timeout handling
try:
    result = await asyncio.wait_for(
        long_running_task(),
        timeout=5.0
    )
except asyncio.TimeoutError:
    print("Task timed out!")
#> Task timed out!
# %% 4. Error handling
def task2(): return risky_operation()
# %%
# In gather
results = await asyncio.gather(
    task1(),
    task2(),
    return_exceptions=True  # Don't fail on exception
)

# Individual try-except
async def safe_task():
    try:
        return await risky_operation()
    except Exception as e:
        print(f"Error: {e}")
        return None
results
#> ['one', ValueError('risky')]
# %%
print(await safe_task())
#> Error: risky
#> None
# %% 5. Running in batches
async def process_batch(items, batch_size=5):
    for i in range(0, len(items), batch_size):
        batch = items[i:i + batch_size]
        results = await asyncio.gather(
            *[process_item(item) for item in batch]
        )
        yield results
# %%
async for batch in process_batch(range(7), 3):
    print(batch)
#> [0, 10, 20]
#> [30, 40, 50]
#> [60]
# %% 6. Progress tracking
async def with_progress(tasks):
    for coro in asyncio.as_completed(tasks):
        result = await coro
        print(f"Completed: {result}")
# %%
await with_progress([work("slow", 0.3), work("fast", 0.1)])
asyncio.run(with_progress([work("b", 0.3), work("a", 0.1)]))
#> Completed: fast
#> Completed: slow
#> Completed: a
#> Completed: b
# %% Common functions: what the table shows.
async def main():
    return "main"
def coro(): return work("coro", 0.5)
asyncio.run(main())
#> 'main'
# %%
await asyncio.sleep(1)
# %%
task = asyncio.create_task(coro())
await asyncio.wait_for(coro(), timeout=5), await task
#> ('coro', 'coro')
# %%
tasks = [work(n, n / 10) for n in (3, 1, 2)]
for coro in asyncio.as_completed(tasks):
    print(await coro)
#> 1
#> 2
#> 3
# %% Error: "coroutine was never awaited"
async def my_async_function(): return 1
# Wrong
async def main():
    my_async_function()  # Missing await!
# %%
import gc
await main()
gc.collect();
#? RuntimeWarning: coroutine 'my_async_function' was never awaited
# %%
# Correct
async def main():
    await my_async_function()
# %%
await main()
asyncio.run(main())
# %% Error: "asyncio.run() cannot be called from a running event loop"
async def inner(): return "inner"
# Wrong - nested asyncio.run()
async def outer():
    asyncio.run(inner())  # Can't nest!
# %%
import warnings
warnings.simplefilter("ignore", RuntimeWarning)
asyncio.run(outer())
#! RuntimeError: asyncio.run() cannot be called from a running event loop
# %%
await outer()
#! RuntimeError: asyncio.run() cannot be called from a running event loop
# %%
# Correct
async def outer():
    await inner()  # Use await instead
# %%
asyncio.run(outer())
await outer()
# %% Error: "This event loop is already running"
# This happens in Jupyter notebooks
# Solution: Use await directly or nest_asyncio
import nest_asyncio
nest_asyncio.apply()
# %%
asyncio.get_event_loop().run_until_complete(work("in the session's loop"))
#> "in the session's loop"
# %% Performance tips
# Good for fixed number of tasks
tasks = [work(n, 0.1) for n in range(3)]
results = await asyncio.gather(*tasks)
results
#> [0, 1, 2]
# %%
items = [1, 2]
# Good for tasks created over time
tasks = []
for item in items:
    task = asyncio.create_task(process(item))
    tasks.append(task)
# %% The tasks went on between the cells.
await asyncio.sleep(0.5)
[task.result() for task in tasks]
#> [10, 20]
# %%
# Use Semaphore to limit concurrency
sem = asyncio.Semaphore(10)

async def limited_task(item):
    async with sem:
        return await process(item)
# %%
begun = time.time()
results = await asyncio.gather(*[limited_task(n) for n in range(30)])
print(sum(results), f"{time.time() - begun:.1f}")
#> 4350 0.3
# %% Real-world example
import asyncio
import aiohttp

async def fetch_url(session, url):
    """Fetch a single URL"""
    try:
        async with session.get(url) as response:
            return await response.text()
    except Exception as e:
        return f"Error fetching {url}: {e}"

async def fetch_all_urls(urls):
    """Fetch multiple URLs concurrently"""
    async with aiohttp.ClientSession() as session:
        tasks = [fetch_url(session, url) for url in urls]
        results = await asyncio.gather(*tasks)
        return results

# Usage
urls = ["http://example.com", "http://google.com"]
results = asyncio.run(fetch_all_urls(urls))
results
#> ['page of http://example.com', 'page of http://google.com']
# %% Quick conversion guide
results = [await process(item) for item in items]
assert results == await asyncio.gather(*[process(item) for item in items])
results
#> [10, 20]
# %% Testing async code
expected_value = 1
import pytest
import asyncio

@pytest.mark.asyncio
async def test_async_function():
    result = await my_async_function()
    assert result == expected_value

# Or using unittest
import unittest

class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_something(self):
        result = await async_operation()
        self.assertEqual(result, expected)
# %%
await test_async_function()
def async_operation(): return work("operation", 0.1)
expected = "operation"
outcome = unittest.main(argv=["cell"], exit=False, verbosity=0).result
outcome.testsRun, outcome.wasSuccessful()
#? Ran 1 test in
#> (1, True)
