#| attack: has a pattern that backtracks for ever
#| row: exhausts
#| points: 0
#| says: Stopped after
import re
re.match(r'(a+)+$', 'a' * 64 + 'b')
