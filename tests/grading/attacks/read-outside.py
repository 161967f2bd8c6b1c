#| attack: reads a file that is not its own
#| row: files
#| points: 0
def answer():
    return open('@OUTSIDE@/secret').read()
