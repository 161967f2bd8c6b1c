"""Displays that live in IPython's `lib`."""

from IPython.core.media import Audio, IFrame, VimeoVideo, YouTubeVideo
from IPython.core.links import Code, FileLink, FileLinks

__all__ = ["Audio", "Code", "FileLink", "FileLinks", "IFrame", "VimeoVideo", "YouTubeVideo"]
