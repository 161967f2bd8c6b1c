# %%
import random
random.seed(5)
# %% Exercise 1: coffee shop simulator
import asyncio
import time

async def make_espresso():
    print("Starting to make Espresso...")
    await asyncio.sleep(3)
    print("Espresso is ready!")
    return "Espresso"

async def make_latte():
    print("Starting to make Latte...")
    await asyncio.sleep(5)
    print("Latte is ready!")
    return "Latte"

async def make_cappuccino():
    print("Starting to make Cappuccino...")
    await asyncio.sleep(4)
    print("Cappuccino is ready!")
    return "Cappuccino"

async def coffee_shop():
    start_time = time.time()

    await asyncio.gather(make_espresso(), make_latte(), make_cappuccino())

    total_time = time.time() - start_time
    print(f"All drinks prepared in {total_time:.1f} seconds")

# Run your coffee shop
asyncio.run(coffee_shop())
#> Starting to make Espresso...
#> Starting to make Latte...
#> Starting to make Cappuccino...
#> Espresso is ready!
#> Cappuccino is ready!
#> Latte is ready!
#> All drinks prepared in 5.0 seconds
# %% Exercise 2: website status checker
import asyncio
import random

async def check_website(url):
    """
    Simulate checking a website.
    Returns True if online, False if offline
    """
    print(f"Checking {url}...")
    await asyncio.sleep(random.uniform(1, 3))
    online = random.random() < 0.8
    print(f"✅ {url} is online" if online else f"❌ {url} is offline")
    return online

async def monitor_websites():
    websites = [
        "google.com",
        "github.com",
        "stackoverflow.com",
        "python.org",
        "asyncio-docs.com"
    ]

    begun = time.time()
    online = sum(await asyncio.gather(*map(check_website, websites)))
    print("\n=== Website Status Report ===")
    print(f"Online: {online}/{len(websites)}\nOffline: {len(websites) - online}/{len(websites)}")
    print(f"Response time: {time.time() - begun:.1f} seconds")

asyncio.run(monitor_websites())
#> Checking google.com...
#> Checking github.com...
#> Checking stackoverflow.com...
#> Checking python.org...
#> Checking asyncio-docs.com...
#> ❌ google.com is offline
#> ✅ asyncio-docs.com is online
#> ✅ github.com is online
#> ❌ stackoverflow.com is offline
#> ✅ python.org is online
#>
#> === Website Status Report ===
#> Online: 3/5
#> Offline: 2/5
#> Response time: 2.9 seconds
# %% Exercise 3: download manager
import asyncio
import time

async def download_file(filename, size_mb):
    """
    Simulate downloading a file.
    size_mb: size in megabytes
    Returns: (filename, size_mb, time_taken)
    """
    print(f"Downloading {filename} ({size_mb}MB)...")
    time_taken = size_mb / 100
    await asyncio.sleep(time_taken)
    print(f"✓ {filename} downloaded in {time_taken}s")
    return filename, size_mb, time_taken

async def sequential_download(files):
    """Download files one by one"""
    print("\n=== Sequential Download ===")
    start = time.time()

    for file in files:
        await download_file(*file)

    return time.time() - start

async def parallel_download(files):
    """Download files simultaneously"""
    print("\n=== Parallel Download ===")
    start = time.time()

    await asyncio.gather(*[download_file(*file) for file in files])

    return time.time() - start

async def main():
    files = [
        ("movie.mp4", 500),
        ("music.mp3", 50),
        ("document.pdf", 10),
        ("image.jpg", 5),
        ("archive.zip", 300)
    ]

    # Run both methods and compare times
    seq_time = await sequential_download(files)
    par_time = await parallel_download(files)

    print(f"\n=== Performance Summary ===")
    print(f"Sequential: {seq_time:.2f} seconds")
    print(f"Parallel: {par_time:.2f} seconds")
    print(f"Speed improvement: {seq_time/par_time:.2f}x faster")

asyncio.run(main())
#>
#> === Sequential Download ===
#> Downloading movie.mp4 (500MB)...
#> ✓ movie.mp4 downloaded in 5.0s
#> Downloading music.mp3 (50MB)...
#> ✓ music.mp3 downloaded in 0.5s
#> Downloading document.pdf (10MB)...
#> ✓ document.pdf downloaded in 0.1s
#> Downloading image.jpg (5MB)...
#> ✓ image.jpg downloaded in 0.05s
#> Downloading archive.zip (300MB)...
#> ✓ archive.zip downloaded in 3.0s
#>
#> === Parallel Download ===
#> Downloading movie.mp4 (500MB)...
#> Downloading music.mp3 (50MB)...
#> Downloading document.pdf (10MB)...
#> Downloading image.jpg (5MB)...
#> Downloading archive.zip (300MB)...
#> ✓ image.jpg downloaded in 0.05s
#> ✓ document.pdf downloaded in 0.1s
#> ✓ music.mp3 downloaded in 0.5s
#> ✓ archive.zip downloaded in 3.0s
#> ✓ movie.mp4 downloaded in 5.0s
#>
#> === Performance Summary ===
#> Sequential: 8.65 seconds
#> Parallel: 5.00 seconds
#> Speed improvement: 1.73x faster
# %% Exercise 4: restaurant order system
import asyncio
import random

async def prepare(part, order_id, seconds):
    print(f"Preparing {part} for order {order_id}...")
    await asyncio.sleep(seconds)
    print(f"✓ {part.capitalize()} ready for order {order_id} ({seconds:.1f}s)")

async def prepare_appetizer(order_id):
    """Prepare appetizer (1-2 seconds)"""
    await prepare("appetizer", order_id, random.uniform(1, 2))

