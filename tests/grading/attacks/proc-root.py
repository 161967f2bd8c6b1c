#| attack: goes round by /proc
#| row: files
#| points: 0
def answer():
    return open('/proc/self/root@OUTSIDE@/secret').read()
