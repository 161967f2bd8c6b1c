"""The names of IPython that notebooks import, and packages that ask whether they run in one."""

import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kernel.client import Kernel, Run
from kernel.test_magics import value


def data(run: Run) -> dict[str, object]:
    """The representations of a cell's value."""
    assert run.content["status"] == "ok", run.content
    return run.of("execute_result")[0]["content"]["data"]


def test_the_shell_is_known_by_its_names(kernel: Kernel) -> None:
    assert value(kernel.run("""
import IPython, sys
from IPython import get_ipython, display, version_info
from IPython.core.getipython import get_ipython as again
from IPython.core.interactiveshell import InteractiveShell
ip = get_ipython()
(ip is again() is IPython.get_ipython() is InteractiveShell.instance(), isinstance(ip, InteractiveShell),
 type(ip).__name__, "IPKernelApp" in ip.config, ip.user_ns is globals(), version_info[0] > 5)
""")) == "(True, True, 'ZMQInteractiveShell', True, True, True)"
    # rich and tqdm ask in this way.
    assert value(kernel.run("ip.has_trait('kernel'), 'google.colab' in str(ip.__class__)")) == "(True, False)"


def test_nothing_of_it_is_loaded_before_it_is_asked_for(kernel: Kernel) -> None:
    kernel.run("import sys\n1 + 1")
    assert value(kernel.run(
        "sorted(n for n in sys.modules if n.startswith(('IPython', 'cellist.shell', 'cellist.pretty', 'cellist.magics')))"
        ".__len__()")) == "0"


@pytest.mark.parametrize(("made", "mime", "content"), [
    ("HTML('<b>')", "text/html", "<b>"),
    ("Markdown('*a*')", "text/markdown", "*a*"),
    ("Latex('$x$')", "text/latex", "$x$"),
    ("Math('x^2')", "text/latex", "$\\displaystyle x^2$"),
    ("JSON({'a': [1]})", "application/json", {"a": [1]}),
    ("SVG('<?xml?><svg/>')", "image/svg+xml", "<svg/>"),
    ("Javascript('alert()')", "application/javascript", "alert()"),
    ("Image(b'\\xff\\xd8data', width=5)", "image/jpeg", "/9hkYXRh"),
    ("Image(url='http://a/b.png', width=3)", "text/html", '<img src="http://a/b.png" width="3"/>'),
    ("Pretty('as it is')", "text/plain", "as it is"),
])
def test_objects_show_themselves(kernel: Kernel, made: str, mime: str, content: object) -> None:
    shown = data(kernel.run(f"from IPython.display import *\n{made}"))
    assert shown[mime] == content
    kind = made.partition("(")[0]
    assert kind == "Pretty" or shown["text/plain"] == f"<IPython.core.display.{kind} object>"


def test_sound_videos_frames_code_and_links(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1 < 2\n")
    kernel.run(f"from IPython.display import *\n%cd -q {tmp_path}")
    for made, part in [
        ("Audio([0, 0.5, -1], rate=8000)", 'src="data:audio/wav;base64,UklGR'),
        ("Video('https://a/b.mp4', width=9)", '<video src="https://a/b.mp4" controls width="9">'),
        ("IFrame('http://a', 7, 8, q='x y')", 'src="http://a?q=x+y"'),
        ("YouTubeVideo('abc')", 'src="https://www.youtube.com/embed/abc"'),
        ("Code('a < b')", "a &lt; b"),
        ("Code(filename='a.py')", "x = 1 &lt; 2"),
        ("FileLink('a.py')", "<a href='a.py' target='_blank'>a.py</a>"),
        ("FileLinks('.')", "<a href='./a.py' target='_blank'>./a.py</a>"),
    ]:
        assert part in data(kernel.run(made))["text/html"], made
    assert kernel.run("Image('nothing.png')").content["ename"] == "FileNotFoundError"


def test_displays_are_updated_and_cleared(kernel: Kernel) -> None:
    run = kernel.run("""
from IPython.display import display, update_display, clear_output, DisplayHandle, display_html, ProgressBar
handle = display(1, display_id=True)
handle.update(2)
update_display(3, display_id=handle.display_id)
display_html("<i>", raw=True)
clear_output(wait=True)
for _ in ProgressBar(2): pass
""")
    assert run.types[2:7] == ["display_data", "update_display_data", "update_display_data", "display_data", "clear_output"]
    first, second, third = (m["content"] for m in run.iopub[2:5])
    assert first["transient"] == second["transient"] == third["transient"]
    assert third["data"] == {"text/plain": "3"}
    assert run.of("display_data")[1]["content"]["data"] == {"text/html": "<i>"}
    assert "2/2" in run.of("update_display_data")[-1]["content"]["data"]["text/plain"]


def wheel(folder: Path, name: str, tag: str) -> None:
    """Makes a package of one module."""
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as file:
        file.writestr(f"{name}.py", "answer = 42\n")
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: small\n")
        file.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        file.writestr(f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


@pytest.mark.timeout(300)
def test_packages_are_installed_and_compiled_ones_refused(kernel: Kernel, tmp_path: Path) -> None:
    wheel(tmp_path, "tinypure", "py3-none-any")
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_")
    wheel(tmp_path, "tinycompiled", f"{version}-{version}-{platform}")
    offline = f"--no-index --find-links {tmp_path}"
    assert "Successfully installed tinypure-1.0" in kernel.run(f"%pip install {offline} tinypure", seconds=100).text()
    assert value(kernel.run("import tinypure\ntinypure.answer")) == "42"
    assert "already satisfied: tinypure" in kernel.run("%pip install tinypure").text()
    assert "tinypure 1.0" in kernel.run("%pip list").text()
    assert "Summary: small" in kernel.run("%pip show tinypure").text()
    # Other processes of this interpreter know it too.
    assert kernel.run("%%python\nimport tinypure; print(tinypure.answer)").text() == "42\n"
    assert "uninstalled tinypure-1.0" in kernel.run("%pip uninstall -y tinypure").text()
    assert "tinypure" not in kernel.run("%pip list").text()
    refused = kernel.run(f"%pip install {offline} tinycompiled", seconds=100)
    assert refused.content["ename"] == "UsageError"
    assert refused.content["evalue"].startswith("`tinycompiled` is not installed: it has no wheel in pure Python")
    assert "no such package" in kernel.run(f"%pip install {offline} tinynothing", seconds=100).content["evalue"]
