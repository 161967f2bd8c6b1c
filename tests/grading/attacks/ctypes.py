#| attack: reads its own memory through ctypes
#| row: read
#| points: 0
import ctypes
def answer():
    return ctypes.string_at(id(answer), 64)
