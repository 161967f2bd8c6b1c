"""Pictures, sound, videos, frames and a bar of progress."""

import html
import os

from IPython.core.displayobject import DisplayObject

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8": "jpeg", b"GIF8": "gif"}
_MIMES = {"png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg", "gif": "image/gif",
          "webp": "image/webp", "svg": "image/svg+xml", "bmp": "image/bmp"}


def _base64(data):
    import base64

    return base64.b64encode(data).decode("ascii")


def _is_path(data):
    """Whether a string is the name of a file."""
    try:
        return os.path.exists(data)
    except (OSError, ValueError):
        return False


class Image(DisplayObject):
    """A picture, from bytes, a file or an address (which, unless `embed`, the browser loads)."""

    _read_flags = "rb"

    def __init__(self, data=None, url=None, filename=None, format=None, embed=None, width=None,
                 height=None, retina=False, unconfined=False, metadata=None, alt=None):
        if isinstance(data, os.PathLike):
            data = os.fspath(data)
        if isinstance(data, str) and url is None and filename is None:
            if data.startswith(("http://", "https://")):
                data, url = None, data
            elif _is_path(data):
                data, filename = None, data
            else:
                raise FileNotFoundError(f"No such file or directory: {data!r}")
        name = os.fspath(filename) if filename is not None else (url or "").split("?")[0]
        self.embed = embed if embed is not None else url is None
        self.format = (format or self._format_of(data, name)).lower()
        self.format = "jpeg" if self.format == "jpg" else self.format
        self.width, self.height, self.alt = width, height, alt
        self.unconfined, self.retina = unconfined, retina
        super().__init__(data, url, filename, metadata)
        if retina and self.data is not None and self.format == "png" and not width:
            size = int.from_bytes(self.data[16:20], "big"), int.from_bytes(self.data[20:24], "big")
            self.width, self.height = size[0] // 2, size[1] // 2

    @staticmethod
    def _format_of(data, name):
        for signature, kind in _SIGNATURES.items():
            if isinstance(data, bytes) and data.startswith(signature):
                return kind
        if isinstance(data, bytes) and data[8:12] == b"WEBP":
            return "webp"
        ending = name.rpartition(".")[2].lower()
        return ending if ending in _MIMES else "png"

    def reload(self):
        if self.url is None or self.embed:
            super().reload()

    def _check_data(self):
        if self.data is None and self.url is None:
            raise ValueError("No image data found. Expecting filename, url, or data.")
        if self.embed and self.format not in _MIMES:
            raise ValueError(f"Cannot embed the '{self.format}' image format")

    def _about(self):
        about = dict(self.metadata)
        for name in ("width", "height", "alt"):
            if getattr(self, name) is not None:
                about[name] = getattr(self, name)
        if self.unconfined:
            about["unconfined"] = True
        return about

    def _repr_mimebundle_(self, include=None, exclude=None):
        if not self.embed:
            size = "".join(f' {name}="{getattr(self, name)}"' for name in ("width", "height")
                           if getattr(self, name) is not None)
            alt = f' alt="{html.escape(self.alt)}"' if self.alt else ""
            kind = ' class="unconfined"' if self.unconfined else ""
            return {"text/html": f'<img src="{html.escape(self.url)}"{size}{kind}{alt}/>', "text/plain": repr(self)}
        mime = _MIMES[self.format]
        data = self.data
        if mime == "image/svg+xml" and isinstance(data, bytes):
            data = data.decode("utf-8")
        bundle = {mime: data, "text/plain": repr(self)}
        about = self._about()
        return bundle, {mime: about} if about else {}

    def _repr_png_(self):
        return self._of("png")

    def _repr_jpeg_(self):
        return self._of("jpeg")

    def _of(self, kind):
        if not self.embed or self.format != kind:
            return None
        about = self._about()
        text = _base64(self.data)
        return (text, about) if about else text


class Video(DisplayObject):
    """A video, from a file or an address (which the browser loads, unless `embed`)."""

    _read_flags = "rb"

    def __init__(self, data=None, url=None, filename=None, embed=False, mimetype=None, width=None,
                 height=None, html_attributes="controls"):
        if isinstance(data, os.PathLike):
            data = os.fspath(data)
        if url is None and isinstance(data, str) and data.startswith(("http:", "https:")):
            data, url = None, data
        elif filename is None and isinstance(data, str) and _is_path(data):
            data, filename = None, data
        if data is not None and not embed:
            raise ValueError("To embed videos, you must pass embed=True (this may make your notebook files huge)")
        self.mimetype, self.embed = mimetype, embed
        self.width, self.height, self.html_attributes = width, height, html_attributes
        super().__init__(data, url, filename)

    def reload(self):
        if self.embed:
            super().reload()

    def _repr_html_(self):
        size = "".join(f' {name}="{getattr(self, name)}"' for name in ("width", "height")
                       if getattr(self, name))
        source = self.url or self.filename
        if self.embed:
            data = self.data if isinstance(self.data, str) else _base64(self.data)
            source = f"data:{self._mime()};base64,{data}"
        return (f'<video src="{html.escape(source)}" {self.html_attributes}{size}>\n'
                "      Your browser does not support the <code>video</code> element.\n    </video>")

    def _mime(self):
        import mimetypes

        return self.mimetype or mimetypes.guess_type(self.filename or self.url or "")[0] or "video/mp4"


