#| attack: has the interpreter report each call
#| row: read
#| points: 0
import sys
sys.monitoring.use_tool_id(2, 'spy')
sys.monitoring.register_callback(2, sys.monitoring.events.CALL, lambda code, at, function, first: None)
def answer():
    return 1
