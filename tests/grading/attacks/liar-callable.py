#| attack: equals everything by a method that is no function
#| row: lies
#| points: 0
class Always:
    def __call__(self, other): return True
class Yes:
    __eq__ = Always()
    __hash__ = None
answer = Yes
