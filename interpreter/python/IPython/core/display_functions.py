"""``display`` and what belongs to it."""

from cellist.display import DisplayHandle, Publisher, clear_output, display, update_display


def publish_display_data(data, metadata=None, *, transient=None, **options):
    """Shows a MIME bundle."""
    Publisher().publish(data, metadata, transient=transient, **options)


__all__ = ["DisplayHandle", "clear_output", "display", "publish_display_data", "update_display"]
