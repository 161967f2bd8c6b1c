"""Whether a piece of source can be run as it stands, and how its next line begins."""

import codeop
import re
import warnings

from cellist.introspect.lexer import Lexer

_SHELL_LINE = re.compile(r"\s*(?:[^\W\d]\w*\s*=\s*)?[%!].*\\$")


def is_complete(source):
    """``("complete" | "incomplete" | "invalid", indent)``, by IPython's rules: a block goes on
    until an empty line, a cell magic too, and the next line begins as the last one did, or four
    columns deeper behind a colon."""
    from cellist import transform

    source = transform.unprompted(source)
    lines = source.split("\n")
    if transform.split_cell_magic(source) is not None:
        # The rest may be any language: an empty line ends it.
        return ("incomplete", _indent_of(lines[-1])) if lines[-1].strip() else ("complete", "")
    if _SHELL_LINE.match(lines[-1]):
        return "incomplete", ""
    source, _ = transform.transform(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = _compile_command(source)
        except SyntaxError:
            return _unfinished(source) or ("invalid", "")
        except (OverflowError, ValueError, RecursionError, MemoryError):
            return "invalid", ""
    lines = source.splitlines()
    last = next((line for line in reversed(lines) if line.strip()), "")
    if code is None:
        return "incomplete", _indent_after(source, last)
    # An indented block goes on until an empty line, as at Python's own prompt.
    if lines and lines[-1][:1] in (" ", "\t") and lines[-1].strip() and not _is_closing(source):
        return "incomplete", _indent_after(source, last)
    return "complete", ""


def _compile_command(source):
    import ast

    compiler = codeop.Compile()
    # The tree first: the compiler's warnings about escapes do not survive every unfinished string.
    compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
    tree = codeop._maybe_compile(compiler, source, "<input>", "exec", 0)
    if tree is not None:
        compile(source, "<input>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return tree


def _unfinished(source):
    """The answer for a decorator without its function, and a `try` without its `except`: the
    compiler takes them for errors."""
    lines = source.rstrip().splitlines()
    if not lines:
        return None
    indent = _indent_of(lines[-1])
    last = Lexer(source.rstrip())
    source = source.rstrip()
    ends = [f"\n{indent}def f(): pass\n"] if source[last.statement:].startswith("@") else [
        f"\n{_indent_of(line)}finally: pass\n" for line in lines if re.match(r"\s*try\s*:", line)][-1:]
    for end in ends:
        try:
            if _compile_command(source + end) is not None:
                return "incomplete", _indent_after(source, lines[-1])
        except (SyntaxError, OverflowError, ValueError):
            pass
    return None


def _is_closing(source):
    """Whether the last line belongs to a statement that began at the margin."""
    start = Lexer(source).statement
    return not source[source.rfind("\n", 0, start) + 1: start].strip(" \t") and (
        start == 0 or source[start - 1] == "\n")


def _indent_of(line):
    return line[: len(line) - len(line.lstrip())].replace("\t", "    ")


def _indent_after(source, last):
    lexer = Lexer(source)
    indent = _indent_of(last)
    tokens = [token for token in lexer.tokens if token.kind != "newline"]
    if not lexer.stack and tokens and tokens[-1].text == ":":
        start = lexer.starts[-1] if lexer.starts else 0
        line = source[source.rfind("\n", 0, start) + 1:]
        return _indent_of(line) + "    "
    return indent
