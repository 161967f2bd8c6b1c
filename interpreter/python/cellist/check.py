"""Checks: assertion cells with a namespace of their own, exact comparisons and readable failures."""

import _cellist_limits
import ast
import operator
import types

from cellist import display, errors, laboratory

_FAIL, _COMPARE = "__cellist_fail__", "__cellist_compare__"

_OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}
#: nbgrader's mark above a cell that learners do not get.
HIDDEN = "### BEGIN HIDDEN TESTS"
#: What can hold neither an assertion nor a comparison.
_LEAVES = frozenset({
    int, str, type(None), ast.Name, ast.Constant, ast.alias, ast.Import, ast.ImportFrom, ast.Global,
    ast.Nonlocal, ast.Pass, ast.Break, ast.Continue, ast.Load, ast.Store, ast.Del,
})
_SCALARS = frozenset({bool, int, float, complex, str, bytes, type(None), type(...)})
_NUMBERS = frozenset({bool, int, float, complex})


class CheckFailed(Exception):
    """An assertion of a check did not hold; `comparison` says what its two sides were."""

    comparison = None


def header(source):
    """The ``#| key: value`` lines at the top: a dict. A key on several lines is joined."""
    options = {}
    for line in source.splitlines():
        if not line.startswith("#|"):
            if line.strip() and line.strip() != HIDDEN:
                break
            continue
        key, colon, value = line[2:].partition(":")
        key, value = key.strip(), value.strip()
        if colon:
            options[key] = f"{options[key]} {value}" if key in options else value
    return options


def run(identifier, source, lab, pristine, clock="virtual"):
    """Runs a check against the lab's namespace; returns a dict with its outcome. `clock` is what
    ``lab.run`` uses unless the check says otherwise (``#| clock: wall``)."""
    options = header(source)
    hint = options.get("hint")
    lab.clock = options.get("clock", clock)
    lab.score_value, lab.builtins = None, pristine
    namespace = {"__builtins__": dict(pristine), "__name__": "__check__", "lab": lab,
                 # The check's frames and functions are as private as this module (`isolation`).
                 "__cellist_private__": globals().get("__cellist_private__")}
    recorder = _Recorder()
    namespace["__builtins__"][_FAIL] = recorder.fail
    namespace["__builtins__"][_COMPARE] = recorder.compare
    try:
        exec(_prepared.get((identifier, source)) or _compile(identifier, source), namespace)
    except CheckFailed as failure:
        return {**_failed(str(failure), *_render(hint, namespace)), "comparison": failure.comparison}
    except laboratory.LabError as error:
        return _failed(str(error), str(error), None)
    except laboratory.CaseFailed as failure:
        return _failed(str(failure), *_render(hint, namespace))
    except KeyboardInterrupt:
        raise
    except _cellist_limits.LimitExceeded as error:
        return _exceeded(error)
    except SystemExit:
        said = "The code under test called `sys.exit` or `exit`, which ends a program. Return instead."
        return _failed(said, said, None)
    except BaseException as error:
        message = "\n".join(errors.describe(error, colour=False)["traceback"])
        # The check's own code stumbled over what the learner's code gave it.
        return _failed(message, *_render(hint, namespace))
    else:
        try:
            # The code under test may have caught the error, and so may the check.
            _cellist_limits.settle()
        except _cellist_limits.LimitExceeded as error:
            return _exceeded(error)
        return {"passed": True, "score": lab.score_value,
                "hint": None, "message": None, "hint_error": None}
    return _failed(message, *_render(hint, namespace))


def _exceeded(error):
    said = f"The code under test was stopped: {error}."
    return _failed(said, said, None)


def _failed(message, hint, hint_error):
    return {"passed": False, "score": None, "hint": hint, "message": message,
            "hint_error": hint_error}


def watch(identifier, source, lab, pristine, clock="virtual"):
    """As `run`; of a check that fails, returns too what its last run did, as a `timelines.Taken`, else
    None."""
    lab.timelines, lab.timeline = True, None
    try:
        outcome = run(identifier, source, lab, pristine, clock)
    finally:
        lab.timelines = False
    taken = lab.timeline
    if outcome["passed"] or taken is None or taken.json is None:
        taken = None
    return outcome, taken


