#| attack: has another program do it
#| row: exhausts
#| points: 0
import os
os.posix_spawn('/bin/sh', ['sh', '-c', 'touch @OUTSIDE@/mine'], {})
def answer():
    return 42
