# Raises ImportError with the names of the modules that a notebook's code imports and that are not
# there. Imports that the code itself expects to fail, in a `try`, are left out.
def _missing(sources):
    import ast
    from cellist import transform

    names = set()

    def collect(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Try, ast.TryStar)):
                continue
            if isinstance(child, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and not child.level and child.module:
                names.add(child.module.partition(".")[0])
            collect(child)

    for source in sources:
        try:
            collect(ast.parse(transform.transform(source)[0]))
        except (SyntaxError, ValueError):
            pass
    missing = set()
    for name in sorted(names):
        try:
            __import__(name)
        except ImportError as error:
            missing.add((error.name or name).partition(".")[0])
        except BaseException:
            pass  # it is there, and its trouble is its own
    if missing:
        raise ImportError(",".join(sorted(missing)))
