"""What stands at the cursor, as far as the text alone tells."""

import keyword
import re

from cellist.introspect.lexer import Lexer

#: Keywords that are values.
_VALUES = {"True", "False", "None"}
_FRAGMENT = re.compile(r"\w*$")

#: Magics whose line (and cell) is Python.
PYTHON = {"time", "timeit", "prun", "memit", "capture", "timeline", "clock", "debug", "psearch",
          "pinfo", "pinfo2", "pdoc", "psource", "pdef", "pfile"}
_MAGIC = re.compile(r"(%%?)([^\W\d][\w.]*)[ \t]")
_OPTIONS = re.compile(r"(?:-\w+(?:[ \t]*\d+)?[ \t]+|--?\w+[ \t]+)*")


class Call:
    """A call in whose arguments the cursor stands.

    `callee` is the source of what is called; `keywords` are those given before the cursor, and
    `positional` the number of arguments before it; `is_new` says that an argument begins here."""

    __slots__ = ("callee", "keywords", "positional", "is_new")

    def __init__(self, callee, keywords, positional, is_new):
        self.callee, self.keywords, self.positional, self.is_new = callee, keywords, positional, is_new


class Place:
    """The text before and after the cursor, magics turned into Python that means the same here."""

    def __init__(self, source, cursor):
        cursor = min(max(cursor, 0), len(source))
        self.cursor = cursor
        self.before, self.after = _without_magics(source[:cursor], source[cursor:])
        self.lexer = Lexer(self.before)
        self.tokens = self.lexer.tokens
        self.string = self.lexer.string
        self.is_comment = self.lexer.is_comment
        #: The part of a name that stands before the cursor.
        self.prefix = ""
        if self.string is None and not self.is_comment and self.tokens:
            last = self.tokens[-1]
            if last.kind == "name" and last.end == len(self.before):
                self.prefix = last.text
        #: The tokens without the prefix.
        self._known = list(self.tokens)
        if self.prefix:
            self._known.pop()

    @property
    def is_number(self):
        """Whether the cursor stands in or right behind a number."""
        last = self.tokens[-1] if self.tokens else None
        return last is not None and last.kind == "number" and last.end == len(self.before)

    @property
    def is_attribute(self):
        """Whether what is wanted is an attribute."""
        return bool(self._known) and self._known[-1].text == "."

    @property
    def owner(self):
        """The source of the expression before the dot, or None."""
        start = self._primary(len(self._known) - 2)
        return None if start is None else self._text(start, len(self._known) - 2)

    @property
    def statement(self):
        """The tokens of the statement before the cursor, without the prefix."""
        return [token for token in self._known if token.start >= self.lexer.statement]

    def subscripted(self):
        """``(source of the container, text typed of the key)`` when the cursor stands in a
        subscript in which only the key is typed so far, else None."""
        stack = [item for item in self.lexer.stack if item is not self.string]
        if not stack or stack[-1].text != "[":
            return None
        bracket = stack[-1]
        start = self._primary(bracket.index - 1)
        if start is None:
            return None
        typed = self.before[bracket.start + 1:]
        if self.string is not None and self.before[bracket.start + 1: self.string.start].strip():
            return None
        return self._text(start, bracket.index - 1), typed

    def call(self):
        """The innermost call in whose arguments the cursor stands, or None."""
        for bracket in reversed(self.lexer.stack):
            if bracket.text == "(" and self._is_call(bracket.index):
                start = self._primary(bracket.index - 1)
                if start is not None:
                    return self._arguments(bracket, self._text(start, bracket.index - 1))
        return None

    def call_of_argument(self):
        """As `call`, but only when nothing else is open inside the call."""
        stack = [item for item in self.lexer.stack if item is not self.string]
        if not stack or stack[-1].text != "(" or not self._is_call(stack[-1].index):
            return None
        return self.call()

    def _is_call(self, index):
        if index == 0:
            return False
        before = self.tokens[index - 1]
        if before.kind == "name":
            if keyword.iskeyword(before.text):
                return False
            return index < 2 or self.tokens[index - 2].text not in ("def", "class")
        return before.text in (")", "]")

    def _arguments(self, bracket, callee):
        depth, keywords, positional, current, is_named = 0, [], 0, [], False
        for token in self._known:
            if token.start <= bracket.start:
                continue
            if token.text in ("(", "[", "{") and token.kind == "op":
                depth += 1
            elif token.text in (")", "]", "}") and token.kind == "op":
                depth -= 1
            if token.text == "," and depth == 0:
                positional += not is_named
                current, is_named = [], False
            else:
                current.append(token)
                if depth == 0 and token.text == "=" and len(current) == 2 and current[0].kind == "name":
                    keywords.append(current[0].text)
                    is_named = True
        return Call(callee, keywords, positional, not current)

    def _primary(self, index):
        """The number of the token with which the primary begins that ends with this one."""
        tokens = self.tokens
        start = None
        while index >= 0:
            token = tokens[index]
            if token.kind in ("string", "number"):
                return index
            if token.kind == "name":
                if keyword.iskeyword(token.text) and token.text not in _VALUES:
                    return start
                start = index
                if index and tokens[index - 1].text == ".":
                    index -= 2
                    continue
                return start
            if token.text not in (")", "]", "}"):
                return start
            start = self._opening(index)
            if start is None:
                return None
            if token.text == "}" or start == 0:
                return start
            before = tokens[start - 1]
            if before.kind == "string" or before.text in (")", "]") or (
                    before.kind == "name" and not keyword.iskeyword(before.text)):
                index = start - 1
                continue
            return start
        return start

    def _opening(self, index):
        depth = 0
        for position in range(index, -1, -1):
            token = self.tokens[position]
            if token.kind == "op":
                depth += (token.text in ")]}") - (token.text in "([{")
                if depth == 0:
                    return position
        return None

    def _text(self, first, last):
        return self.before[self.tokens[first].start: self.tokens[last].end]


def name_around(source, cursor):
    """A place at the end of the name on which the cursor stands."""
    while cursor < len(source) and (source[cursor].isalnum() or source[cursor] == "_"):
        cursor += 1
    return Place(source, cursor)


def _without_magics(before, after):
    """Both parts with as many lines as before. A magic that takes Python makes way for it; any
    other line that is not Python becomes `pass`."""
    if "%" not in before and "!" not in before and "?" not in before and not re.search("[%!?]", after):
        return before, after
    lines = before.split("\n")
    *whole, last = lines
    first = next((number for number, line in enumerate(whole) if line.strip()), None)
    if first is not None and whole[first].startswith("%%"):
        whole[first] = ""
    before = "\n".join([*map(_as_python, whole), _python_of(last)])
    rest, *lines = after.split("\n")
    return before, "\n".join([rest, *map(_as_python, lines)])


def _as_python(line):
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if text.startswith(("%", "!", "?")):
        stripped = _python_of(line)
        return stripped if stripped != line else indent + "pass"
    if text.rstrip().endswith("?"):
        return indent + "pass"
    return re.sub(r"=[ \t]*[%!](?!=).*", "= None", line) if re.search(r"=[ \t]*[%!](?!=)", line) else line


def _python_of(line):
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    match = _MAGIC.match(text)
    if match is None or match.group(2) not in PYTHON:
        return line
    rest = text[match.end():].lstrip()
    return indent + rest[_OPTIONS.match(rest).end():]
