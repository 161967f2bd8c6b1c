#| attack: connects to this machine
#| row: network
#| points: 0
#| says: Operation not permitted
import socket
socket.create_connection(('127.0.0.1', @PORT@), timeout=2)
def answer():
    return 42
