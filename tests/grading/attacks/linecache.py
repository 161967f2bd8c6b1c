#| attack: looks for the source of checks where tracebacks do
#| row: read
#| points: 0
import linecache
def answer():
    return [lines for lines in linecache.cache.values() if 'sesame' in str(lines)] or 1