class Audio(DisplayObject):
    """Sound, from a file, an address, the bytes of a file, or samples (with their `rate`)."""

    _read_flags = "rb"

    def __init__(self, data=None, filename=None, url=None, embed=None, rate=None, autoplay=False,
                 normalize=True, *, element_id=None):
        if isinstance(data, os.PathLike):
            data = os.fspath(data)
        if isinstance(data, str) and filename is None and url is None:
            if data.startswith(("http://", "https://")):
                data, url = None, data
            else:
                data, filename = None, data
        if data is None and filename is None and url is None:
            raise ValueError("No audio data found. Expecting filename, url, or data.")
        self.embed = embed if embed is not None else url is None
        self.autoplay, self.element_id, self._mime = autoplay, element_id, "audio/wav"
        if data is not None and not isinstance(data, (bytes, bytearray)):
            if rate is None:
                raise ValueError("rate must be specified when data is a numpy array or list of audio samples.")
            data = _wave(data, rate, normalize)
        super().__init__(data, url, filename)

    def reload(self):
        import mimetypes

        if self.embed:
            super().reload()
        name = self.filename or self.url
        if name:
            self._mime = mimetypes.guess_type(name)[0] or self._mime

    def _repr_html_(self):
        source = self.url or self.filename
        if self.embed:
            source = f"data:{self._mime};base64,{_base64(self.data)}"
        identity = f' id="{html.escape(self.element_id)}"' if self.element_id else ""
        autoplay = ' autoplay="autoplay"' if self.autoplay else ""
        return (f'\n<audio{identity} controls="controls"{autoplay}>\n'
                f'    <source src="{html.escape(source)}" type="{self._mime}" />\n'
                "    Your browser does not support the audio element.\n</audio>\n")


def _wave(samples, rate, normalize):
    """A file of 16-bit samples; of several channels, when the samples are lists."""
    import array
    import io
    import wave

    samples = list(samples)
    channels = samples if samples and hasattr(samples[0], "__len__") else [samples]
    highest = max((abs(value) for channel in channels for value in channel), default=0)
    if not normalize and highest > 1:
        raise ValueError("Audio data must be between -1 and 1 when normalize=False.")
    scale = 32767 / highest if normalize and highest else 32767 if not normalize else 0
    frames = array.array("h", (int(value * scale) for frame in zip(*channels) for value in frame))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames.tobytes())
    return stream.getvalue()


class IFrame:
    """Another page in a frame; further arguments go into its address."""

    def __init__(self, src, width, height, extras=None, **kwargs):
        self.src, self.width, self.height = src, width, height
        self.extras, self.params = extras or [], kwargs

    def _repr_html_(self):
        from urllib.parse import urlencode

        address = f"{self.src}?{urlencode(self.params)}" if self.params else self.src
        return (f'\n        <iframe\n            width="{self.width}"\n            height="{self.height}"\n'
                f'            src="{address}"\n            frameborder="0"\n            allowfullscreen\n'
                f'            {" ".join(self.extras)}\n        ></iframe>\n        ')


class YouTubeVideo(IFrame):
    """A video of YouTube, by its id."""

    def __init__(self, id, width=400, height=300, allow_autoplay=False, **kwargs):
        self.id = id
        extras = []
        if allow_autoplay:
            kwargs["autoplay"], extras = 1, ['allow="autoplay"']
        super().__init__(f"https://www.youtube.com/embed/{id}", width, height, extras, **kwargs)


class VimeoVideo(IFrame):
    """A video of Vimeo, by its id."""

    def __init__(self, id, width=400, height=300, **kwargs):
        self.id = id
        super().__init__(f"https://player.vimeo.com/video/{id}", width, height, **kwargs)


class ProgressBar:
    """A bar that grows while one iterates over it, or by its `progress`."""

    def __init__(self, total):
        import uuid

        self.total = total
        self._progress = 0
        self.html_width = "60ex"
        self.text_width = 60
        self._display_id = uuid.uuid4().hex

    def __repr__(self):
        filled = int(self.text_width * self._progress / self.total) if self.total else self.text_width
        bar = "=" * filled + " " * (self.text_width - filled)
        return f"[{bar}] {self._progress}/{self.total}"

    def _repr_html_(self):
        return (f"<progress style='width:{self.html_width}' max='{self.total}' "
                f"value='{self._progress}'></progress>")

    def display(self):
        """Shows the bar."""
        from cellist.display import display

        display(self, display_id=self._display_id)

    def update(self):
        """Shows the bar as it is now."""
        from cellist.display import update_display

        update_display(self, display_id=self._display_id)

    @property
    def progress(self):
        return self._progress

    @progress.setter
    def progress(self, value):
        self._progress = value
        self.update()

    def __iter__(self):
        self.display()
        self._progress = -1
        return self

    def __next__(self):
        self.progress += 1
        if self.progress >= self.total:
            raise StopIteration
        return self.progress


for _class in (Image, Video, ProgressBar):
    _class.__module__ = "IPython.core.display"
for _class in (Audio, IFrame, YouTubeVideo, VimeoVideo):
    _class.__module__ = "IPython.lib.display"
