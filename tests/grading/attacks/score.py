#| attack: finds the lab in the callers and gives itself a score
#| row: verdict
#| points: 0
import sys
def answer():
    frame = sys._getframe()
    while frame:
        for names in (frame.f_locals, frame.f_globals):
            lab = names.get('lab') or names.get('self')
            if hasattr(lab, 'score'): lab.score(1)
        frame = frame.f_back
    return 1
