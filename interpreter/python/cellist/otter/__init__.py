"""``otter`` for notebooks that were made for Otter-Grader: a stand-in, as long as the real one is not
installed. ``grader.check`` and ``grader.check_all`` run the tests that lie beside the notebook or in its
metadata; ``grader.export`` makes the file to hand in. What needs Otter itself (PDFs, plugins) says so.
"""

import sys

__version__ = "7.0.0"
__all__ = ["Notebook"]

_CONFIRMATION = "__zip_filename__"


class Notebook:
    """The tests of a notebook."""

    #: While a submission is graded, the grader runs the tests itself.
    _graded = False

    def __init__(self, nb_path=None, tests_dir="./tests", tests_url_prefix=None):
        self._path, self._tests = nb_path, tests_dir

    @classmethod
    def init_grading_mode(cls, tests_dir=None):
        """From now on tests are run by whoever grades."""
        cls._graded = True

    def check(self, question, global_env=None):
        """Runs the tests of a question against the notebook's names; returns how they went."""
        if self._graded:
            return None
        names = sys._getframe(1).f_globals if global_env is None else global_env
        return self._read(question).run(names)

    def check_all(self):
        """Runs the tests of all questions."""
        if self._graded:
            return None
        names = sys._getframe(1).f_globals
        return _Results([self._read(name).run(names) for name in self._questions()])

    def export(self, nb_path=None, export_path=None, pdf=True, filtering=True, pagebreaks=True, files=None,
               display_link=True, force_save=False, run_tests=False, ignore_log=False):
        """Makes the zip file to hand in: the notebook as it was saved last, and `files`."""
        if self._graded:
            return
        import os
        import time
        import zipfile

        path = nb_path or self._path or self._only_notebook()
        if path is None:
            raise ValueError("which notebook? Say grader.export('NAME.ipynb')")
        if not os.path.getsize(path):
            raise ValueError(f"{path} is empty: save the notebook, and run this cell again")
        stem = os.path.splitext(path)[0]
        target = export_path or f"{stem}_{time.strftime('%Y_%m_%dT%H_%M_%S')}.zip"
        with zipfile.ZipFile(target, "w") as archive:
            archive.write(path)
            archive.writestr(_CONFIRMATION, os.path.basename(target))
            for name in _below(files or ()):
                archive.write(name)
        if run_tests:
            print("How the tests go with the names as they are now, not in a fresh run of the file:\n")
            names = sys._getframe(1).f_globals
            print(_Results([self._read(name).run(names) for name in self._questions()]))
        if pdf:
            print("No PDF was added: this kernel makes none.")
        print(f"Hand in {target}: it holds {path} as it was saved last.")
        if display_link:
            from cellist import display
            from html import escape

            link = f'<a href="{escape(target)}" download>{escape(target)}</a>'
            display.display({"text/html": f"<p>Hand in {link}.</p>", "text/plain": target}, raw=True)

    def to_pdf(self, *args, **options):
        """Says that there are no PDFs."""
        if not self._graded:
            print("This kernel makes no PDF: export the notebook from JupyterLab's menu.")

    def run_plugin(self, plugin_name, *args, **options):
        """Says that there are no plugins."""
        print(f"{plugin_name} was not run: plugins need Otter itself.")

    add_plugin_files = run_plugin

    def _questions(self):
        import glob
        import os

        files = sorted(glob.glob(os.path.join(self._tests, "*.py")))
        names = [os.path.splitext(os.path.basename(file))[0] for file in files]
        return [name for name in names if name != "__init__"] if files else sorted(self._metadata()["tests"])

    def _read(self, question):
        import os
        from cellist.otter import test_files

        if os.path.isdir(self._tests):
            try:
                with open(os.path.join(self._tests, f"{question}.py"), encoding="utf-8") as file:
                    return test_files.read(file.read(), question)
            except FileNotFoundError:
                raise FileNotFoundError(f"Test {question} does not exist: {self._tests} has no {question}.py") from None
        metadata = self._metadata()
        if question not in metadata["tests"]:
            raise ValueError(f"Test {question} not found: there is no folder {self._tests}, and the notebook's "
                             "metadata have none of this name")
        return test_files.from_metadata(metadata["tests"][question], metadata.get("OK_FORMAT", True), question)

    def _metadata(self):
        import json

        path = self._path or self._only_notebook()
        if path is None:
            return {"tests": {}}
        with open(path, encoding="utf-8") as file:
            return {"tests": {}, **json.load(file).get("metadata", {}).get("otter", {})}

    @staticmethod
    def _only_notebook():
        import glob

        found = glob.glob("*.ipynb")
        return found[0] if len(found) == 1 else None


class _Results(list):
    """How several questions went."""

    def __repr__(self):
        return "\n\n".join(each.summary() for each in self)

    def _repr_html_(self):
        return "".join(each._repr_html_() for each in self)


def _below(names):
    import os

    for name in names:
        if not os.path.isdir(name):
            yield name
            continue
        for folder, _, files in os.walk(name):
            yield from (os.path.join(folder, file) for file in files)
