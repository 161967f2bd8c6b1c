"""How values become MIME bundles: one formatter per type of output, to which users add functions."""

import sys

from cellist import display

#: As wide as IPython's lines.
WIDTH = 79


class BaseFormatter:
    """Functions by class, and a method by name, that give one representation of a value."""

    enabled = True

    def __init__(self, format_type, print_method):
        self.format_type = format_type
        self.print_method = print_method
        self.singleton_printers = {}
        self.type_printers = {}
        self.deferred_printers = {}

    def __call__(self, obj):
        """The representation, or None. A failure is reported and is no representation."""
        return self._guarded(self._format, obj)

    def _guarded(self, function, *args):
        try:
            return function(*args)
        except NotImplementedError:
            return None
        except Exception as exc:
            _report(exc)
            return None

    def _format(self, obj):
        if not self.enabled:
            return None
        function = self._registered(obj)
        if function is not None:
            return function(obj)
        method = display.method(obj, self.print_method)
        return None if method is None else method()

    def _registered(self, obj):
        if not (self.type_printers or self.deferred_printers or self.singleton_printers):
            return None
        try:
            return self.lookup(obj)
        except KeyError:
            return None

    def lookup(self, obj):
        """The function that is registered for a value; KeyError if there is none."""
        if id(obj) in self.singleton_printers:
            return self.singleton_printers[id(obj)]
        return self.lookup_by_type(type(obj))

    def lookup_by_type(self, typ):
        """The function for values of a type (or, as ``"module.name"``, of its name)."""
        if isinstance(typ, str):
            key = tuple(typ.rsplit(".", 1))
            if key in self.deferred_printers:
                return self.deferred_printers[key]
            for cls, function in self.type_printers.items():
                if _key(cls) == key:
                    return function
            raise KeyError(f"no function is registered for {typ!r}")
        for cls in type.mro(typ) if typ is not type else (type, object):
            if cls in self.type_printers:
                return self.type_printers[cls]
            if _key(cls) in self.deferred_printers:
                self.type_printers[cls] = self.deferred_printers.pop(_key(cls))
                return self.type_printers[cls]
        raise KeyError(f"no function is registered for {typ!r}")

    def for_type(self, typ, func=None):
        """Registers `func` for values of a type (or its ``"module.name"``); returns the one before.
        Without `func`, it is only returned."""
        if isinstance(typ, str):
            module, _, name = typ.rpartition(".")
            return self.for_type_by_name(module, name, func)
        before = self.type_printers.get(typ) or self.deferred_printers.get(_key(typ))
        if func is not None:
            self.type_printers[typ] = func
        return before

    def for_type_by_name(self, type_module, type_name, func=None):
        """As `for_type`, for a type that may not have been imported yet."""
        key = (type_module, type_name)
        loaded = next((cls for cls in self.type_printers if _key(cls) == key), None)
        if loaded is not None:
            return self.for_type(loaded, func)
        before = self.deferred_printers.get(key)
        if func is not None:
            self.deferred_printers[key] = func
        return before

    def pop(self, typ, *default):
        """Takes a registered function away and returns it."""
        if isinstance(typ, str):
            key = tuple(typ.rsplit(".", 1))
        else:
            key = _key(typ)
        if key in self.deferred_printers:
            return self.deferred_printers.pop(key)
        for cls in list(self.type_printers):
            if cls is typ or _key(cls) == key:
                return self.type_printers.pop(cls)
        if default:
            return default[0]
        raise KeyError(f"no function is registered for {typ!r}")


class PlainTextFormatter(BaseFormatter):
    """``text/plain``, by the pretty-printer. Functions take ``(value, printer, cycle)``."""

    pprint = True
    max_width = WIDTH
    max_seq_length = 1000
    verbose = False
    newline = "\n"

    def __init__(self):
        super().__init__("text/plain", "_repr_pretty_")
        from cellist import pretty

        self._pretty = pretty
        # The printer's own tables: what is registered there counts here, and the other way round.
        self.type_printers = pretty._by_type
        self.deferred_printers = pretty._by_name
        self.float_format = ""
        self._precision = ""

    @property
    def float_precision(self):
        """Digits after the point, or a format such as ``%.3e``; empty: as ``repr``."""
        return self._precision

    @float_precision.setter
    def float_precision(self, precision):
        text = str(precision)
        if "%" in text:
            try:
                text % 3.14159
            except Exception:
                raise ValueError(f"Precision must be int or format string, not {text!r}") from None
            format = text
        elif text:
            try:
                digits = int(text)
                if digits < 0:
                    raise ValueError
            except ValueError:
                raise ValueError(f"Precision must be int or format string, not {text!r}") from None
            format = f"%.{digits}f"
        else:
            format = ""
        self._precision, self.float_format = text, format
        if format:
            self.type_printers[float] = lambda value, printer, cycle: printer.text(format % value)
        else:
            self.type_printers.pop(float, None)

    def _format(self, obj):
        if not self.pprint:
            return repr(obj)
        return self._pretty.pretty(obj, self.verbose, self.max_width, self.newline, self.max_seq_length)


