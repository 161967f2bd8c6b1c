"""`%pip` and packages that are compiled: with wheels made here, and, for charts, the package index."""

import zipfile
from pathlib import Path

import pytest

from kernel.client import Kernel
from kernel.test_magics import value
from support import home
from support.packages import install

pytestmark = pytest.mark.timeout(600)

#: Seconds for cells that start pip several times, or import much.
LONG = 240
COMPILED = "cp314-cp314-manylinux_2_17_x86_64.manylinux2014_x86_64"
#: As MarkupSafe and others look for what makes them faster.
FASTER = "try:\n    from ._speedups import which\nexcept ImportError:\n    which = 'python'\n"


def wheel(folder: Path, name: str, tag: str, files: dict[str, str], *needs: str) -> None:
    """Makes a wheel of version 3.0 of these files."""
    about = f"{name}-3.0.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 3.0\n", *(f"Requires-Dist: {need}\n" for need in needs)]
    files = files | {
        f"{about}/METADATA": "".join(metadata),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-3.0-{tag}.whl", "w") as file:
        for path, text in (files | {f"{about}/RECORD": record}).items():
            file.writestr(path, text)


def test_what_only_makes_a_package_faster_is_left_out(kernel: Kernel, tmp_path: Path) -> None:
    extension = "markupsafe/_speedups.cpython-314-x86_64-linux-gnu.so"
    wheel(tmp_path, "markupsafe", COMPILED, {
        "markupsafe/__init__.py": FASTER, extension: "\x7fELF", "markupsafe.libs/libgcc.so.1": "\x7fELF"})
    wheel(tmp_path, "rpds_py", COMPILED, {"rpds/__init__.py": "from .rpds import *\n"})
    wheel(tmp_path, "tinychart", "py3-none-any", {"tinychart.py": "import markupsafe, rpds\n"}, "MarkupSafe>=2", "rpds-py>=0.25")
    said = kernel.run(f"%pip install --no-index --find-links {tmp_path} tinychart", seconds=LONG).text()
    assert "markupsafe: installed without its compiled modules" in said
    assert "rpds-py: in its place comes a module of Cellist's own" in said
    assert value(kernel.run("import tinychart\ntinychart.markupsafe.which")) == "'python'"
    assert value(kernel.run("tinychart.rpds.List([1]).push_front(0)")) == "List([0, 1])"
    # What is said to be there is there, and nothing else.
    code = """
import hashlib, base64
from importlib import metadata
files = metadata.distribution("markupsafe").files
for file in files:
    if file.hash:
        digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_binary()).digest()).rstrip(b"=").decode()
        assert (file.hash.mode, file.hash.value) == ("sha256", digest), file
[str(file) for file in files if ".so" in file.name], [line for line in metadata.distribution("markupsafe").read_text("WHEEL").splitlines()][2:]
"""
    assert value(kernel.run(code)) == "([], ['Root-Is-Purelib: true', 'Tag: py3-none-any'])"
    assert value(kernel.run("from importlib import metadata\nmetadata.version('rpds-py')")) == "'3.0'"
    # Other processes of this interpreter find the module too.
    assert kernel.run("%%python\nimport rpds; print(rpds.HashTrieMap(a=1))").text() == "HashTrieMap({'a': 1})\n"
    kernel.run("%pip uninstall -y markupsafe tinychart rpds-py")
    left = kernel.run("%pip list").text()
    assert not any(name in left for name in ("markupsafe", "tinychart", "rpds")), left


def test_a_package_that_needs_its_compiled_part_after_all_is_removed_again(kernel: Kernel, tmp_path: Path) -> None:
    wheel(tmp_path, "tornado", COMPILED, {
        "tornado/__init__.py": "", "tornado/websocket.py": "from . import speedups\n", "tornado/speedups.abi3.so": "\x7fELF"})
    refused = kernel.run(f"%pip install --no-index --find-links {tmp_path} tornado", seconds=LONG).content
    assert refused["ename"] == "UsageError", refused
    assert refused["evalue"].startswith("`tornado` 3.0 is not installed: without its compiled modules"), refused
    assert "speedups" in refused["evalue"]
    assert "tornado" not in kernel.run("%pip list").text()


def test_a_package_in_no_table_is_refused_by_its_name(kernel: Kernel, tmp_path: Path) -> None:
    wheel(tmp_path, "tinynumbers", COMPILED, {"tinynumbers/__init__.py": FASTER})
    wheel(tmp_path, "tinytables", "py3-none-any", {"tinytables.py": ""}, "tinynumbers")
    refused = kernel.run(f"%pip install --no-index --find-links {tmp_path} tinytables", seconds=LONG).content
    assert refused["ename"] == "UsageError", refused
    assert "`tinynumbers`" in refused["evalue"] and "pure Python" in refused["evalue"], refused


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the packages for charts."""
    folder = tmp_path_factory.mktemp("charts")
    env = home.make(folder)
    install(env, folder, "altair", "plotly", "nbformat", "pyyaml")
    return env


def test_charts_of_altair_and_plotly_are_shown(charts: dict[str, str], tmp_path: Path) -> None:
    with Kernel(tmp_path, charts) as kernel:
        assert value(kernel.run("import yaml\nyaml.safe_load('a: [1, 2]')")) == "{'a': [1, 2]}"
        chart = "alt.Chart(alt.Data(values=[{'a': 1, 'b': 2}])).mark_bar().encode(x='a:Q', y='b:Q')"
        run = kernel.run(f"import altair as alt\n{chart}", seconds=LONG)
        assert run.content["status"] == "ok", run.content
        data = run.of("execute_result")[0]["content"]["data"]
        assert '"mark": {"type": "bar"}' in data["text/html"], data
        # What is wrong is found by jsonschema, with our `rpds` below it.
        wrong = kernel.run(chart.replace("'a:Q'", "alt.X('a:Q', axis=3)") + ".to_dict()", seconds=LONG).content
        assert wrong["ename"] == "SchemaValidationError", wrong
        run = kernel.run("import plotly.graph_objects as go\ngo.Figure(data=go.Bar(x=[1, 2], y=[3, 4]))", seconds=LONG)
        assert run.content["status"] == "ok", run.content
        shown = [*run.of("display_data"), *run.of("execute_result")]
        figure = next(m["content"]["data"]["application/vnd.plotly.v1+json"] for m in shown
                      if "application/vnd.plotly.v1+json" in m["content"]["data"])
        assert figure["data"][0]["type"] == "bar", figure
