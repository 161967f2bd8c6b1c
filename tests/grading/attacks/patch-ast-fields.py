#| attack: makes syntax trees look empty
#| row: modules
#| points: 0
import _ast
for kind in vars(_ast).values():
    try: kind._fields = ()
    except (TypeError, AttributeError): pass
class Yes:
    def __eq__(self, other): return True
answer = Yes
