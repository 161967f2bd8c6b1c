#| attack: signals every process there is (with 0, which harms nobody should it come through)
#| row: ends
#| points: 0
#| says: Operation not permitted
import os
os.kill(-1, 0)
def answer():
    return 42
