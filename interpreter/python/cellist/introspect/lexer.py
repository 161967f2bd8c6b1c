"""Tokens of Python source that ends anywhere: what somebody has typed so far.

`tokenize` gives up on such source; this one never does, and says what is still open at the end.
"""

import re

_TOKEN = re.compile(r"""
    (?P<space>[ \t\f\r]+|\\\r?\n)
  | (?P<newline>\n)
  | (?P<comment>\#[^\n]*)
  | (?P<string>[rRbBuUfFtT]{0,2}(?:'''|\"\"\"|'|\"))
  | (?P<name>[^\W\d]\w*)
  | (?P<number>(?:\d|\.\d)(?:[eE][+-]\d|\w|\.(?![.]))*)
  | (?P<op>->|:=|\.\.\.|\*\*=?|//=?|>>=?|<<=?|[-+*/%@&|^=<>!]=?|.)
""", re.VERBOSE | re.DOTALL)

_CLOSES = {")": "(", "]": "[", "}": "{"}

#: Where one of these begins a line, whatever bracket was open before has been forgotten.
_STATEMENTS = {"def", "class", "import", "return", "while", "try", "with", "raise", "del", "pass",
               "break", "continue", "global", "nonlocal", "assert", "elif", "except", "finally"}


class Token:
    """`kind` is name, number, string, op or newline; `start` and `end` are positions."""

    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end

    def __repr__(self):
        return f"<{self.kind} {self.text!r}>"


class Bracket:
    """An open bracket: its text (``f{`` of a field in an f-string) and the number of its token."""

    __slots__ = ("text", "start", "index")

    def __init__(self, text, start, index):
        self.text, self.start, self.index = text, start, index


class String:
    """An open string: its prefix, its quotes, and where it starts."""

    __slots__ = ("prefix", "quote", "start", "index", "text")

    def __init__(self, prefix, quote, start, index):
        self.prefix, self.quote, self.start, self.index = prefix.lower(), quote, start, index
        self.text = "spec" if quote is None else "string"

    @property
    def has_fields(self):
        return self.quote is None or "f" in self.prefix or "t" in self.prefix

    @property
    def content(self):
        """Where its content starts."""
        return self.start + len(self.prefix) + len(self.quote or ":")


class Lexer:
    """Splits `source`: `tokens`, what is open at the end (`stack`), and where statements start."""

    def __init__(self, source):
        self.source = source
        self.tokens = []
        self.stack = []
        #: Positions of the first tokens of statements.
        self.starts = []
        #: Whether the source ends in a comment.
        self.is_comment = False
        self._fresh = True
        position, end = 0, len(source)
        while position < end:
            top = self.stack[-1] if self.stack else None
            if isinstance(top, String):
                position = self._in_string(top, position)
            else:
                position = self._in_code(position)

    @property
    def string(self):
        """The string in which the source ends, or None."""
        top = self.stack[-1] if self.stack else None
        return top if isinstance(top, String) and top.quote else None

    @property
    def statement(self):
        """Where the statement starts in which the source ends."""
        return len(self.source) if self._fresh or not self.starts else self.starts[-1]

    def _in_code(self, position):
        match = _TOKEN.match(self.source, position)
        kind, text, end = match.lastgroup, match.group(), match.end()
        if kind in ("space", "comment"):
            self.is_comment = kind == "comment" and end == len(self.source)
            return end
        if kind == "newline":
            self._end_line()
            if not self.stack:
                self._add("newline", text, position, end)
                self._fresh = True
            return end
        if kind == "string" and self._ends_field(text):
            # `f"{x"`: the quote ends the string, not the field.
            self.stack.pop()
            return position
        if self._fresh:
            self.starts.append(position)
            self._fresh = False
        elif kind == "name" and text in _STATEMENTS and self.stack and self._begins_line(position):
            self.stack.clear()
            self._add("newline", "", position, position)
            self.starts.append(position)
        if kind == "string":
            quote = text.lstrip("rRbBuUfFtT")
            self.stack.append(String(text[: len(text) - len(quote)], quote, position, len(self.tokens)))
        else:
            self._add(kind, text, position, end)
            if kind == "op":
                self._operator(text, position)
        return end

    def _operator(self, text, position):
        top = self.stack[-1] if self.stack else None
        if text in "([{":
            self.stack.append(Bracket(text, position, len(self.tokens) - 1))
        elif top is None:
            if text == ";":
                self._fresh = True
        elif top.text == "f{":
            if text == "}":
                self.stack.pop()
                del self.tokens[top.index:]
            elif text == ":":
                self.stack.append(String("", None, position, len(self.tokens)))
        elif _CLOSES.get(text) == top.text:
            self.stack.pop()

    def _ends_field(self, text):
        if len(self.stack) < 2 or self.stack[-1].text != "f{":
            return False
        string = self.stack[-2]
        # Inside of a field the same quotes may begin a string of its own: when they are closed again.
        line = self.source.find("\n", self.stack[-1].start)
        rest = self.source[self.stack[-1].start: None if line < 0 else line]
        return string.quote == text and rest.count(text) % 2 == 1

    def _in_string(self, string, position):
        source, quote = self.source, string.quote
        if quote is None:
            return self._in_spec(position)
        char = source[position]
        if char == "\\":
            return position + 2
        if source.startswith(quote, position):
            self.stack.pop()
            end = position + len(quote)
            del self.tokens[string.index:]
            self._add("string", source[string.start:end], string.start, end)
            return end
        if char == "\n" and len(quote) == 1:
            # Never closed.
            self.stack.pop()
            del self.tokens[string.index:]
            self._add("string", source[string.start:position], string.start, position)
            return position
        if char == "{" and string.has_fields:
            if source.startswith("{{", position):
                return position + 2
            self._add("op", "{", position, position + 1)
            self.stack.append(Bracket("f{", position, len(self.tokens) - 1))
            return position + 1
        following = _PLAIN.match(source, position + 1)
        return following.end()

    def _in_spec(self, position):
        char = self.source[position]
        if char == "{":
            self._add("op", "{", position, position + 1)
            self.stack.append(Bracket("f{", position, len(self.tokens) - 1))
        elif char == "}":
            self.stack.pop()
            field = self.stack.pop()
            del self.tokens[field.index:]
        elif char in "\"'\n":
            self._close_fields()
            return position
        return position + 1

    def _end_line(self):
        """A field of a string on one line ends with it, closed or not."""
        for number, item in enumerate(self.stack):
            if isinstance(item, String) and item.quote and len(item.quote) == 1:
                del self.stack[number:]
                break

    def _close_fields(self):
        while self.stack and not (isinstance(self.stack[-1], String) and self.stack[-1].quote):
            self.stack.pop()

    def _begins_line(self, position):
        return not self.source[self.source.rfind("\n", 0, position) + 1: position].strip()

    def _add(self, kind, text, start, end):
        self.tokens.append(Token(kind, text, start, end))


#: What means nothing special in any string.
_PLAIN = re.compile(r"[^\\\n{}'\"]*")
