"""``%pip``: packages in pure Python, installed where this interpreter finds them.

They go to the interpreter's user site (``site.getusersitepackages()``), so that ``cellist python``
and worker processes know them too. The installing is done by the machine's own pip, which is told
to take nothing but wheels without compiled code: this interpreter cannot load extension modules.
Of packages that are compiled only to be faster, such wheels are made here (`cellist.wheels`).
"""

import os
import re
import shlex
import shutil
import sys

from cellist import commands, wheels
from cellist.magics import UsageError, complain

_COMMANDS = ("install", "uninstall", "list", "show", "freeze")

#: What pip is told to take: pure Python.
_PURE = ("--implementation", "py", "--abi", "none", "--platform", "any")

#: The same, and what CPython could take: of wheels for any machine, as only what is in Python counts.
_COMPILED = (
    "--implementation", "cp", "--abi", "none", "--abi", "abi3", "--platform", "any",
    "--platform", "manylinux_2_5_x86_64", "--platform", "manylinux_2_17_x86_64",
    "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_34_x86_64",
)


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
    this interpreter cannot load them. Where they only make it faster (as with PyYAML), it is
    installed without them.
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
    import tempfile

    pip, target = _machines_pip(), site_folder()
    with tempfile.TemporaryDirectory(prefix="cellist-pip-") as folder:
        made, compiled = _make_wheels(pip, words, folder)
        said = []

        def listen(write):
            def both(text):
                said.append(text)
                write(text)

            return both

        program = [*pip, "install", *_restrictions(_PURE), "--upgrade", "--target", target, *words]
        if made:
            program += ["--find-links", folder]
        if _run(program, listen(sys.stdout.write), listen(sys.stderr.write)):
            raise UsageError(_why_not("".join(said), pip, words, compiled))
    _put_on_path(target)
    _try_out(made)
    print("Note: you may need to restart the kernel to use updated packages.")


def _restrictions(tags):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    abi = ("--abi", f"cp{sys.version_info.major}{sys.version_info.minor}") if tags is _COMPILED else ()
    return ["--only-binary=:all:", "--python-version", version, *tags, *abi]


def _run(program, out, err):
    # There is no virtual environment that root could use in the place of our folder.
    env = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    return commands.run(program, shell=False, env=env, out=out, err=err)


def _make_wheels(pip, words, folder):
    """Puts wheels into the folder for what `words` require and what there is only compiled, as far
    as that can be; returns the names of those packages, and of all that are compiled."""
    import json

    report = os.path.join(folder, "report.json")
    quiet = lambda text: None
    # `--target` keeps what this pip's own Python has installed out of it.
    asked = [*pip, "install", "--dry-run", "--ignore-installed", "--report", report, *_restrictions(_COMPILED),
             "--target", os.path.join(folder, "none"), *words]
    if _run(asked, quiet, quiet) or not os.path.exists(report):
        # What is wrong, the installation tells. A pip before 22.2 has no reports.
        return [], set()
    with open(report, encoding="utf-8") as file:
        wanted = json.load(file)["install"]
    os.unlink(report)
    made, compiled = [], set()
    for item in wanted:
        name, version = wheels.normal(item["metadata"]["name"]), item["metadata"]["version"]
        if wheels.is_pure(item["download_info"]["url"].partition("#")[0]):
            continue
        compiled.add(name)
        if name in wheels.STAND_INS:
            wheels.stand_in(folder, name, version)
            print(f"{name}: in its place comes a module of Cellist's own.")
        elif name in wheels.FASTER:
            if not _fetch(pip, words, folder, name, version):
                continue
            print(f"{name}: installed without its compiled modules, which only make it faster.")
        else:
            continue
        made.append(name)
    return made, compiled


def _fetch(pip, words, folder, name, version):
    """Puts the wheel of a package, without its extensions, into the folder; False if it cannot be had."""
    quiet = lambda text: None
    before = set(os.listdir(folder))
    if _run([*pip, "download", "--no-deps", "--dest", folder, *_restrictions(_COMPILED), *_index_options(words),
             f"{name}=={version}"], quiet, quiet):
        return False
    for file in set(os.listdir(folder)) - before:
        if not wheels.is_pure(file):
            wheels.without_extensions(os.path.join(folder, file))
    return True


def _try_out(names):
    """Imports what was installed without its extensions, in a process of its own. What needs them
    after all is removed again."""
    import subprocess

    for name in names:
        if name not in wheels.FASTER or (found := _distribution(name)) is None:
            continue
        module, _ = wheels.FASTER[name]
        tried = subprocess.run([sys.executable, "-c", f"import {module}"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if tried.returncode:
            from pathlib import Path

            version = found.version
            _remove(found, Path(site_folder()).resolve())
            last = (tried.stderr.strip().splitlines() or ["no error was shown"])[-1]
            raise UsageError(f"`{name}` {version} is not installed: without its compiled modules it does "
                             f"not work ({last})")


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


def _why_not(text, pip, words, compiled):
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
    known = wheels.normal(name) in compiled or subprocess.run([*pip, "index", "versions", *_index_options(words), name], stdin=subprocess.DEVNULL,
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
            found.setdefault(wheels.normal(name), distribution)
    return found


def _distribution(name):
    return _distributions().get(wheels.normal(name))


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
