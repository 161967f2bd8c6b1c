"""Completion, inspection and completeness of a piece of source.

Each loads what it needs when it is first asked for: the first completion should not wait for
what only inspection uses.
"""


def complete(source, cursor, namespace):
    """``{matches, start, end, types, signatures}`` of what could stand at the cursor."""
    from cellist.introspect import completer

    return completer.complete(source, cursor, namespace)


def inspect_at(source, cursor, detail, namespace, omit=()):
    """The text about what stands at the cursor, or None."""
    from cellist.introspect import describe

    return describe.inspect_at(source, cursor, detail, namespace, omit)


def is_complete(source):
    """``("complete" | "incomplete" | "invalid", indent)``."""
    from cellist.introspect import completeness

    return completeness.is_complete(source)
