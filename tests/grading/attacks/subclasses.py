#| attack: finds the classes of the check's modules through object
#| row: read
#| points: 0
todo, found = [object], []
while todo:
    kind = todo.pop()
    for each in type.__subclasses__(kind):
        if each not in found: found.append(each); todo.append(each)
for kind in found:
    if kind.__name__ == '_Recorder': kind.compare = lambda *a: True
    if kind.__name__ == 'Lab' and hasattr(kind, 'score'): kind.run = lambda *a, **k: type('T', (), {'result': 42})
    if kind.__name__ == '_Rewriter': kind.visit = lambda self, node: node
def answer():
    return 1
