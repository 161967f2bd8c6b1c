"""Shell commands of cells: ``!cmd``, ``x = !cmd`` and the magics that start programs.

Output is read here and written to the cell's own streams as it comes: so it is in order with what
the cell prints, belongs to the cell even from a background task, and can be captured.
"""

import codecs
import os
import signal
import string
import subprocess
import sys

#: Seconds that an interrupted command has to end before it is killed.
GRACE = 2.0


def shell_of_user():
    """The program that runs commands."""
    return "/bin/bash" if os.path.exists("/bin/bash") else None


def run(command, *, shell=True, input=None, env=None, out=None, err=None):
    """Runs a command to its end and returns its exit code (negative: the signal that ended it).

    Output goes to `out` and `err`, functions of text; without them to the cell.
    """
    sys.stdout.flush()
    program = subprocess.Popen(
        command, shell=shell, executable=shell_of_user() if shell else None, env=env,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A group of its own: an interrupt is for all that the command has started.
        process_group=0,
    )
    try:
        _pump(program, input, out or sys.stdout.write, err or sys.stderr.write)
        return program.wait()
    except BaseException:
        _stop(program)
        raise
    finally:
        for pipe in (program.stdin, program.stdout, program.stderr):
            if pipe is not None:
                pipe.close()


def _pump(program, input, out, err):
    """Moves text between the program's pipes and ours until the program has ended."""
    import selectors

    decoder = codecs.getincrementaldecoder("utf-8")
    with selectors.DefaultSelector() as selector:
        for pipe, write in ((program.stdout, out), (program.stderr, err)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, (decoder("replace"), write))
        if program.stdin is not None:
            os.set_blocking(program.stdin.fileno(), False)
            selector.register(program.stdin, selectors.EVENT_WRITE, memoryview(input))
        # What a command leaves in the background keeps the pipes open: the end of the command
        # itself is what counts.
        ended = os.pidfd_open(program.pid)
        try:
            selector.register(ended, selectors.EVENT_READ)
            while _step(program, selector, ended):
                pass
        finally:
            os.close(ended)


def _step(program, selector, ended):
    """Waits for the pipes once; False when the program has ended and all is read."""
    ready = selector.select()
    over = any(key.fd == ended for key, _ in ready)
    for key, _ in ready:
        if key.fileobj is program.stdin:
            _feed(program, selector, key)
        elif key.fd != ended:
            _read(selector, key)
    if over:
        for key in [key for key in selector.get_map().values() if key.fd != ended]:
            if key.fileobj is not program.stdin:
                while _read(selector, key):
                    pass
    return not over


def _read(selector, key):
    """Hands on what a pipe has; False when that is nothing."""
    decoder, write = key.data
    try:
        data = os.read(key.fd, 65536)
    except BlockingIOError:
        return False
    text = decoder.decode(data, final=not data)
    if text:
        write(text)
    if not data:
        selector.unregister(key.fileobj)
    return bool(data)


def _feed(program, selector, key):
    rest = key.data
    try:
        written = os.write(key.fd, rest[:65536])
    except BrokenPipeError:
        written = len(rest)
    if written == len(rest):
        selector.unregister(program.stdin)
        program.stdin.close()
    else:
        selector.modify(program.stdin, key.events, rest[written:])


def _stop(program):
    """Ends a program and what it has started."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(program.pid, number)
        except ProcessLookupError:
            pass
        try:
            program.wait(GRACE)
            return
        except subprocess.TimeoutExpired:
            continue


def output(command, split=True):
    """What a command writes to both of its streams: as lines, or else as text."""
    parts = []
    run(command, out=parts.append, err=parts.append)
    text = "".join(parts).replace("\r\n", "\n")
    return SList(text.split("\n")[:-1] if text.endswith("\n") else text.splitlines()) if split else text


def interpolate(text, namespace):
    """Puts the values of ``{expression}`` and ``$name`` into a command. ``$$`` is a dollar sign,
    ``{{`` a brace; a name that is no variable of Python's is left to the shell, and so is
    everything when a brace holds no expression (as in ``awk '{print $1}'``)."""
    try:
        return "".join(_pieces(text, namespace))
    except Exception:
        return text


def _pieces(text, namespace):
    formatter = string.Formatter()
    for literal, expression, spec, conversion in formatter.parse(text):
        yield _dollars(literal, namespace)
        if expression is not None:
            value = eval(expression, namespace)
            yield format(formatter.convert_field(value, conversion), spec or "")


def _dollars(text, namespace):
    import re

    def value(match):
        if match.group(1):
            return f"${match.group(2)}"
        name, *attributes = match.group(2).split(".")
        if name not in namespace:
            return match.group(0)
        result, rest = namespace[name], ""
        for position, attribute in enumerate(attributes):
            if not attribute or not hasattr(result, attribute):
                # The dots belong to the command: `$stem.txt`.
                rest = "." + ".".join(attributes[position:])
                break
            result = getattr(result, attribute)
        return f"{result}{rest}"

    return re.sub(r"\$(\$?)((?:[^\W\d][\w.]*)?)", lambda match: match.group(0) if not
                  (match.group(1) or match.group(2)) else value(match), text)


class SList(list):
    """Lines of output: a list with `n` (text), `s` (one line), `grep`, `fields` and `sort`."""

    @property
    def l(self):  # noqa: E743
        """The lines."""
        return self

    list = l

    @property
    def n(self):
        """The lines as one text."""
        return "\n".join(self)

    nlstr = n

    @property
    def s(self):
        """The lines as one line."""
        return " ".join(self)

    spstr = s

    @property
    def p(self):
        """The lines as paths of files that exist."""
        from pathlib import Path

        return [Path(line) for line in self if os.path.exists(line)]

    paths = p

    def grep(self, pattern, prune=False, field=None):
        """The lines that match a pattern (or satisfy a function); with `prune`, the others.
        With `field`, a line's field of this number is what must match."""
        import re

        matches = pattern if callable(pattern) else lambda text: re.search(pattern, text, re.IGNORECASE)

        def target(line):
            if field is None:
                return line
            fields = line.split()
            return fields[field] if -len(fields) <= field < len(fields) else ""

        return SList(line for line in self if bool(matches(target(line))) != prune)

    def fields(self, *fields):
        """These fields of each line, between white space; without numbers, lists of all."""
        split = [line.split() for line in self]
        if not fields:
            return split
        lines = (" ".join(line[i] for i in fields if -len(line) <= i < len(line)) for line in split)
        return SList(line for line in lines if line)

    def sort(self, field=None, nums=False):
        """The lines in order of a field; with `nums`, of the number in it."""

        def key(line):
            fields = line.split()
            text = line if field is None else fields[field] if field < len(fields) else ""
            if not nums:
                return text
            digits = "".join(char for char in text if char.isdigit())
            return int(digits) if digits else 0

        return SList(sorted(self, key=key))
