#| attack: forks itself time and again (few times, should it come through)
#| row: exhausts
#| points: 0
#| says: Operation not permitted
import os
for _ in range(4):
    os.fork()