def run_watched(identifier, source, lab, pristine, clock="virtual"):
    """As `watch`; what tasks and threads did is in the outcome, as JSON (``timeline``). A single task
    counts, too: it may be what should have been several."""
    outcome, taken = watch(identifier, source, lab, pristine, clock)
    if taken is None or not (taken.is_concurrent() or taken.has_tasks()):
        return outcome
    return {**outcome, "timeline": taken.json}


def run_cell(source, lab, pristine):
    """A check in a notebook: shows how it went, and of a run with several tasks or threads that
    failed the check, what they did."""
    options = header(source)
    outcome, taken = watch(f"check {options.get('check', 'check')}", source, lab, pristine)
    _show(options.get("check", "check"), options.get("points"), outcome)
    if taken is not None and taken.is_concurrent():
        display.display(taken.bundle(), raw=True)
    return outcome


def _show(name, points, outcome):
    import html

    worth = f" ({points} point{'' if points == '1' else 's'})" if points else ""
    if outcome["passed"]:
        first, colour, rest = f"✔ {name}: passed{worth}", "#1a7f37", []
    else:
        first, colour = f"✘ {name}: not yet{worth}", "#b35900"
        rest = [outcome["hint"], outcome.get("comparison")]
        rest = [text for text in rest if text] or [outcome["message"] or ""]
    markup = (f'<div style="border-left:3px solid {colour};padding-left:0.6em">'
              f'<strong style="color:{colour}">{html.escape(first)}</strong>')
    for text in rest:
        markup += f'<div style="white-space:pre-wrap">{html.escape(text.strip())}</div>'
    text = "\n  ".join([first, *(text for text in rest if text)])
    display.display({"text/plain": text, "text/html": markup + "</div>"}, raw=True)
    return outcome


#: Code of checks that were compiled ahead, by identifier and source.
_prepared = {}


def prepare(identifier, source, anew):
    """Compiles a check ahead, for the processes that are forked from this one; `anew` forgets those
    that were before. One that does not compile is told when it is run."""
    if anew:
        _prepared.clear()
    try:
        _prepared[identifier, source] = _compile(identifier, source)
    except Exception:
        pass


def _compile(identifier, source):
    tree = ast.parse(source, identifier)
    _Rewriter(source).rewrite(tree)
    return compile(tree, identifier, "exec", dont_inherit=True)


class _Rewriter:
    """Turns ``assert`` into a call that reports both sides, and comparisons into exact ones.

    No `ast.NodeTransformer`: that takes longer than most checks, and a grader rewrites each of them
    for every submission.
    """

    def __init__(self, source):
        # Columns are counted in bytes.
        self._lines = source.encode().splitlines(keepends=True)

    def rewrite(self, node):
        """What takes the node's place, in which all is rewritten."""
        for name, value in node.__dict__.items():
            kind = type(value)
            if kind in _LEAVES:
                continue
            if kind is list:
                for at, item in enumerate(value):
                    if type(item) not in _LEAVES:
                        value[at] = self.rewrite(item)
            elif isinstance(value, ast.AST):
                setattr(node, name, self.rewrite(value))
        kind = type(node)
        if kind is ast.Compare:
            return self._compare(node)
        if kind is ast.Assert:
            return self._assert(node)
        return node

    def _assert(self, node):
        at = _place(node)
        message = node.msg if node.msg is not None else ast.Constant(None, **at)
        call = _call(_FAIL, [ast.Constant(self._text(node.test), **at), message], at)
        return ast.If(ast.UnaryOp(ast.Not(), node.test, **at), [ast.Expr(call, **at)], [], **at)

    def _compare(self, node):
        at = _place(node)
        sides = [node.left, *node.comparators]
        names = [_OPERATORS[type(op)] for op in node.ops]
        texts = [self._text(side) for side in sides]
        sides = ast.Tuple(sides, ast.Load(), **at)
        return _call(_COMPARE, [_constants(names, at), _constants(texts, at), sides], at)

    def _text(self, node):
        """The node's own source: what stands in its place has its place."""
        first, last = node.lineno - 1, node.end_lineno - 1
        begin, end = node.col_offset, node.end_col_offset
        if first == last:
            return self._lines[first][begin:end].decode()
        between = self._lines[first + 1:last]
        return b"".join([self._lines[first][begin:], *between, self._lines[last][:end]]).decode()


def _place(node):
    return {name: getattr(node, name)
            for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}


