"""Completion, inspection and completeness of a piece of source."""

from cellist.introspect.completeness import is_complete
from cellist.introspect.completer import complete
from cellist.introspect.describe import describe, inspect_at

__all__ = ["complete", "describe", "inspect_at", "is_complete"]
