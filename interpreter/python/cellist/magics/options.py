"""Options of a magic's line: ``-n 5 -r3 --quiet rest``."""

import getopt
import shlex

from cellist.magics import UsageError


class Options(dict):
    """Options as attributes; one that was not given is None."""

    def __getattr__(self, name):
        return self.get(name)


def parse(line, short, *long, mode="string", posix=True, strict=True, list_all=False,
          preserve_non_opts=False, **_ignored):
    """``(options, rest)``: options by name, and the text behind them (with ``mode="list"``, its
    words). `short` is as in `getopt`, so are the names in `long`."""
    words = _words(line, posix)
    try:
        found, rest = getopt.getopt([word for word, _ in words], short, list(long))
    except getopt.GetoptError as error:
        allowed = " ".join(f"-{char}" for char in short if char.isalnum())
        raise UsageError(f"{error} (allowed: {allowed} {' '.join('--' + name for name in long)})".rstrip()) from None
    options = Options()
    for name, value in found:
        name = name.lstrip("-")
        if name in options and list_all:
            before = options[name]
            options[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            options[name] = value
    if mode == "list":
        return options, rest
    # The rest as it was typed: quotes and spaces belong to the code in it.
    begin = words[len(words) - len(rest)][1] if rest else len(line)
    return options, line[begin:].rstrip()


def _words(line, posix):
    """The words of a line and where each begins."""
    words, position = [], 0
    while True:
        while position < len(line) and line[position].isspace():
            position += 1
        if position == len(line):
            return words
        end = _end_of_word(line, position)
        text = line[position:end]
        if posix:
            try:
                text = shlex.split(text)[0]
            except (ValueError, IndexError):
                pass
        words.append((text, position))
        position = end


def _end_of_word(line, position):
    quote = None
    while position < len(line):
        char = line[position]
        if quote:
            if char == quote:
                quote = None
        elif char in "'\"":
            quote = char
        elif char.isspace():
            break
        position += 1
    return position
