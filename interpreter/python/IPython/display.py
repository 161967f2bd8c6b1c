"""Everything that notebooks show with."""

from IPython.core.display import *  # noqa: F403
from IPython.core.display import __all__ as _all
from IPython.lib.display import Audio, Code, FileLink, FileLinks, IFrame, VimeoVideo, YouTubeVideo

__all__ = [*_all, "Audio", "Code", "FileLink", "FileLinks", "IFrame", "VimeoVideo", "YouTubeVideo"]
