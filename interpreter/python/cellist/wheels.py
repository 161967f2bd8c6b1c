"""Wheels in pure Python, made of those that are not: for `%pip install`.

This interpreter loads no extension modules. Some packages have one only to be faster, with a twin
in Python beside it; without the extension they are whole. Nothing in a wheel says so: it has been
read in their code, and stands in a table here. For two other packages this program brings modules
of its own. All else that is compiled is refused.
"""

import base64
import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path

#: Packages whose extension modules may be left out: what to import to see that they work, and why.
FASTER = {
    "aiohttp": ("aiohttp.web", "http_parser, http_writer and _websocket have twins in Python (AIOHTTP_NO_EXTENSIONS)"),
    "markupsafe": ("markupsafe", "_speedups has a twin in markupsafe._native"),
    "msgpack": ("msgpack", "_cmsgpack has a twin in msgpack.fallback (MSGPACK_PUREPYTHON)"),
    "pyyaml": ("yaml", "_yaml is only CLoader and CDumper (yaml.__with_libyaml__)"),
    "tornado": ("tornado.websocket", "speedups has a twin in tornado.util (TORNADO_NO_EXTENSION)"),
}

#: Packages for which this program has modules: the name to import, and the module that it is.
STAND_INS = {"psutil": ("psutil", "cellist.psutil"), "rpds-py": ("rpds", "cellist.rpds")}

#: Files that are, or belong to, extension modules. Tools that repair wheels put libraries into `NAME.libs`.
_COMPILED = re.compile(r"\.(?:so(?:\.\d+)*|pyd|dylib|dll)$|^[^/]+\.libs/")


def normal(name):
    """The name of a package in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_pure(file_name):
    """Whether the tags of a wheel's name say that it runs on every Python 3 (PEP 425)."""
    return file_name.endswith("-none-any.whl")


def without_extensions(wheel):
    """Replaces a wheel by one without its extension modules; returns that one's path."""
    wheel = Path(wheel)
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as file:
        members = {info.filename: file.read(info) for info in file.infolist() if not info.is_dir()}
    members = {path: data for path, data in members.items() if not _COMPILED.search(path)}
    made = _write(wheel.parent, name, version, members)
    wheel.unlink()
    return made


def stand_in(folder, package, version):
    """Makes the wheel of a stand-in, with the version that is asked for; returns its path."""
    module, source = STAND_INS[package]
    name = package.replace("-", "_")
    about = (f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
             f"Summary: Stands for {package}, which is compiled: the module {source} of this interpreter\n")
    # The module itself is part of the executable, and as new as that.
    code = f"import sys\n\nimport {source}\n\nsys.modules[__name__] = sys.modules[{source!r}]\n"
    return _write(Path(folder), name, version, {f"{module}.py": code.encode(), f"{name}-{version}.dist-info/METADATA": about.encode()})


def _write(folder, name, version, members):
    """Writes a wheel for every Python 3, with what must be in its `WHEEL` and `RECORD` (PEP 427)."""
    about = f"{name}-{version}.dist-info"
    for path in members:
        # Some have their name in other letters there than in the file's.
        if path.endswith(".dist-info/METADATA") and path.count("/") == 1:
            about = path.partition("/")[0]
    members = {path: data for path, data in members.items() if not path.startswith(f"{about}/RECORD")}
    members[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: cellist\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow((path, f"sha256={digest}", len(data)))
    rows.writerow((f"{about}/RECORD", "", ""))
    members[f"{about}/RECORD"] = record.getvalue().encode()
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for path, data in members.items():
            file.writestr(path, data)
    return made
