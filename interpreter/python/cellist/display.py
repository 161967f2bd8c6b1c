"""Representations: from a Python object to a MIME bundle, and ``display``."""

import _cellist
import sys

from cellist.origin import origin

#: Values whose only representation is their ``repr``.
_PLAIN = (int, bool, type(None))

#: No object has it, but one whose ``__getattr__`` answers to every name.
_NOBODYS = "_cellist_method_that_should_not_exist_"


def method(value, name):
    """A method for representation, or None."""
    # A class has these methods for its instances, and an object whose `__getattr__` answers to
    # every name does not have them at all.
    if isinstance(value, type):
        return None
    try:
        if callable(getattr(value, _NOBODYS, None)):
            return None
        found = getattr(value, name, None)
    except Exception:
        return None
    return found if callable(found) else None


def encode(mime, data):
    """A representation as Jupyter's messages want it: binary data in base64, text as text."""
    if isinstance(data, (bytes, bytearray)):
        import base64

        return base64.b64encode(data).decode("ascii")
    return data if mime.endswith("json") or not isinstance(data, str) else str(data)


def bundle(value, include=None, exclude=None):
    """``(data, metadata)`` of a value: every representation it offers, and plain text always.

    Both are empty when the value has shown itself (``_ipython_display_``).
    """
    if type(value) in _PLAIN and not include and not exclude and "cellist.formatters" not in sys.modules:
        # The machinery is not even loaded.
        return {"text/plain": repr(value)}, {}
    from cellist import formatters

    return formatters.display_formatter.format(value, include, exclude)


class DisplayHandle:
    """A display that can be updated."""

    def __init__(self, display_id=None):
        if display_id is None:
            import uuid

            display_id = uuid.uuid4().hex
        self.display_id = display_id

    def display(self, value, **options):
        display(value, display_id=self.display_id, **options)

    def update(self, value, **options):
        display(value, display_id=self.display_id, update=True, **options)

    def __repr__(self):
        return f"<DisplayHandle display_id={self.display_id}>"


def display(*values, include=None, exclude=None, metadata=None, transient=None,
            display_id=None, raw=False, clear=False, update=False):
    """Shows values in the cell's output.

    With ``display_id`` (True: a fresh one) the display can be updated later; the handle that
    does it is returned. ``raw`` values are MIME bundles already.
    """
    if _in_a_script():
        print(*values)
        return None
    transient = dict(transient or {})
    handle = None
    if display_id is not None and display_id is not False:
        handle = DisplayHandle(None if display_id is True else display_id)
        transient["display_id"] = handle.display_id
    elif update:
        raise TypeError("display_id required for update_display")
    if clear:
        clear_output(wait=True)
    for value in values:
        data, meta = (_raw(value), {}) if raw else bundle(value, include, exclude)
        if not data:
            continue
        if metadata:
            meta = {**meta, **metadata}
        emit(data, meta, transient, update)
    return handle


def _in_a_script():
    """True where no cell runs that could show anything, as under ``cellist python``."""
    module = sys.modules.get("cellist.session")
    return module is None or module.current() is None


class Publisher:
    """``get_ipython().display_pub``: shows MIME bundles."""

    is_publishing = False

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **options):
        emit(_raw(data), dict(metadata or {}), dict(transient or {}), update)

    def clear_output(self, wait=False):
        clear_output(wait)


#: Functions that take displays in the place of the notebook, innermost last: `capture_output`.
captures = []


def emit(data, metadata, transient, update):
    """Sends a display to the cell that this code belongs to, or to who captures."""
    if captures:
        captures[-1](data, metadata, transient, update)
    else:
        _cellist.emit_display(origin.get(), data, metadata, transient, bool(update))


def _raw(value):
    return {mime: encode(mime, item) for mime, item in value.items()}


def update_display(value, *, display_id, **options):
    """Shows another value in the place of an earlier display."""
    display(value, display_id=display_id, update=True, **options)


def clear_output(wait=False):
    """Clears the cell's output, with ``wait`` not before the next output comes."""
    _cellist.emit_clear(origin.get(), bool(wait))


def inline_code(text):
    """Text as HTML, with code between backticks."""
    import html

    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 and index < len(pieces) - 1 else
                   ("`" if index % 2 else "") + piece for index, piece in enumerate(pieces))
