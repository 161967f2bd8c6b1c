"""``%pip``: packages in pure Python, installed where this interpreter finds them.

They go to the interpreter's user site (``site.getusersitepackages()``), so that ``cellist python``
and worker processes know them too. The installing is done by the machine's own pip, which is told
to take nothing but wheels without compiled code: this interpreter cannot load extension modules.
"""

import os
import re
import shlex
import shutil
import sys

from cellist import commands
from cellist.magics import UsageError, complain

_COMMANDS = ("install", "uninstall", "list", "show", "freeze")


def data_folder():
    """Where the user's data of this program are."""
    from pathlib import Path

    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(base) / "cellist"


def site_folder():
    """Where packages are installed."""
    import site

    return site.getusersitepackages()


def pip(shell, line):
    """Install packages in pure Python: %pip install NAME…; also uninstall, list, show, freeze.

    Packages go to the user's site folder of this interpreter, below ~/.local/lib: `cellist python`
    and worker processes find them too. A package with compiled parts (such as NumPy) is refused:
    this interpreter cannot load them.
    """
    words = shlex.split(line)
    if not words or words[0] not in _COMMANDS:
        raise UsageError(f"%pip knows {', '.join(_COMMANDS)}; `%pip install NAME` installs a package")
    command, *rest = words
    {"install": _install, "uninstall": _uninstall, "list": _list, "show": _show, "freeze": _freeze}[command](rest)


def conda(shell, line):
    """Say that there is %pip."""
    raise UsageError("there is no conda here: `%pip install NAME` installs packages in pure Python")


