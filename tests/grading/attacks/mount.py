#| attack: opens files by handles, as a user that may all
#| row: files
#| points: 0
import os
def answer():
    fd = os.open('/', os.O_RDONLY)
    return os.listdir(fd)
