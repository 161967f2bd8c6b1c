"""Submissions as platforms and people hand them over: archives, and names that say who it was."""

import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, STARTER, Run, submission
from support.executable import cellist

Grade = Callable[..., Run]

ANSWER = json.dumps(submission(RIGHT))


def make(path: Path, files: dict[str, str]) -> Path:
    """An archive of the kind that its name tells, with these files."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        mode = "w" if path.suffix == ".tar" else "w:gz"
        with tarfile.open(path, mode) as archive:
            for name, text in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                archive.addfile(info, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize("name", ["class.zip", "class.tar", "class.tar.gz", "CLASS.TGZ"])
def test_an_archive_is_a_folder(grade: Grade, tmp_path: Path, name: str) -> None:
    files = {
        "bob/small/answer.ipynb": json.dumps(submission(STARTER)),
        "ann/small/answer.ipynb": ANSWER,
        "ann/.ipynb_checkpoints/answer-checkpoint.ipynb": "{",
        "__MACOSX/ann/small/._answer.ipynb": "{",
        "readme.txt": "hello",
    }
    if name == "CLASS.TGZ":
        archive = make(tmp_path / "class.tgz", files).rename(tmp_path / name)
    else:
        archive = make(tmp_path / name, files)
    done = grade(archive, "--json")
    assert done.code == 0, done.stderr
    found = [(one["submission"], one["learner"], one["verdict"]["points"]) for one in done.entries()]
    assert found == [
        (f"{archive}/ann/small/answer.ipynb", "ann", 7),
        (f"{archive}/bob/small/answer.ipynb", "bob", 0),
    ]


def test_an_archive_per_learner(grade: Grade, tmp_path: Path) -> None:
    for learner in ("ann", "bob"):
        make(tmp_path / f"{learner}.zip", {"answer.ipynb": ANSWER})
    done = grade(tmp_path / "*.zip", "--json")
    assert [one["learner"] for one in done.entries()] == ["ann", "bob"]


def test_platforms_name_learners(grade: Grade, tmp_path: Path) -> None:
    files = {
        "Ann Lee_4711_assignsubmission_file/answer.ipynb": ANSWER,
        "leebob_4712_98765_answer.ipynb": ANSWER,
        "leecyd_LATE_4713_98766_answer-1.ipynb": ANSWER,
    }
    done = grade(make(tmp_path / "submissions.zip", files), "--json")
    assert [one["learner"] for one in done.entries()] == ["4711", "4712", "4713"]


@pytest.mark.parametrize("ending", ["zip", "tar"])
@pytest.mark.parametrize(
    "name",
    ["../out.ipynb", "a/../../out.ipynb", "/out.ipynb", "a\\..\\out.ipynb", "..\\out.ipynb"],
)
def test_names_that_lead_out_are_refused(
    grade: Grade, tmp_path: Path, ending: str, name: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = make(folder / f"x.{ending}", {name: ANSWER, "good.ipynb": ANSWER})
    done = grade(archive, "--json")
    assert done.code == 1
    refused = [one["error"] for one in done.entries() if "error" in one]
    assert len(refused) == 1 and "its name leads out of the archive" in refused[0]
    assert [one["learner"] for one in done.entries() if "verdict" in one] == ["good"]
    assert not list(tmp_path.rglob("out.ipynb")) and not Path("/out.ipynb").exists()


def test_links_are_refused(grade: Grade, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text(ANSWER)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        link = zipfile.ZipInfo("ann.ipynb")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(secret))
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "ann.ipynb"), (tarfile.LNKTYPE, "bob.ipynb")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(secret)
            archive.addfile(info)
    done = grade(tmp_path / "x.zip", tmp_path / "x.tar", "--json")
    assert done.code == 1
    errors = [one["error"] for one in done.entries()]
    assert len(errors) == 3
    assert all("it is a link or a device, not a file" in error for error in errors)


@pytest.mark.parametrize("ending", ["zip", "tar.gz"])
def test_a_bomb_costs_one_submission(grade: Grade, tmp_path: Path, ending: str) -> None:
    bomb = "0" * (101 << 20)
    archive = make(tmp_path / f"x.{ending}", {"bomb.ipynb": bomb, "good.ipynb": ANSWER})
    assert archive.stat().st_size < 1 << 20
    done = grade(archive, "--json")
    assert done.code == 1
    first, second = done.entries()
    assert "it unpacks to more than 100 MiB" in first["error"]
    assert second["verdict"]["points"] == 7


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_a_broken_archive_is_told(grade: Grade, tmp_path: Path, ending: str) -> None:
    good = tmp_path / "good.ipynb"
    good.write_text(ANSWER)
    broken = make(tmp_path / f"x.{ending}", {f"{name}.ipynb": ANSWER for name in "abc"})
    whole = broken.read_bytes()
    broken.write_bytes(whole[: min(700, len(whole) // 2)])
    done = grade(broken, good, "--json")
    assert done.code == 1
    errors = [one["error"] for one in done.entries() if "error" in one]
    assert any(f"the archive `{broken}` could not be read: " in error for error in errors)
    assert done.entries()[-1]["verdict"]["points"] == 7


def test_an_archive_without_notebooks_is_told(grade: Grade, tmp_path: Path) -> None:
    done = grade(make(tmp_path / "x.zip", {"readme.txt": "hello"}), "--json")
    assert "holds no notebooks" in done.entries()[0]["error"]


def test_nothing_is_left_behind(env: dict[str, str], spec: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    archive = make(tmp_path / "x.zip", {"ann.ipynb": ANSWER})
    command = [cellist(), "grade", archive, "--spec", spec]
    done = subprocess.run(command, env=env | {"TMPDIR": str(scratch)}, capture_output=True)
    assert done.returncode == 0
    assert list(scratch.iterdir()) == []
