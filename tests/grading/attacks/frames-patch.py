#| attack: walks up the stack and changes what compares
#| row: read
#| points: 0
import sys
def answer():
    frame = sys._getframe()
    while frame:
        for name in ('equal', '_holds'):
            if name in frame.f_globals: frame.f_globals[name] = lambda *a: True
        names = frame.f_globals.get('__builtins__')
        if isinstance(names, dict):
            for name in ('__cellist_compare__', '__cellist_fail__'):
                if name in names: names[name] = lambda *a: True
        frame = frame.f_back
    return 1
