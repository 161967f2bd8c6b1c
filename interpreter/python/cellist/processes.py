"""Child processes know the functions and classes of cells.

A child that is not forked imports its parent's main module before it unpickles anything. A
notebook has no such file, so one is made of what its cells define: imports, functions, classes
and constants, but none of the work they do, as if it stood under ``if __name__ == "__main__"``.
"""

import ast
import hashlib
import os
import tempfile

_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_folder = None


def install(session):
    """Makes multiprocessing tell its children about the cells of `session`."""
    from multiprocessing import spawn

    original = spawn.get_preparation_data

    def get_preparation_data(name):
        data = original(name)
        if "init_main_from_path" not in data and "init_main_from_name" not in data:
            data["init_main_from_path"] = _main_file(session.sources)
        return data

    get_preparation_data.__doc__ = original.__doc__
    spawn.get_preparation_data = get_preparation_data


def _main_file(sources):
    """A file with the definitions; one of the same content is there already."""
    global _folder
    text = definitions(sources)
    if _folder is None or not os.path.isdir(_folder.name):
        # Removed with the session: children have read it by the time they run.
        _folder = tempfile.TemporaryDirectory(prefix="cellist-cells-")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    path = os.path.join(_folder.name, f"cells_{digest}.py")
    if not os.path.exists(path):
        with open(path + ".new", "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        os.replace(path + ".new", path)
    return path


def definitions(sources):
    """What the cells define, as the text of a module. A definition that needs something the
    cells worked out (a decorator, a base class) is left out in the child, not an error."""
    kept = []
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            # Top-level await: the cell did work, but its definitions count all the same.
            tree = compile(source, "cell", "exec",
                           ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        kept += [node for node in tree.body if isinstance(node, _KEPT) or _is_constant(node)]
    guarded = [
        ast.Try(body=[node], handlers=[ast.ExceptHandler(
            type=ast.Name("Exception", ast.Load()), name=None, body=[ast.Pass()])],
            orelse=[], finalbody=[])
        for node in kept
    ]
    module = ast.Module(body=guarded, type_ignores=[])
    return _PREAMBLE + ast.unparse(ast.fix_missing_locations(module)) + "\n"


#: A pool ends its workers with a signal: what they printed must be out by then.
_PREAMBLE = ("import sys\nsys.stdout.reconfigure(line_buffering=True)\ndel sys\n"
             "from cellist import fallback\nfallback.offer()\ndel fallback\n")


def _is_constant(node):
    if not isinstance(node, ast.Assign) or not all(isinstance(t, ast.Name) for t in node.targets):
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
