#| attack: writes to its raw standard error without end
#| row: exhausts
#| points: 0
import os
while True:
    os.write(2, b'x' * 100_000)
