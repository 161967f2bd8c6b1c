"""Representations: from a Python object to a MIME bundle, and ``display``."""

import _cellist

from cellist.origin import origin

_REPRESENTATIONS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_latex_", "text/latex"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
    ("_repr_pdf_", "application/pdf"),
)


def _method(value, name):
    # A class has these methods for its instances, and an object whose `__getattr__` answers to
    # every name does not have them at all.
    if isinstance(value, type):
        return None
    if getattr(type(value), "__getattr__", None) is not None and not hasattr(type(value), name):
        return None
    method = getattr(value, name, None)
    return method if callable(method) else None


def _split(result):
    """A representation may come with its metadata."""
    if isinstance(result, tuple) and len(result) == 2:
        return result
    return result, None


def _encode(mime, data):
    if isinstance(data, (bytes, bytearray)):
        import base64

        return base64.b64encode(data).decode("ascii")
    return data if mime.endswith("json") else str(data)


def bundle(value, include=None, exclude=None):
    """``(data, metadata)`` of a value: every representation it offers, and plain text always."""
    data, metadata = {}, {}
    method = _method(value, "_repr_mimebundle_")
    if method is not None:
        result = method(include=include, exclude=exclude)
        if result is not None:
            extra, meta = _split(result)
            data.update({mime: _encode(mime, item) for mime, item in extra.items()})
            metadata.update(meta or {})
    for name, mime in _REPRESENTATIONS:
        method = _method(value, name)
        if method is None or mime in data:
            continue
        result = method()
        if result is None:
            continue
        content, meta = _split(result)
        data[mime] = _encode(mime, content)
        if meta:
            metadata[mime] = meta
    if "text/plain" not in data:
        data["text/plain"] = repr(value)
    if include:
        data = {mime: item for mime, item in data.items() if mime in include}
    if exclude:
        data = {mime: item for mime, item in data.items() if mime not in exclude}
    return data, metadata


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
    transient = dict(transient or {})
    handle = None
    if display_id is not None and display_id is not False:
        handle = DisplayHandle(None if display_id is True else display_id)
        transient["display_id"] = handle.display_id
    elif update:
        raise TypeError("display_id required for update_display")
    if clear:
        clear_output(wait=True)
    home = origin.get()
    for value in values:
        method = None if raw else _method(value, "_ipython_display_")
        if method is not None:
            method()
            continue
        data, meta = (value, {}) if raw else bundle(value, include, exclude)
        if metadata:
            meta = {**meta, **metadata}
        _cellist.emit_display(home, data, meta, transient, bool(update))
    return handle


def clear_output(wait=False):
    """Clears the cell's output, with ``wait`` not before the next output comes."""
    _cellist.emit_clear(origin.get(), bool(wait))
