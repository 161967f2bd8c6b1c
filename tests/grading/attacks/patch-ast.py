#| attack: keeps checks from being rewritten
#| row: modules
#| points: 0
import ast
ast.NodeTransformer.visit = lambda self, node: ast.parse('')
ast.parse = lambda *a, **k: compile('', 'x', 'exec', 1024)
ast.fix_missing_locations = lambda tree: tree
def answer():
    return 1
