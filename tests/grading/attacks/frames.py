#| attack: walks up the stack for the check's source and globals
#| row: read
#| points: 0
import sys
def answer():
    frame, seen = sys._getframe(), []
    while frame:
        seen.append((dict(frame.f_locals), dict(frame.f_globals), frame.f_code.co_consts))
        frame = frame.f_back
    return [text for text in map(repr, seen) if 'sesame' in text or '__cellist' in text] or 1
