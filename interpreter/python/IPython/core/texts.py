"""Objects that hold text: HTML, Markdown, LaTeX, SVG, JSON, JavaScript."""

from IPython.core.displayobject import DisplayObject, TextDisplayObject


class Pretty(TextDisplayObject):
    """Text that is shown as it is."""

    def _repr_pretty_(self, printer, cycle):
        printer.text(self.data)


class HTML(TextDisplayObject):
    """HTML."""

    def _repr_html_(self):
        return self._data_and_metadata()

    def __html__(self):
        return self._repr_html_()


class Markdown(TextDisplayObject):
    """Markdown."""

    def _repr_markdown_(self):
        return self._data_and_metadata()


class Latex(TextDisplayObject):
    """LaTeX."""

    def _repr_latex_(self):
        return self._data_and_metadata()


class Math(TextDisplayObject):
    """A formula of LaTeX."""

    def _repr_latex_(self):
        formula = self.data.strip("$")
        text = rf"$\displaystyle {formula}$"
        return (text, dict(self.metadata)) if self.metadata else text


class SVG(DisplayObject):
    """A picture in SVG, from text, a file or an address."""

    _read_flags = "rb"

    def _repr_svg_(self):
        text = self.data.decode("utf-8") if isinstance(self.data, bytes) else self.data
        # What stands before the element (a declaration, a doctype) has no place in a page.
        begin = text.find("<svg")
        text = text[begin:] if begin > 0 else text
        return (text, dict(self.metadata)) if self.metadata else text


class JSON(DisplayObject):
    """Data that the front end shows as a tree."""

    def __init__(self, data=None, url=None, filename=None, expanded=False, metadata=None, root="root", **kwargs):
        self._options = {"expanded": expanded, "root": root, **kwargs}
        super().__init__(data, url, filename, metadata)

    def _check_data(self):
        if isinstance(self.data, str) and (self.filename or self.url):
            import json

            self.data = json.loads(self.data)
        if self.data is not None and not isinstance(self.data, (dict, list)):
            if not isinstance(self.data, str):
                raise TypeError(f"{type(self).__name__} expects a dict or a list, not {self.data!r}")
            import json
            import warnings

            warnings.warn("JSON expects JSONable dict or list, not JSON strings", stacklevel=3)
            self.data = json.loads(self.data)

    def _repr_json_(self):
        return self.data, {**self._options, **self.metadata}


class GeoJSON(JSON):
    """Data that the front end shows on a map."""

    def __init__(self, *args, layer_options=None, url_template=None, **kwargs):
        self._layer = {"layer_options": layer_options or {}}
        if url_template:
            self._layer["url_template"] = url_template
        super().__init__(*args, **kwargs)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"application/geo+json": self.data, "text/plain": repr(self)}
        return data, {"application/geo+json": {**self._layer, **self._options, **self.metadata}}


class Javascript(TextDisplayObject):
    """JavaScript that the browser runs, after loading the libraries and styles of these addresses."""

    def __init__(self, data=None, url=None, filename=None, lib=None, css=None):
        self.lib = [lib] if isinstance(lib, str) else list(lib or ())
        self.css = [css] if isinstance(css, str) else list(css or ())
        super().__init__(data, url, filename)

    def _repr_javascript_(self):
        import json

        text = "".join(
            "var link = document.createElement('link');\n"
            f"link.rel = 'stylesheet';\nlink.href = {json.dumps(address)};\n"
            "document.head.appendChild(link);\n" for address in self.css)
        body = self.data
        for address in reversed(self.lib):
            body = (f"{{\nconst script = document.createElement('script');\nscript.src = {json.dumps(address)};\n"
                    f"script.onload = () => {{\n{body}\n}};\ndocument.head.appendChild(script);\n}}")
        return text + body


for _class in (Pretty, HTML, Markdown, Latex, Math, SVG, JSON, GeoJSON, Javascript):
    _class.__module__ = "IPython.core.display"
