#| attack: has the compiler make something else of checks
#| row: modules
#| points: 0
import builtins
builtins.compile = lambda *a, **k: (lambda: None).__code__
builtins.exec = builtins.eval = lambda *a, **k: None
def answer():
    return 1
