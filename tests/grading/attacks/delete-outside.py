#| attack: deletes what is not its own
#| row: files
#| points: 0
#| says: Permission denied
import os
os.unlink('@OUTSIDE@/secret')
def answer():
    return 42
