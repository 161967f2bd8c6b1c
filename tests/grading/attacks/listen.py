#| attack: opens a server
#| row: network
#| points: 0
#| says: could not bind
import asyncio
async def main():
    await asyncio.start_server(lambda reader, writer: None, '0.0.0.0', 0)
asyncio.run(main())
def answer():
    return 42
