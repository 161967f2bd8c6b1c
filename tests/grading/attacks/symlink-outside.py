#| attack: goes by a link of its own
#| row: files
#| points: 0
import os
os.symlink('@OUTSIDE@/secret', 'link')
def answer():
    return open('link').read()
