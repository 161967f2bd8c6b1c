#| attack: turns virtual time back, so that it seems to have taken no time
#| row: observed
#| points: 0
#| says: setting the clock is not allowed
import _cellist
_cellist.virtual_resume(0)
def answer():
    return 42
