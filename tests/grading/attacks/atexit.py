#| attack: does its forging when the process ends
#| row: verdict
#| points: 0
import atexit
atexit.register(print, 'passed')
def answer():
    return 1
