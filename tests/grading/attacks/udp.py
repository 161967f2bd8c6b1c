#| attack: sends a datagram
#| row: network
#| points: 0
#| says: Operation not permitted
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', @PORT@))
def answer():
    return 42
