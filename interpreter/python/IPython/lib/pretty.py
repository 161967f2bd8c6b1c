"""Pretty-printing of values."""

from cellist.layout import PrettyPrinter
from cellist.pretty import (
    MAX_SEQ_LENGTH,
    CallExpression,
    RawStringLiteral,
    RawText,
    RepresentationPrinter,
    for_type,
    for_type_by_name,
    pprint,
    pretty,
)

__all__ = [
    "MAX_SEQ_LENGTH", "CallExpression", "PrettyPrinter", "RawStringLiteral", "RawText",
    "RepresentationPrinter", "for_type", "for_type_by_name", "pprint", "pretty",
]
