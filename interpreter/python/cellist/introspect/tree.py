"""The syntax tree of a cell that is being typed: what does not parse is left out.

A mark, a name that nobody uses, takes the place of what is typed at the cursor, so that the
cursor's scope can be found in the tree.
"""

import _ast as ast
import re
import warnings

MARK = "cellist_cursor_"

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_CLOSERS = {"(": ")", "[": "]", "{": "}", "f{": "}"}
_BLOCK = re.compile(r"(?:async\s+)?(?:if|elif|else|for|while|with|try|except|finally|def|class|match|case)\b")
_CONTINUES = re.compile(r"(?:elif|else|except|finally|case)\b")
#: So many broken statements beside the cursor's are left out; then all that is not above it.
_REPAIRS = 8


class Marked:
    """A tree, and the nodes from its root to the mark (none when it has no mark)."""

    def __init__(self, tree, path):
        self.tree, self.path = tree, path


def parse(source):
    """The tree of a source, or the error that it has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(source, "<cell>", "exec", _FLAGS, dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
            return error


def marked(place):
    """The tree of the source at a place, or None."""
    first = place.before.count("\n", 0, place.lexer.statement)
    last = place.before.count("\n")
    for source in _attempts(place):
        tree = _repaired(source.split("\n"), first, last)
        if tree is not None:
            path = []
            _find(tree, last + 1, path)
            return Marked(tree, path[::-1])
    return None


def _attempts(place):
    """Sources with a mark, those first that keep most of what was typed."""
    string = place.string
    if string is not None:
        start = string.start
        rest = place.after
        end = rest.find(string.quote)
        if end >= 0 and "\n" not in rest[:end]:
            rest = rest[end + len(string.quote):]
        else:
            rest = rest[rest.find("\n"):] if "\n" in rest else ""
    else:
        start = len(place.before) - len(place.prefix)
        rest = re.sub(r"^\w*", "", place.after, count=1)
    if place.is_comment:
        start, rest = place.before.rindex("#"), "\n" + rest.partition("\n")[2]
    head = place.before[:start]
    # A string may span lines: the cursor's line must stay where it is.
    lost = "\n" * place.before.count("\n", start)
    yield head + lost + MARK + rest if not lost else head + MARK + lost + rest
    following = rest.partition("\n")[2]
    closers = "".join(_CLOSERS[item.text] for item in reversed(place.lexer.stack) if item.text in ("(", "[", "{"))
    begin = min(place.lexer.statement, start)
    statement = place.before[begin:start].lstrip()
    indent = _indent(place.before, begin)
    in_field = any(item.text == "f{" for item in place.lexer.stack)
    if not in_field:
        tail = ""
        if _BLOCK.match(statement):
            tail = ":" if _is_deeper(following, indent) else ": pass"
        yield head + MARK + closers + tail + lost + "\n" + following
    body = MARK
    if _CONTINUES.match(statement):
        word = _CONTINUES.match(statement).group()
        condition = {"elif": " 1", "case": " _"}.get(word, "")
        body = f"{word}{condition}:" + ("" if _is_deeper(following, indent) else f" {MARK}")
    elif _is_deeper(following, indent):
        body = f"if {MARK}:"
    lost = "\n" * place.before.count("\n", begin)
    yield place.before[:begin] + body + lost + "\n" + following
    yield place.before[:begin] + MARK


def _indent(text, position):
    line = text[text.rfind("\n", 0, position) + 1: position]
    return len(line) if not line.strip() else len(line) - len(line.lstrip())


def _is_deeper(following, indent):
    for line in following.split("\n"):
        if line.strip():
            return len(line) - len(line.lstrip()) > indent
    return False


def _repaired(lines, first, last):
    """The tree of the lines, with those broken left out that are not between `first` and `last`."""
    touched = {}
    for _ in range(_REPAIRS):
        tree = parse("\n".join(lines))
        if not isinstance(tree, Exception):
            return tree
        number = getattr(tree, "lineno", None)
        if number is None:
            return None
        number = min(number, len(lines)) - 1
        message = str(tree.msg)
        if "'finally' block" in message:
            if not _unguard(lines, number):
                return None
            continue
        while number > last and not lines[number].strip():
            number -= 1
        if "expected an indented block" in message:
            number = _header(lines, number)
        if first <= number <= last or number < 0:
            return None
        times = touched[number] = touched.get(number, 0) + 1
        if times > 2:
            return None
        lines[number] = "" if times == 2 else _neutral(lines, number)
    return None


def _neutral(lines, number):
    """A statement that does nothing in the place of a line, with or without a block."""
    line = lines[number]
    indent = line[: len(line) - len(line.lstrip())]
    if _is_deeper("\n".join(lines[number + 1:]), len(indent)):
        return indent + "if 1:"
    return indent + "pass"


def _header(lines, number):
    """The line whose block is missing."""
    number = min(number, len(lines) - 1)
    if lines[number].rstrip().endswith(":") and _BLOCK.match(lines[number].lstrip()):
        return number
    for above in range(number - 1, -1, -1):
        if lines[above].strip():
            return above
    return number


def _unguard(lines, number):
    """Makes a plain block of the `try` that has no `except` at this line."""
    for above in range(min(number, len(lines) - 1), -1, -1):
        text = lines[above].lstrip()
        if re.match(r"try\s*:", text):
            lines[above] = lines[above].replace("try", "if 1", 1)
            return True
    return False


def _find(node, line, path):
    """Appends the nodes from the mark up to `node`; true when it is there."""
    lines = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    if lines[0] is not None and not _first_line(node) <= line <= (lines[1] or lines[0]):
        return False
    for name in node._fields:
        value = getattr(node, name, None)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, ast.AST):
                if _find(item, line, path):
                    path.append(node)
                    return True
            elif isinstance(item, str) and MARK in item:
                path.append(node)
                return True
    return False


def _first_line(node):
    decorators = getattr(node, "decorator_list", None)
    return min([node.lineno, *(item.lineno for item in decorators)]) if decorators else node.lineno
