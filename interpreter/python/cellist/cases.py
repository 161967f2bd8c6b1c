"""Runs test cases of other graders against a notebook's names: doctests, and functions that raise.

doctest's own parser and comparison decide; the loop around them is ours, since doctest's asks the
debugger, `linecache` and `sys.displayhook`, through which code under test could answer in its place.
A grader loads this module once more, privately (`cellist.isolation`).
"""

import ast
import doctest
import sys
import traceback

_SHOW = "__cellist_show_case__"
#: Bodies in them are no longer those of the example: what they evaluate is not shown.
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def run_doctest(name, text, names, builtins):
    """Runs the examples in `text` on a copy of `names`; returns what failed, or None."""
    written = []
    namespace = {**names, "__builtins__": {**builtins, _SHOW: _display(written)},
                 "__cellist_private__": globals().get("__cellist_private__")}
    examples = doctest.DocTestParser().get_examples(text, name)
    # All before the first one runs.
    codes = [_compile(example.source, f"<doctest {name}[{at}]>") for at, example in enumerate(examples)]
    check, failures = doctest.OutputChecker().check_output, []
    for example, code in zip(examples, codes):
        flags = sum(flag for flag, wanted in example.options.items() if wanted)
        if flags & doctest.SKIP:
            continue
        error = _execute(code, namespace, written)
        got = "".join(written)
        written.clear()
        if got and not got.endswith("\n"):
            got += "\n"
        if error is None:
            if not check(example.want, got, flags):
                failures.append(_report(example, f"Expected:\n{_indent(example.want) or '    nothing'}",
                                        f"Got:\n{_indent(got) or '    nothing'}"))
            continue
        raised = _told(error)
        if example.exc_msg is None or not _expected(check, example.exc_msg, raised, flags):
            failures.append(_report(example, f"Raised:\n{_indent(raised)}"))
    return "\n".join(failures) or None


def run_function(source, number, names, builtins, decorator):
    """Calls the test function `number` (from 0) among those that `decorator` marks in `source`, with
    values of `names` by its parameters' names (`env`: all of them); returns what failed, or None."""
    defined = names_of(source, builtins, decorator).values()
    function = [value for value in defined if type(value) is decorator][number].test_func
    code = function.__code__
    wanted = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
    try:
        function(**{each: names if each == "env" else names.get(each) for each in wanted})
    except Exception as error:
        return _place(error, source, code) + _told(error).rstrip()
    return None


class marked:
    """As `otter.test_files.test_case`, when nothing but its function is asked for."""

    def __init__(self, *args, **options):
        self.test_func = None

    def __call__(self, test_func):
        self.test_func = test_func
        return self


def names_of(source, builtins, decorator):
    """What a file of tests defines; `decorator` stands for `otter.test_files.test_case` in it."""
    stock = builtins["__import__"]

    class Package:
        test_case = decorator

    Package.test_files = Package

    def load(name, globals=None, locals=None, fromlist=(), level=0):
        if name in ("otter", "otter.test_files"):
            return Package
        return stock(name, globals, locals, fromlist, level)

    names = {"__name__": "__tests__", "__builtins__": {**builtins, "__import__": load},
             "__cellist_private__": globals().get("__cellist_private__")}
    exec(compile(source, "<tests>", "exec", dont_inherit=True), names)
    return names


def _display(written):
    def show(value):
        if value is not None:
            written.append(repr(value) + "\n")

    return show


def _outlet(written):
    """Takes the place of ``sys.stdout``, and shows nobody what was written."""

    class Outlet:
        encoding, errors, newlines, closed = "utf-8", "strict", None, False

        def write(self, text):
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            written.append(str(text))
            return len(text)

        def writelines(self, lines):
            for line in lines:
                self.write(line)

        def flush(self):
            pass

        def isatty(self):
            return False

        def writable(self):
            return True

    return Outlet()


def _compile(source, file):
    """The code of an example, or the error that compiling it raises."""
    try:
        # The interactive grammar takes one statement.
        tree = compile(source, file, "single", ast.PyCF_ONLY_AST, True)
        if len({statement.lineno for statement in tree.body}) > 1:
            raise SyntaxError("multiple statements found while compiling a single statement")
        _show_values(tree)
        return compile(ast.fix_missing_locations(ast.Module(tree.body, [])), file, "exec", 0, True)
    except (SyntaxError, ValueError) as error:
        return error


def _show_values(node):
    """What `sys.displayhook` would get goes to our own."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, field, ()):
            if isinstance(child, ast.Expr):
                shown = ast.Call(ast.Name(_SHOW, ast.Load()), [child.value], [])
                child.value = ast.copy_location(shown, child.value)
            elif not isinstance(child, _INNER):
                _show_values(child)


def _execute(code, namespace, written):
    """Runs an example; returns its error, if it had one."""
    if isinstance(code, Exception):
        return code
    before = sys.stdout
    sys.stdout = _outlet(written)
    try:
        exec(code, namespace)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    finally:
        sys.stdout = before
    return None


def _told(error):
    lines = traceback.format_exception_only(type(error), error)
    if isinstance(error, SyntaxError):
        # Without the place in the source, as doctest does it.
        lines = lines[-1:]
    return "".join(str(line) for line in lines)


def _expected(check, wanted, raised, flags):
    if check(wanted, raised, flags):
        return True
    return bool(flags & doctest.IGNORE_EXCEPTION_DETAIL) and check(
        doctest._strip_exception_details(wanted), doctest._strip_exception_details(raised), flags)


def _report(example, *parts):
    return "\n".join([f"Failed example:\n{_indent(example.source)}", *parts])


def _indent(text):
    return "\n".join(f"    {line}" for line in text.splitlines())


def _place(error, source, code):
    """The line of the test that raised."""
    at = error.__traceback__
    lines = source.splitlines()
    while at is not None:
        if at.tb_frame.f_code is code and at.tb_lineno <= len(lines):
            return f"{lines[at.tb_lineno - 1].strip()}\n"
        at = at.tb_next
    return ""
