"""From what people type into a cell to Python: magics, shell commands, help, prompts.

Every rewritten statement keeps its line, so that line numbers in tracebacks stay right. What is
rewritten is never valid Python: a statement that starts with ``%``, ``!`` or ``?``, an assignment
whose value does, a name that ends in ``?``. Inside strings, brackets and after a backslash nothing
is touched.
"""

import re

_SHELL = "get_ipython()"

#: Lines that may need rewriting; most cells have none, and are not scanned.
_CANDIDATE = re.compile(r"^[ \t]*[%!?]|=[ \t]*[%!]|\?[ \t]*;?[ \t]*$", re.MULTILINE)

_DOCTEST = re.compile(r"^[ \t]*(?:>>>|\.\.\.)(?: |$)")
_DOCTEST_FIRST = re.compile(r"^[ \t]*>>>(?: |$)")
_NUMBERED = re.compile(r"^[ \t]*(?:In ?\[\d+\]: ?|\.\.\.+: ?)")
_NUMBERED_FIRST = re.compile(r"^[ \t]*In ?\[\d+\]: ?")

_CELL = re.compile(r"%%([^\W\d][\w.]*)(?:[ \t]+(.*))?$")
_LINE = re.compile(r"%[ \t]*([^\W\d][\w.]*)[ \t]*(.*)$", re.DOTALL)
_HELP = re.compile(r"(%{0,2}[^\W\d][\w*]*(?:\.[\w*]+|\[-?\w+\]|\[(?:'[^']*'|\"[^\"]*\")\])*|\*[\w.*]+)[ \t]*(\?\??)$")
_HELP_BEFORE = re.compile(r"(\?\??)[ \t]*(%{0,2}[\w.*]+)$")
#: Magics that run the loop themselves, as they watch all that it does.
_DRIVERS = ("prun", "memit")
_AWAITS = re.compile(r"\b(?:await|async)\b")

_INTERESTING = re.compile(r"[\"'#(){}\[\]:\\]")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def transform(source):
    """``(python, lines)``: the Python source, and by their numbers the lengths (in bytes) of the
    lines that were rewritten."""
    source = unprompted(source)
    if not _CANDIDATE.search(source):
        return source, {}
    cell = split_cell_magic(source)
    if cell is not None:
        number, name, line, body = cell
        if body is None:
            call = _help(f"%%{name}", line)
        else:
            call = f"{_SHELL}.run_cell_magic({name!r}, {line!r}, {body!r})"
        typed = source.split("\n")[number - 1]
        return "\n" * (number - 1) + call + "\n", {number: _length(typed)}
    return _statements(source)


def unprompted(source):
    """The source without the indentation of its first line, and without prompts."""
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if indent:
        lines = [line.removeprefix(indent) for line in lines]
        first = first.removeprefix(indent)
    for begins, prompt in ((_DOCTEST_FIRST, _DOCTEST), (_NUMBERED_FIRST, _NUMBERED)):
        if begins.match(first):
            lines = [prompt.sub("", line, count=1) for line in lines]
            break
    return "\n".join(lines)


def split_cell_magic(source):
    """``(line number, name, line, body)`` of a cell that is one magic, else None. The body is
    None when help is asked for (``%%name?``, and `line` is then the question marks)."""
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        asked = re.fullmatch(r"%%([^\W\d][\w.]*)(\?\??)", line.rstrip())
        if asked:
            return number, asked.group(1), asked.group(2), None
        match = _CELL.match(line)
        if match is None:
            return None
        return number, match.group(1), match.group(2) or "", "\n".join(lines[number:])
    return None


def place(tree, lines):
    """Makes what stands in rewritten lines cover them: the columns of the Python say nothing about
    what was typed, and a traceback would mark the wrong letters. `lines`: number to length."""
    todo = list(tree.body)
    while todo:
        node = todo.pop()
        length = lines.get(getattr(node, "lineno", None))
        if length is not None:
            node.end_lineno = node.lineno
            node.col_offset, node.end_col_offset = 0, length
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                todo += [item for item in value if hasattr(item, "_fields")]
            elif hasattr(value, "_fields"):
                todo.append(value)


def _statements(source):
    lines = source.split("\n")
    scanner = _Scanner()
    result, rewritten = [], {}
    position = 0
    while position < len(lines):
        line = lines[position]
        if scanner.at_start():
            whole, used = _joined(lines, position)
            call = _rewrite(whole)
            if call is not None:
                rewritten[position + 1] = _length(line)
                result.append(call)
                result += [""] * (used - 1)
                position += used
                continue
        scanner.feed(line)
        result.append(line)
        position += 1
    return "\n".join(result), rewritten


def _length(line):
    return len(line.encode("utf-8", "surrogatepass"))


