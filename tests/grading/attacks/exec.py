#| attack: becomes another program
#| row: exhausts
#| points: 0
#| says: Operation not permitted
import os
os.execv('/bin/true', ['true'])
