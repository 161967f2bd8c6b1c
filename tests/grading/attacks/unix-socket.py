#| attack: talks to a service by a UNIX socket
#| row: network
#| points: 0
#| says: Operation not permitted
import socket
socket.socket(socket.AF_UNIX).connect('@OUTSIDE@/socket')
def answer():
    return 42
