#| attack: traces the check's own functions
#| row: read
#| points: 0
import sys
seen = []
def trace(frame, event, arg):
    if isinstance(arg, dict) and 'passed' in arg: arg['passed'] = True
    return trace
sys.settrace(trace)
def answer():
    return 1
