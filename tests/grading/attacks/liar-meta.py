#| attack: has a class that equals the wanted one
#| row: lies
#| points: 0
class Meta(type):
    def __eq__(self, other): return True
    __hash__ = type.__hash__
class Yes(metaclass=Meta):
    def __eq__(self, other): return True
    __hash__ = None
answer = Yes