async def prepare_main_course(order_id):
    """Prepare main course (3-5 seconds)"""
    await prepare("main course", order_id, random.uniform(3, 5))

async def prepare_dessert(order_id):
    """Prepare dessert (1-3 seconds)"""
    await prepare("dessert", order_id, random.uniform(1, 3))

async def process_order(order_id, customer_name):
    """
    Process a complete order for a customer.
    All parts should be prepared simultaneously.
    """
    print(f"Starting order {order_id} for {customer_name}")

    begun = time.time()
    await asyncio.gather(prepare_appetizer(order_id), prepare_main_course(order_id), prepare_dessert(order_id))
    took = time.time() - begun
    print(f"🔔 Order {order_id} complete for {customer_name}! ({took:.1f}s)")
    return took

async def restaurant():
    orders = [
        (1, "Alice"),
        (2, "Bob"),
        (3, "Charlie"),
        (4, "Diana")
    ]

    # Process all orders simultaneously
    print("=== Restaurant Opening ===")
    begun = time.time()
    tasks = [asyncio.create_task(process_order(*order)) for order in orders]
    times = await asyncio.gather(*tasks)
    print("\n=== Service Complete ===")
    print(f"All orders served in {time.time() - begun:.1f} seconds")
    print(f"Average order time: {sum(times) / len(times):.1f} seconds")

asyncio.run(restaurant())
#> === Restaurant Opening ===
#> Starting order 1 for Alice
#> Starting order 2 for Bob
#> Starting order 3 for Charlie
#> Starting order 4 for Diana
#> Preparing appetizer for order 1...
#> Preparing main course for order 1...
#> Preparing dessert for order 1...
#> Preparing appetizer for order 2...
#> Preparing main course for order 2...
#> Preparing dessert for order 2...
#> Preparing appetizer for order 3...
#> Preparing main course for order 3...
#> Preparing dessert for order 3...
#> Preparing appetizer for order 4...
#> Preparing main course for order 4...
#> Preparing dessert for order 4...
#> ✓ Appetizer ready for order 3 (1.0s)
#> ✓ Appetizer ready for order 2 (1.2s)
#> ✓ Dessert ready for order 4 (1.3s)
#> ✓ Dessert ready for order 3 (1.6s)
#> ✓ Appetizer ready for order 1 (1.9s)
#> ✓ Appetizer ready for order 4 (1.9s)
#> ✓ Dessert ready for order 1 (1.9s)
#> ✓ Dessert ready for order 2 (2.1s)
#> ✓ Main course ready for order 1 (3.2s)
#> 🔔 Order 1 complete for Alice! (3.2s)
#> ✓ Main course ready for order 3 (3.4s)
#> 🔔 Order 3 complete for Charlie! (3.4s)
#> ✓ Main course ready for order 2 (4.1s)
#> 🔔 Order 2 complete for Bob! (4.1s)
#> ✓ Main course ready for order 4 (4.5s)
#> 🔔 Order 4 complete for Diana! (4.5s)
#>
#> === Service Complete ===
#> All orders served in 4.5 seconds
#> Average order time: 3.8 seconds
# %% Exercise 5: task scheduler with priorities
import asyncio
import random
from typing import List, Tuple

async def process_task(task_id: str, duration: float, priority: str):
    """
    Process a single task
    """
    print(f"Starting {task_id} ({duration:.1f}s)")
    await asyncio.sleep(duration)
    return task_id, duration

async def process_priority_batch(tasks: List[Tuple[str, float, str]], priority: str):
    """
    Process all tasks of a given priority simultaneously
    """
    print(f"[{priority.upper()} PRIORITY BATCH]")
    begun = time.time()
    started = [asyncio.create_task(process_task(*task)) for task in tasks]
    for done in asyncio.as_completed(started):
        task_id, duration = await done
        print(f"✓ {task_id} completed ({duration:.1f}s)")
    print(f"{priority.capitalize()} priority batch completed in {time.time() - begun:.1f}s\n")

async def task_scheduler():
    # Create tasks with (id, duration, priority)
    high_priority_tasks = [
        (f"HIGH-{i}", random.uniform(1, 2), "high")
        for i in range(1, 4)
    ]

    low_priority_tasks = [
        (f"LOW-{i}", random.uniform(2, 4), "low")
        for i in range(1, 6)
    ]

    print("=== Task Scheduler Started ===\n")

    begun = time.time()
    await process_priority_batch(high_priority_tasks, "high")
    await process_priority_batch(low_priority_tasks, "low")
    print(f"Total time: {time.time() - begun:.1f} seconds")

asyncio.run(task_scheduler())
#> === Task Scheduler Started ===
#>
#> [HIGH PRIORITY BATCH]
#> Starting HIGH-1 (1.8s)
#> Starting HIGH-2 (1.1s)
#> Starting HIGH-3 (1.6s)
#> ✓ HIGH-2 completed (1.1s)
#> ✓ HIGH-3 completed (1.6s)
#> ✓ HIGH-1 completed (1.8s)
#> High priority batch completed in 1.8s
#>
#> [LOW PRIORITY BATCH]
#> Starting LOW-1 (2.3s)
#> Starting LOW-2 (2.0s)
#> Starting LOW-3 (3.7s)
#> Starting LOW-4 (2.4s)
#> Starting LOW-5 (2.4s)
#> ✓ LOW-2 completed (2.0s)
#> ✓ LOW-1 completed (2.3s)
#> ✓ LOW-4 completed (2.4s)
#> ✓ LOW-5 completed (2.4s)
#> ✓ LOW-3 completed (3.7s)
#> Low priority batch completed in 3.7s
#>
#> Total time: 5.5 seconds