def _machines_pip():
    """The command that runs the machine's pip."""
    import subprocess

    for name in ("python3", "python"):
        program = shutil.which(name)
        if program is None:
            continue
        found = subprocess.run([program, "-m", "pip", "--version"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if found.returncode == 0:
            return [program, "-m", "pip", "--disable-pip-version-check"]
    raise UsageError("%pip uses the pip of the machine's Python, and there is none: "
                     "install it, on Debian by `apt install python3-pip`")


def _install(words):
    names = [word for word in words if not word.startswith("-")]
    upgrade = any(word in ("-U", "--upgrade", "--force-reinstall") for word in words)
    if names and not upgrade and len(names) == len([w for w in words if w not in ("-q", "--quiet")]):
        words = [word for word in words if not _satisfied(word)]
        if not [word for word in words if not word.startswith("-")]:
            return
    target = site_folder()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    restrictions = ["--only-binary=:all:", "--python-version", version, "--implementation", "py",
                    "--abi", "none", "--platform", "any", "--upgrade", "--target", target]
    said = []

    def listen(write):
        def both(text):
            said.append(text)
            write(text)

        return both

    program = [*_machines_pip(), "install", *restrictions, *words]
    # There is no virtual environment that root could use in the place of this folder.
    env = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    code = commands.run(program, shell=False, env=env, out=listen(sys.stdout.write), err=listen(sys.stderr.write))
    if code:
        raise UsageError(_why_not("".join(said), program[:3], words))
    _put_on_path(target)
    print("Note: you may need to restart the kernel to use updated packages.")


def _put_on_path(folder):
    import importlib
    import site

    if folder not in sys.path and os.path.isdir(folder):
        site.addsitedir(folder)
    importlib.invalidate_caches()


def _satisfied(word):
    """Says so when a package is there, as pip does."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", word):
        return False
    found = _distribution(word)
    if found is not None:
        print(f"Requirement already satisfied: {word} in {found.locate_file('')} ({found.version})")
    return found is not None


def _index_options(words):
    """The options that say where packages come from."""
    pairs = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
    for number, word in enumerate(words):
        if word == "--no-index" or word.startswith(tuple(f"{name}=" for name in pairs[1:])):
            yield word
        elif word in pairs:
            yield from words[number: number + 2]


def _why_not(text, pip, words):
    """The reason for pip's failure, in the terms of this interpreter."""
    import subprocess

    missing = re.search(r"No matching distribution found for ([\w.-]+)", text)
    if missing is None:
        # Every version was given up for the same requirement.
        needs = dict(re.findall(r"^ +([\w.-]+) \S+ depends on ([\w.-]+)", text, re.MULTILINE))
        if "ResolutionImpossible" not in text or len(needs) != 1:
            return "pip failed; see above"
        (name, need), = needs.items()
        return (f"`{name}` is not installed: it needs `{need}`, of which there is no version in pure "
                "Python that fits. This interpreter cannot load extension modules compiled from C")
    name = missing.group(1)
    known = subprocess.run([*pip, "index", "versions", *_index_options(words), name], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode == 0
    if not known:
        return f"`{name}` is not installed: the package index has no such package for this Python"
    return (f"`{name}` is not installed: it has no wheel in pure Python. It needs an extension module "
            "compiled from C (or a build step), and this interpreter cannot load those")


# What is installed


def _distributions():
    from importlib import metadata

    found = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(_normal(name), distribution)
    return found


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(name):
    return _distributions().get(_normal(name))


def _list(words):
    rows = [(d.metadata["Name"], d.version) for _, d in sorted(_distributions().items())]
    if "--format=json" in words or words[:2] == ["--format", "json"]:
        import json

        print(json.dumps([{"name": name, "version": version} for name, version in rows]))
        return
    width = max([len("Package"), *(len(name) for name, _ in rows)])
    height = max([len("Version"), *(len(version) for _, version in rows)])
    print(f"{'Package':<{width}} Version\n{'-' * width} {'-' * height}")
    for name, version in rows:
        print(f"{name:<{width}} {version}")


def _freeze(words):
    for _, distribution in sorted(_distributions().items()):
        print(f"{distribution.metadata['Name']}=={distribution.version}")


def _show(words):
    missing = []
    shown = 0
    for name in (word for word in words if not word.startswith("-")):
        found = _distribution(name)
        if found is None:
            missing.append(name)
            continue
        if shown:
            print("---")
        shown += 1
        about = found.metadata
        for label, field in (("Name", "Name"), ("Version", "Version"), ("Summary", "Summary"),
                             ("Home-page", "Home-page"), ("Author", "Author"),
                             ("Author-email", "Author-email")):
            print(f"{label}: {about[field] or ''}")
        print(f"License: {about['License-Expression'] or about['License'] or ''}")
        print(f"Location: {found.locate_file('')}")
        required = [re.split(r"[^\w.-]", need)[0] for need in found.requires or () if "extra ==" not in need]
        print(f"Requires: {', '.join(required)}")
    if missing:
        complain(f"WARNING: Package(s) not found: {', '.join(missing)}")


def _uninstall(words):
    from pathlib import Path

    sure = any(word in ("-y", "--yes") for word in words)
    for name in (word for word in words if not word.startswith("-")):
        found = _distribution(name)
        if found is None:
            complain(f"WARNING: Skipping {name} as it is not installed.")
            continue
        folder = Path(site_folder()).resolve()
        root = Path(found.locate_file("")).resolve()
        if root != folder:
            raise UsageError(f"`{name}` is in {root}, which is not %pip's: nothing is removed")
        if not sure:
            try:
                sure = input(f"Uninstall {name} {found.version}: proceed (Y/n)? ").strip().lower() in ("", "y", "yes")
            except (RuntimeError, EOFError):
                raise UsageError("there is nobody to ask: `%pip uninstall -y NAME` does not") from None
        if sure:
            full = f"{found.metadata['Name']}-{found.version}"
            _remove(found, folder)
            print(f"Successfully uninstalled {full}")


def _remove(distribution, folder):
    parents = set()
    for entry in distribution.files or ():
        path = distribution.locate_file(entry).resolve()
        # A record may name scripts outside; `--target` puts those into `bin`.
        if folder not in path.parents:
            continue
        path.unlink(missing_ok=True)
        parents.update(parent for parent in path.parents if folder in parent.parents)
    for parent in sorted(parents, key=lambda path: len(path.parts), reverse=True):
        shutil.rmtree(parent / "__pycache__", ignore_errors=True)
        try:
            parent.rmdir()
        except OSError:
            # Something of somebody else's is in it.
            continue
