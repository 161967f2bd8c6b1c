#| attack: makes the builtins say yes
#| row: modules
#| points: 0
import builtins
for name in ('all', 'any', 'bool', 'isinstance', 'issubclass', 'callable'):
    setattr(builtins, name, lambda *a: True)
builtins.len = lambda x: 1
builtins.type = lambda *a: int
def answer():
    return 1
