#| attack: tells the judge in the warm process's name that it has ended
#| row: verdict
#| points: 0
import os, stat
for fd in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, b'{"type":"reaped","ended":{"exited":0}}')
    except OSError: pass
def answer():
    return 1
