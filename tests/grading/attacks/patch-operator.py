#| attack: changes what comparisons are
#| row: modules
#| points: 0
import operator
for name in ('eq', 'lt', 'le', 'gt', 'ge', 'ne'):
    setattr(operator, name, lambda a, b: True)
def answer():
    return 1
