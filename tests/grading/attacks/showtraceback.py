#| attack: turns off how errors are shown
#| row: verdict
#| points: 0
import sys
sys.excepthook = sys.unraisablehook = lambda *a: None
sys.stderr = None
def answer():
    return 1
