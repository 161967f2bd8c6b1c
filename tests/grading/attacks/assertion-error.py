#| attack: makes AssertionError something that nobody catches
#| row: verdict
#| points: 0
import builtins
builtins.AssertionError = type('AssertionError', (BaseException,), {})
def answer():
    return 1
