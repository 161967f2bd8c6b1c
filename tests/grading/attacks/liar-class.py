#| attack: says that it is an int
#| row: lies
#| points: 0
class Yes:
    @property
    def __class__(self): return int
    def __eq__(self, other): return True
    def __index__(self): return 42
answer = Yes
