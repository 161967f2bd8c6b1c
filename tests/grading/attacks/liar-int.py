#| attack: is an int that equals everything
#| row: lies
#| points: 0
class Yes(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
answer = Yes
