#| attack: empties what is not its own
#| row: files
#| points: 0
#| says: Permission denied
import os
os.truncate('@OUTSIDE@/secret', 0)
def answer():
    return 42
