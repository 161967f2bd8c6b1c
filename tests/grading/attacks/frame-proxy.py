#| attack: makes views of the callers' variables by the class of its own
#| row: read
#| points: 0
import sys
def answer():
    kind, frame, seen = type(sys._getframe().f_locals), sys._getframe(1), []
    while frame:
        try:
            names = kind(frame)
            seen.append(str(names))
            names['source'] = 'pass'
            for value in names.values():
                if isinstance(value, dict): value['passed'] = True
        except Exception: pass
        frame = frame.f_back
    return [text for text in seen if 'sesame' in text] or 1
