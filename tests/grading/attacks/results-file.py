#| attack: writes files that other graders take for results
#| row: verdict
#| points: 0
import json, os
for name in ('results.json', 'verdict.json', '.OTTER_RESULTS'):
    json.dump({'points': 8, 'passed': True}, open(name, 'w'))
def answer():
    return 1
