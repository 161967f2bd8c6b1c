#| attack: leaves a process behind
#| row: exhausts
#| points: 0
#| says: Operation not permitted
import os
if os.fork() == 0:
    os.setsid()
    while True: pass
def answer():
    return 42
