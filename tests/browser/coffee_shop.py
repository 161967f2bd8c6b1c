import asyncio, time

async def brew(drink, seconds):
    print(f"Starting to make {drink}...")
    await asyncio.sleep(seconds)
    print(f"{drink} is ready!")
    return drink

async def make_espresso():
    return await brew("Espresso", 3)

async def make_latte():
    return await brew("Latte", 5)

async def make_cappuccino():
    return await brew("Cappuccino", 4)

async def coffee_shop():
    start = time.time()
    async with asyncio.TaskGroup() as group:
        for make in (make_espresso, make_latte, make_cappuccino):
            group.create_task(make())
    print(f"All drinks prepared in {time.time() - start:.1f} seconds")
