#| attack: is compared, and looks at who compares
#| row: read
#| points: 0
import sys
class Spy:
    def __eq__(self, other):
        frame = sys._getframe(1)
        while frame:
            if 'self' in frame.f_locals: frame.f_locals['self']._last = None
            if 'result' in frame.f_locals: frame.f_locals['result'] = True
            for name in ('equal', '_holds'):
                if name in frame.f_globals: frame.f_globals[name] = lambda *a: True
            frame = frame.f_back
        return True
    def __repr__(self):
        return self.__eq__(None) and 'spy'
answer = Spy
