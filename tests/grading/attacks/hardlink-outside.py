#| attack: takes a second name for what is not its own
#| row: files
#| points: 0
import os
os.link('@OUTSIDE@/secret', 'link')
def answer():
    return open('link').read()
