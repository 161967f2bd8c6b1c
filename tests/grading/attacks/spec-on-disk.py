#| attack: looks for the grading spec on the disk
#| row: read
#| points: 0
import os
found = []
for folder, _, names in os.walk('@OUTSIDE@'):
    for name in names: found.append(open(os.path.join(folder, name)).read())
for pid in ('self', str(os.getppid())):
    try: found.append(open(f'/proc/{pid}/cmdline').read())
    except OSError: pass
def answer():
    return found or 1
