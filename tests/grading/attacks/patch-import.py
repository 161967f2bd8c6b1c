#| attack: answers the imports of checks
#| row: modules
#| points: 0
import builtins, sys, types
real = builtins.__import__
def fake(name, *rest):
    module = real(name, *rest)
    if hasattr(module, 'run'): module.run = lambda *a, **k: {'passed': True}
    return module
builtins.__import__ = fake
for name in list(sys.modules):
    if name.startswith('cellist'): del sys.modules[name]
def answer():
    return 1
