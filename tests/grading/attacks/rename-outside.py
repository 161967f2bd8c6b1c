#| attack: moves what is not its own
#| row: files
#| points: 0
#| says: Permission denied
import os
os.rename('@OUTSIDE@/secret', '@OUTSIDE@/taken')
def answer():
    return 42
