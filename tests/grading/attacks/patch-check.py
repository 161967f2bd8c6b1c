#| attack: puts another function in the place of the one that runs checks
#| row: modules
#| points: 0
import cellist.check
cellist.check.run = lambda *a, **k: {'passed': True, 'score': None, 'hint': None, 'message': None, 'hint_error': None}
def answer():
    return 1