def _constants(values, at):
    return ast.Tuple([ast.Constant(value, **at) for value in values], ast.Load(), **at)


def _call(name, args, at):
    return ast.Call(ast.Name(name, ast.Load(), **at), args, [], **at)


class _Recorder:
    """Remembers the last comparison that did not hold, to quote it when the assertion fails."""

    def __init__(self):
        self._last = None

    def compare(self, names, texts, sides):
        for position, name in enumerate(names):
            left, right = sides[position], sides[position + 1]
            result = _holds(name, left, right)
            if not result:
                self._last = (texts[position], name, texts[position + 1], left, right)
                return result
        return result

    def fail(self, text, message):
        parts = [f"assert {text}"]
        if self._last is not None:
            left_text, name, right_text, left, right = self._last
            parts.append(f"{left_text} {name} {right_text}: {_short(left)} {name} {_short(right)}")
        if message is not None:
            parts.append(str(message))
        failure = CheckFailed("\n".join(parts))
        if self._last is not None:
            failure.comparison = _explain(*self._last)
        raise failure


def _explain(left_text, name, right_text, left, right):
    """Both sides of a comparison that does not hold."""
    sides = [f"{text} is {_short(value)}" for text, value in ((left_text, left), (right_text, right))
             if text != _short(value)]
    return "; ".join([*sides, f"the check wants {left_text} {name} {right_text}"])


def _short(value):
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr failed: {error!r}>"
    return text if len(text) <= 300 else text[:300] + "…"


def _holds(name, left, right):
    if name == "==":
        return equal(left, right)
    if name == "!=":
        return not equal(left, right)
    if name == "is":
        return left is right
    if name == "is not":
        return left is not right
    if name in ("in", "not in"):
        if type(right) in (list, tuple):
            found = any(equal(left, item) for item in right)
        else:
            # What claims to contain everything contains nothing.
            found = bool(left in right) and not (_is_own(right, "__contains__") and object() in right)
        return found is (name == "in")
    holds, opposite, method = _ORDER[name]
    result = holds(left, right)
    if result and (_is_own(left, method) or _is_own(right, method)):
        # What is both less and not less has no order.
        return not opposite(left, right)
    return result


#: A comparison, what cannot hold at the same time, and the method behind it.
_ORDER = {"<": (operator.lt, operator.ge, "__lt__"), "<=": (operator.le, operator.gt, "__le__"),
          ">": (operator.gt, operator.le, "__gt__"), ">=": (operator.ge, operator.lt, "__ge__")}
_NATIVE = (types.WrapperDescriptorType, types.MethodDescriptorType)
_mro = type.__dict__["__mro__"].__get__


def _is_own(value, method):
    """Whether the class of `value` has a method of this name that is written in Python."""
    for kind in _mro(type(value)):
        if method in vars(kind):
            return not isinstance(vars(kind)[method], _NATIVE)
    return False


def equal(left, right):
    """Equality that an object cannot lie about: built-in types are compared by value and exactly,
    and an object of the learner's own class equals only another one of that class."""
    kind = type(left)
    if kind in _SCALARS or type(right) in _SCALARS:
        same = kind is type(right) or (kind in _NUMBERS and type(right) in _NUMBERS)
        return same and left == right
    if kind in (list, tuple):
        return type(right) is kind and len(left) == len(right) and all(map(equal, left, right))
    if kind is dict:
        return (type(right) is dict and len(left) == len(right)
                and all(key in right and equal(value, right[key]) for key, value in left.items()))
    if _is_own(left, "__eq__") or _is_own(right, "__eq__"):
        # What equals everything equals nothing.
        return kind is type(right) and bool(left == right) and not left == object()
    return bool(left == right)


def _render(template, namespace):
    """The hint with its fields filled in: ``(hint, error)``."""
    if template is None:
        return None, None
    import string

    try:
        parts = []
        for literal, field, spec, conversion in string.Formatter().parse(template):
            parts.append(literal)
            if field is not None:
                parts.append(_field(field, spec, conversion, namespace))
        return "".join(parts), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _field(field, spec, conversion, namespace):
    value = eval(field, namespace)
    if conversion == "r":
        value = repr(value)
    elif conversion == "s":
        value = str(value)
    elif conversion == "a":
        value = ascii(value)
    return format(value, spec or "")
