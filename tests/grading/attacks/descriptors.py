#| attack: opens files without end
#| row: exhausts
#| points: 0
import os
while True:
    os.pipe()
