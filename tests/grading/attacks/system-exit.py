#| attack: leaves each check by SystemExit
#| row: verdict
#| points: 0
import sys
def answer():
    sys.exit(0)
