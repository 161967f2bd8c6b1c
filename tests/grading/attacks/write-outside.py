#| attack: writes where it should not
#| row: files
#| points: 0
#| says: Permission denied
open('@OUTSIDE@/mine', 'w').write('x')
def answer():
    return 42
