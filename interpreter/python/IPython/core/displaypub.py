"""Publishing MIME bundles."""

from cellist.display import Publisher as DisplayPublisher
from IPython.core.display_functions import publish_display_data

__all__ = ["DisplayPublisher", "publish_display_data"]
