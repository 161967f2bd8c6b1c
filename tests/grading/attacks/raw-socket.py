#| attack: sends raw packets
#| row: network
#| points: 0
#| says: Operation not permitted
import socket
socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
def answer():
    return 42
