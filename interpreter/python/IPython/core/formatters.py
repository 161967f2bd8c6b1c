"""How values become MIME bundles."""

from cellist.formatters import (
    BaseFormatter,
    DisplayFormatter,
    IPythonDisplayFormatter,
    MimeBundleFormatter,
    PlainTextFormatter,
    format_display_data,
)

__all__ = [
    "BaseFormatter", "DisplayFormatter", "IPythonDisplayFormatter", "MimeBundleFormatter",
    "PlainTextFormatter", "format_display_data",
]
