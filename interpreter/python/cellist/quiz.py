"""Quizzes: a cell that says in its first line that it answers one is told at once how it does.

Its key is sealed (`notebooks/src/build/seal.rs` says how): an answer opens what is said of it, and nothing
else. The grader has the answers themselves; it reads them out of the cell as `written` does
(`grader/judge/src/answer_cell.rs`, `fill.rs`).
"""

from cellist import check, display

_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")
#: What is given out; the last is nbgrader's.
_NOTHING = ("", "...", "…", "raise NotImplementedError()")
_BORDERS = ",;:()[]{}"


class KeyBroken(ValueError):
    """The key is not as it was given out."""


def run_cell(source):
    """Shows whether the answer in the cell is right, and why."""
    options = check.header(source)
    name = options.get("quiz", "quiz")
    answer = written(source)
    if answer is None:
        return _show(f"… {name}: not answered yet", "#57606a",
                     "Write your answer instead of `...`, and run the cell again.")
    try:
        right, why = judge(name, options.get("key", ""), answer)
    except KeyBroken:
        return _show(f"… {name}: noted", "#57606a",
                     "The line `#| key:` of this cell was changed, so only the grader can tell. Take it from a fresh "
                     "copy of the notebook to be told here.")
    if right:
        return _show(f"✔ {name}: right", "#1a7f37", why)
    return _show(f"✘ {name}: not yet", "#b35900", why)


def written(source):
    """What stands after ``answer =``, or alone below the cell's first lines; None when that is nothing, or
    still the dots of the cell as it was given out."""
    lines = [line for line in source.splitlines() if line.strip() not in _MARKS]
    for at, line in enumerate(lines):
        rest = _after_name(line)
        if rest is not None:
            lines[:at + 1] = [rest]
            break
    else:
        lines = [line for line in lines if not line.lstrip().startswith("#")]
    text = _unquoted("\n".join(lines).strip())
    return None if text.strip() in _NOTHING else text


def _after_name(line):
    name, equals, rest = line.partition("=")
    return rest if equals and name.strip() == "answer" and not rest.startswith("=") else None


def _unquoted(text):
    for quote in ('"""', "'''", '"', "'", "`"):
        if len(text) >= 2 * len(quote) and text.startswith(quote) and text.endswith(quote):
            inner = text[len(quote):-len(quote)]
            if quote not in inner:
                return inner if quote == "`" else inner.replace("\\n", "\n")
    return "\n".join(line.partition(" #")[0] for line in text.splitlines()).strip()


def judge(name, key, answer):
    """``(whether it is right, why)``."""
    kind, *entries = key.split() or [""]
    kind, _, rule = kind.partition("/")
    if kind == "choice" and rule.isdigit() and entries:
        return _letters(name, int(rule), entries, answer)
    if kind == "fill" and entries:
        return _fill(name, rule, entries, answer)
    raise KeyBroken(key)


def _letters(name, right, entries, answer):
    chosen = {}
    for sign in ",;()[]{}'\"`&":
        answer = answer.replace(sign, " ")
    for word in answer.split():
        letter = word.rstrip(".:").lower()
        if not letter:
            continue
        at = ord(letter) - ord("a") if len(letter) == 1 else -1
        if not 0 <= at < len(entries):
            return False, f"`{word}` is not one of the options; write a letter from a to {chr(ord('a') + len(entries) - 1)}."
        chosen[at] = _opened(_secret(name, letter), entries[at])
    told = [chosen[at] for at in sorted(chosen)]
    wrong = [why for is_right, why in told if not is_right]
    if wrong:
        return False, "\n".join(wrong)
    if len(told) < right:
        return False, "Right so far, but not every right option is among them."
    return True, "\n".join(why for _, why in told)


def _fill(name, rule, entries, answer):
    import hashlib

    otherwise = ""
    for entry in entries:
        how, _, rest = entry.partition(":")
        if how == "*":
            otherwise = _bytes(rest).decode()
            continue
        tag, _, text = rest.partition(":")
        if len(tag) != 12 or not text:
            raise KeyBroken(entry)
        form = _form(how, answer, rule)
        if form is None:
            continue
        secret = _secret(name, form)
        if hashlib.sha256(secret + b"tag").hexdigest()[:12] == tag:
            return _opened(secret, text)
    return False, otherwise or "That is not it. Look at the numbers and names in the question once more."


def _form(how, answer, rule):
    """What an answer must be made into to open an entry; None when it cannot be this one."""
    if how == "t":
        return "t" + _normal(answer, "c" in rule, "s" in rule)
    found = _number(answer)
    kind, _, rest = how.partition(",")
    unit, *steps = rest.split(",")
    if kind != "n" or found is None or found[1] not in ("", unit):
        return None
    if not steps:
        import struct

        return f"n{struct.pack('>d', found[0]).hex()}"
    import math

    try:
        step, start = map(float, steps)
        return f"b{math.floor((found[0] - start) / step)}"
    except (ValueError, ZeroDivisionError, OverflowError):
        raise KeyBroken(how) from None


def _number(text):
    """``(number, unit)`` when it is one."""
    import math
    import re

    found = re.fullmatch(r"([+\-._0-9]+(?:[eE][+-]?[0-9]+)?)\s*(.*)", text.strip(), re.DOTALL)
    if found is None:
        return None
    digits, unit = found[1], found[2].strip()
    if "__" in digits or digits[0] == "_" or digits[-1] == "_":
        return None
    if not all(sign.isalpha() or sign in "%/°²³" for sign in unit):
        return None
    try:
        value = float(digits.replace("_", ""))
    except ValueError:
        return None
    # Adding 0 makes one zero of two.
    return (value + 0.0, unit.lower()) if math.isfinite(value) else None


def _normal(text, case, spaces):
    text = text if case else text.lower()
    if spaces:
        return text.replace("\r\n", "\n").strip()
    tight = ""
    for word in text.split():
        if tight and tight[-1] not in _BORDERS and word[0] not in _BORDERS:
            tight += " "
        tight += word
    return tight


def _secret(name, form):
    import hashlib

    return hashlib.sha256(f"cellist quiz\n{name}\n{form}".encode("utf-8", "surrogatepass")).digest()


def _opened(secret, text):
    import hashlib

    sealed, plain = _bytes(text), bytearray()
    for block in range(0, len(sealed), 32):
        stream = hashlib.sha256(secret + (block // 32).to_bytes(4, "big")).digest()
        plain += bytes(byte ^ key for byte, key in zip(sealed[block:block + 32], stream))
    try:
        said = plain.decode()
    except UnicodeDecodeError:
        raise KeyBroken(text) from None
    if said[:1] not in ("+", "-"):
        raise KeyBroken(text)
    return said[0] == "+", said[1:]


def _bytes(text):
    import base64
    import binascii

    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise KeyBroken(text) from None


def _show(first, colour, why):
    import html

    lines = [line for line in why.splitlines() if line.strip()]
    markup = (f'<div style="border-left:3px solid {colour};padding-left:0.6em">'
              f'<strong style="color:{colour}">{html.escape(first)}</strong>')
    markup += "".join(f"<div>{display.inline_code(line)}</div>" for line in lines)
    text = "\n  ".join([first, *lines])
    display.display({"text/plain": text, "text/html": markup + "</div>"}, raw=True)
