"""The base of objects that hold data and show it."""

import os


class DisplayObject:
    """Data, from a value, a file or an address, and how to show it."""

    _read_flags = "r"
    _show_mem_addr = False
    metadata = None

    def __init__(self, data=None, url=None, filename=None, metadata=None):
        if isinstance(data, os.PathLike):
            data = str(data)
        if data is not None and isinstance(data, str) and url is None and filename is None:
            if data.startswith(("http://", "https://")):
                data, url = None, data
            elif self._is_file(data):
                data, filename = None, data
        self.url = url
        self.filename = None if filename is None else os.fspath(filename)
        self.data = data
        self.metadata = metadata if metadata is not None else {}
        self.reload()
        self._check_data()

    def _is_file(self, data):
        try:
            return os.path.exists(data)
        except (OSError, ValueError):
            # Too long for a name, or with characters that no name has.
            return False

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} object>"

    def _check_data(self):
        """Refuses data that cannot be shown."""

    def _data_and_metadata(self):
        return (self.data, dict(self.metadata)) if self.metadata else self.data

    def reload(self):
        """Reads the file or the address again."""
        if self.filename is not None:
            encoding = None if "b" in self._read_flags else "utf-8"
            with open(self.filename, self._read_flags, encoding=encoding) as file:
                self.data = file.read()
        elif self.url is not None:
            from urllib.request import urlopen

            with urlopen(self.url) as answer:
                data = answer.read()
                charset = answer.headers.get_content_charset() or "utf-8"
            self.data = data if "b" in self._read_flags else data.decode(charset, "replace")


class TextDisplayObject(DisplayObject):
    """Text of some kind."""

    def _check_data(self):
        if self.data is not None and not isinstance(self.data, str):
            raise TypeError(f"{type(self).__name__} expects text, not {self.data!r}")


DisplayObject.__module__ = TextDisplayObject.__module__ = "IPython.core.display"
