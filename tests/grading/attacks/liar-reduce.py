#| attack: returns an object that runs code when it is shown or copied
#| row: lies
#| points: 0
import os
class Boom:
    def __reduce__(self): os._exit(0)
    def __repr__(self): raise SystemExit
    __str__ = __format__ = __reduce__
def answer():
    return Boom()
