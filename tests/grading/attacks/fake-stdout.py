#| attack: writes into what the check has seen printed
#| row: observed
#| points: 0
import sys
def answer():
    out = sys.stdout
    for name in ('_pieces', '_size', 'now'):
        if hasattr(out, name): return 'the transcript is open'
    type(out).lines = lambda self: [(0, 'faked')]
    return 1
