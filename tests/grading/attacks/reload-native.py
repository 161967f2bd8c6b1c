#| attack: makes fresh copies of the modules that were closed
#| row: modules
#| points: 0
import _imp, importlib.machinery, sys
found = []
for name in ('gc', 'sys', '_imp', 'builtins', '_ctypes', '_interpreters', '_cellist', '_cellist_limits'):
    sys.modules.pop(name, None)
    try: found.append(_imp.create_builtin(importlib.machinery.ModuleSpec(name, importlib.machinery.BuiltinImporter)))
    except ImportError: pass
def answer():
    for module in found:
        for thing in getattr(module, 'get_objects', list)():
            if isinstance(thing, dict) and 'recorder' in thing: return thing
    return [module.__name__ for module in found]
