"""Links to files, and source code with colours."""

import html
import os

from IPython.core.displayobject import TextDisplayObject


class FileLink:
    """A link to a file of the notebook's folder."""

    def __init__(self, path, url_prefix="", result_html_prefix="", result_html_suffix="<br>"):
        if os.path.isdir(path):
            raise ValueError("Cannot display a directory using FileLink. Use FileLinks to display '%s'." % path)
        self.path = os.fspath(path)
        self.url_prefix = url_prefix
        self.result_html_prefix, self.result_html_suffix = result_html_prefix, result_html_suffix

    def _link(self, path):
        from urllib.parse import quote

        address = self.url_prefix + quote(path)
        return (f"{self.result_html_prefix}<a href='{address}' target='_blank'>{html.escape(path, quote=False)}</a>"
                f"{self.result_html_suffix}")

    def _repr_html_(self):
        if not os.path.exists(self.path):
            return f"Path (<tt>{self.path}</tt>) doesn't exist. It may still be in the process of being generated, or you may have the incorrect path."
        return self._link(self.path)

    def __repr__(self):
        return os.path.abspath(self.path)


class FileLinks(FileLink):
    """Links to the files of a folder."""

    def __init__(self, path, url_prefix="", included_suffixes=None, result_html_prefix="",
                 result_html_suffix="<br>", recursive=True, **ignored):
        if os.path.isfile(path):
            raise ValueError("Cannot display a file using FileLinks. Use FileLink to display '%s'." % path)
        self.path = os.fspath(path).rstrip("/") or "/"
        self.url_prefix, self.recursive = url_prefix, recursive
        self.included_suffixes = included_suffixes
        self.result_html_prefix, self.result_html_suffix = result_html_prefix, result_html_suffix

    def _files(self):
        for folder, folders, names in sorted(os.walk(self.path)):
            folders.sort()
            chosen = [name for name in sorted(names)
                      if not self.included_suffixes or os.path.splitext(name)[1] in self.included_suffixes]
            if chosen:
                yield folder, chosen
            if not self.recursive:
                return

    def _repr_html_(self):
        parts = []
        for folder, names in self._files():
            parts.append(f"{html.escape(folder, quote=False)}/<br>\n")
            parts += [f"&nbsp;&nbsp;{self._link(os.path.join(folder, name))}\n" for name in names]
        return "".join(parts)

    def __repr__(self):
        return "\n".join(f"{folder}/\n" + "\n".join(f"  {name}" for name in names)
                         for folder, names in self._files())


class Code(TextDisplayObject):
    """Source code; with colours where Pygments is installed."""

    def __init__(self, data=None, url=None, filename=None, language=None):
        self.language = language
        super().__init__(data, url, filename)

    def _repr_html_(self):
        try:
            from pygments import highlight, lexers
            from pygments.formatters import HtmlFormatter
        except ImportError:
            return f"<pre>{html.escape(self.data, quote=False)}</pre>"
        if self.language:
            lexer = lexers.get_lexer_by_name(self.language)
        elif self.filename:
            lexer = lexers.get_lexer_for_filename(self.filename)
        else:
            lexer = lexers.guess_lexer(self.data)
        formatter = HtmlFormatter()
        return f"<style>{formatter.get_style_defs('.highlight')}</style>{highlight(self.data, lexer, formatter)}"


    def __repr__(self):
        return self.data


for _class in (FileLink, FileLinks, Code):
    _class.__module__ = "IPython.lib.display"
