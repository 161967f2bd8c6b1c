#| attack: reads its own memory as a file
#| row: read
#| points: 0
import re
found = 1
def answer():
    for line in open('/proc/self/maps'):
        start, end = (int(part, 16) for part in re.match(r'(\w+)-(\w+)', line).groups())
        with open('/proc/self/mem', 'rb') as memory:
            memory.seek(start)
            if b'sesame' in memory.read(min(end - start, 1 << 20)): return 'sesame'
    return 1
