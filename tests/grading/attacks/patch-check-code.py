#| attack: swaps the code of what compares
#| row: modules
#| points: 0
import cellist.check as check
check.equal.__code__ = (lambda left, right: True).__code__
check._holds.__code__ = (lambda name, left, right: True).__code__
def answer():
    return 1
