"""Objects that show themselves: text, pictures, data, videos."""

from cellist.display import display as _display
from IPython.core.display_functions import (
    DisplayHandle,
    clear_output,
    display,
    publish_display_data,
    update_display,
)
from IPython.core.displayobject import DisplayObject, TextDisplayObject
from IPython.core.media import Image, ProgressBar, Video
from IPython.core.texts import (
    HTML,
    JSON,
    SVG,
    GeoJSON,
    Javascript,
    Latex,
    Markdown,
    Math,
    Pretty,
)


def _showing(name, mime):
    def show(*objs, raw=False, metadata=None, **options):
        for item in objs:
            if raw:
                publish_display_data({mime: item}, {mime: metadata} if metadata else {})
            else:
                _display(item, include=["text/plain", mime], metadata=metadata, **options)

    show.__name__ = f"display_{name}"
    show.__doc__ = f"Shows the {mime} of values; with `raw`, they are that already."
    return show


display_pretty = _showing("pretty", "text/plain")
display_html = _showing("html", "text/html")
display_markdown = _showing("markdown", "text/markdown")
display_svg = _showing("svg", "image/svg+xml")
display_png = _showing("png", "image/png")
display_jpeg = _showing("jpeg", "image/jpeg")
display_webp = _showing("webp", "image/webp")
display_latex = _showing("latex", "text/latex")
display_json = _showing("json", "application/json")
display_javascript = _showing("javascript", "application/javascript")
display_pdf = _showing("pdf", "application/pdf")


def set_matplotlib_formats(*formats, **kwargs):
    """There is no matplotlib here whose formats could be set."""


def set_matplotlib_close(close=True):
    """There is no matplotlib here whose figures could be closed."""


__all__ = [
    "DisplayHandle", "DisplayObject", "GeoJSON", "HTML", "Image", "JSON", "Javascript",
    "Latex", "Markdown", "Math", "Pretty", "ProgressBar", "SVG", "TextDisplayObject", "Video",
    "clear_output", "display", "display_html", "display_javascript", "display_jpeg",
    "display_json", "display_latex", "display_markdown", "display_pdf", "display_png",
    "display_pretty", "display_svg", "display_webp", "publish_display_data",
    "set_matplotlib_close", "set_matplotlib_formats", "update_display",
]