class IPythonDisplayFormatter(BaseFormatter):
    """``_ipython_display_``: the value shows itself."""

    def __init__(self):
        super().__init__(None, "_ipython_display_")

    def __call__(self, obj):
        """True when the value has shown itself."""
        return bool(self._guarded(self._show, obj))

    def _show(self, obj):
        function = self._registered(obj)
        if function is not None:
            function(obj)
            return True
        method = display.method(obj, self.print_method)
        if method is None:
            return False
        method()
        return True


class MimeBundleFormatter(BaseFormatter):
    """``_repr_mimebundle_``: many representations at once."""

    def __init__(self):
        super().__init__(None, "_repr_mimebundle_")

    def __call__(self, obj, include=None, exclude=None):
        """``(data, metadata)``."""
        result = self._guarded(self._bundle, obj, include, exclude)
        if result is None:
            return {}, {}
        data, metadata = result if isinstance(result, tuple) else (result, {})
        return dict(data or {}), dict(metadata or {})

    def _bundle(self, obj, include, exclude):
        function = self._registered(obj)
        if function is not None:
            return function(obj)
        method = display.method(obj, self.print_method)
        return None if method is None else method(include=include, exclude=exclude)


#: In the order in which IPython asks for them.
_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "application/pdf": "_repr_pdf_",
    "image/jpeg": "_repr_jpeg_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}


class DisplayFormatter:
    """All formatters."""

    def __init__(self):
        self.ipython_display_formatter = IPythonDisplayFormatter()
        self.mimebundle_formatter = MimeBundleFormatter()
        self.formatters = {"text/plain": PlainTextFormatter()}
        for mime, method in _METHODS.items():
            self.formatters[mime] = BaseFormatter(mime, method)

    @property
    def format_types(self):
        """The MIME types that are tried."""
        return list(self.formatters)

    @property
    def active_types(self):
        """The MIME types that are not switched off."""
        return [mime for mime, formatter in self.formatters.items() if formatter.enabled]

    @active_types.setter
    def active_types(self, types):
        for mime, formatter in self.formatters.items():
            formatter.enabled = mime in types

    def format(self, obj, include=None, exclude=None):
        """``(data, metadata)``; both are empty when the value has shown itself."""
        if self.ipython_display_formatter(obj):
            return {}, {}
        include = {include} if isinstance(include, str) else include
        exclude = {exclude} if isinstance(exclude, str) else exclude

        def wanted(mime):
            return (not include or mime in include) and (not exclude or mime not in exclude)

        bundle, bundle_metadata = self.mimebundle_formatter(obj, include=include, exclude=exclude)
        data = {mime: item for mime, item in bundle.items() if wanted(mime)}
        metadata = {mime: item for mime, item in bundle_metadata.items() if wanted(mime)}
        for mime, formatter in self.formatters.items():
            if mime in data or not wanted(mime):
                continue
            item = formatter(obj)
            if isinstance(item, tuple) and len(item) == 2:
                item, about = item
                if about:
                    metadata[mime] = about
            if item is not None:
                data[mime] = item
        return {mime: display.encode(mime, item) for mime, item in data.items()}, metadata


def _key(cls):
    return cls.__module__, cls.__name__


def _report(exc):
    """Shows the failure of a representation, and goes on."""
    from cellist import errors

    print("\n".join(errors.describe(exc)["traceback"]), file=sys.stderr)


display_formatter = DisplayFormatter()


def format_display_data(obj, include=None, exclude=None):
    """``(data, metadata)`` of a value."""
    return display_formatter.format(obj, include, exclude)
