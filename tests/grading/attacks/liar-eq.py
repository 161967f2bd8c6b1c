#| attack: equals everything
#| row: lies
#| points: 0
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = object.__hash__
answer = Yes