def _joined(lines, position):
    """A line with those that it is continued on by a backslash, and their number."""
    parts = []
    for line in lines[position:]:
        text = line.rstrip()
        if not text.endswith("\\"):
            parts.append(line)
            break
        parts.append(text[:-1].rstrip())
    first, *rest = parts
    return " ".join([first, *(part.strip() for part in rest)]), len(parts)


def _rewrite(whole):
    """The Python of one statement, or None when it is Python already."""
    text = whole.lstrip(" \t")
    indent = whole[: len(whole) - len(text)]
    call = _call(text)
    if call is not None:
        return indent + call
    for found in re.finditer(r"=[ \t]*(?=[%!])", whole):
        before = whole[: found.start()]
        if before.rstrip()[-1:] in "=!<>+-*/%&|^:@" or not _is_whole(before):
            continue
        value = whole[found.end():]
        if value.startswith("!"):
            return f"{before}= {_SHELL}.getoutput({value[1:].strip()!r})"
        magic = _line_magic(value)
        return f"{before}= {magic}" if magic else None
    return None


def _call(text):
    asked = text.rstrip().rstrip(";").rstrip()
    if asked.endswith("?"):
        match = _HELP.fullmatch(asked)
        if match:
            return _help(*match.groups())
    if text.startswith("?"):
        match = _HELP_BEFORE.fullmatch(asked)
        return _help(match.group(2), match.group(1)) if match else None
    if text.startswith("!!"):
        return f"{_SHELL}.getoutput({text[2:].strip()!r})"
    if text.startswith("!") and not text.startswith("!="):
        return f"{_SHELL}.system({text[1:].rstrip()!r})"
    return _line_magic(text)


def _line_magic(text):
    match = _LINE.match(text)
    if match is None:
        return None
    name, line = match.group(1), match.group(2).rstrip()
    if name not in _DRIVERS and _AWAITS.search(line):
        return f"await {_SHELL}.await_line_magic({name!r}, {line!r})"
    return f"{_SHELL}.run_line_magic({name!r}, {line!r})"


def _help(name, marks):
    magic = "pinfo2" if marks == "??" else "pinfo"
    if "*" in name:
        magic = "psearch"
    return f"{_SHELL}.run_line_magic({magic!r}, {name!r})"


def _is_whole(text):
    """True when `text` ends outside of strings, brackets and comments."""
    scanner = _Scanner()
    scanner.scan(text)
    return not scanner.stack and not scanner.comment


class _Scanner:
    """Follows Python line by line, as far as one must to know where a statement starts."""

    def __init__(self):
        #: What is open: a bracket, a `_String`, ``"field"`` or ``"spec"`` of an f-string.
        self.stack = []
        self.comment = False
        self._continued = False

    def at_start(self):
        return not self.stack and not self._continued

    def feed(self, line):
        """Takes a whole line."""
        self.scan(line)
        if self._continued:
            return
        # A string of one line ends with it, closed or not.
        while self.stack and isinstance(self.stack[-1], _String) and len(self.stack[-1].quote) == 1:
            self.stack.pop()

    def scan(self, line):
        """Takes a part of a line."""
        self._continued = self.comment = False
        position = 0
        while position < len(line):
            top = self.stack[-1] if self.stack else None
            if isinstance(top, _String):
                position = self._in_string(top, line, position)
            elif top == "spec":
                position = self._in_spec(line, position)
            else:
                position = self._in_code(top, line, position)

    def _in_string(self, string, line, position):
        if line[position] == "\\":
            self._continued = position == len(line) - 1
            return position + 2
        if line.startswith(string.quote, position):
            self.stack.pop()
            return position + len(string.quote)
        if string.formatted and line[position] == "{":
            if line.startswith("{{", position):
                return position + 2
            self.stack.append("field")
        return position + 1

    def _in_spec(self, line, position):
        if line[position] == "{":
            self.stack.append("field")
        elif line[position] == "}":
            del self.stack[-2:]
        return position + 1

    def _in_code(self, top, line, position):
        found = _INTERESTING.search(line, position)
        if found is None:
            return len(line)
        position, char = found.start(), found.group()
        if char in "\"'":
            return self._open_string(line, position)
        if char == "#":
            self.comment = True
            return len(line)
        if char == "\\":
            self._continued = not line[position + 1:].strip()
        elif char in "([{":
            self.stack.append(char)
        elif char == ":":
            if top == "field":
                self.stack.append("spec")
        elif char == "}" and top == "field":
            self.stack.pop()
        elif top == _BRACKETS.get(char):
            self.stack.pop()
        return position + 1

    def _open_string(self, line, position):
        char = line[position]
        quote = char * 3 if line.startswith(char * 3, position) else char
        prefix = re.search(r"[A-Za-z]*$", line[:position]).group().lower()
        formatted = len(prefix) <= 2 and ("f" in prefix or "t" in prefix)
        self.stack.append(_String(quote, formatted))
        return position + len(quote)


class _String:
    def __init__(self, quote, formatted):
        self.quote, self.formatted = quote, formatted
