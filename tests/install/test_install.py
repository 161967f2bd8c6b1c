"""install.sh into an empty home: what it shows, what it leaves, twice, and what --uninstall leaves."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from install.installation import Installation, run_install, shared_caches
from support import home
from support.executable import REPOSITORY

pytestmark = pytest.mark.timeout(1800)

LINKS = ["cellist-kernel", "cellist-python", "grader"]


def test_it_shows_the_main_job(installed: Installation) -> None:
    output = installed.output
    steps = re.findall(r"^\[(\d)/(\d)\] .*\(\d+ s\)$", output, re.MULTILINE)
    assert steps == [(str(step), "7") for step in range(1, 8)]
    # The sample submission's table, then what to type.
    assert re.search(r"ex01.*\n(.*\n)*.*Next, open the course:  \S*cellist lab$", output, re.MULTILINE)


def test_the_executable_answers_to_all_its_names(installed: Installation) -> None:
    for link in LINKS:
        assert os.readlink(installed.bin / link) == "cellist"
    python = installed.run("cellist-python", "-c", "print(6 * 7)")
    assert python.stdout == "42\n"
    assert "grade" in installed.run("grader", "--help").stdout.lower()


def test_the_kernelspec_starts_the_installed_executable(installed: Installation) -> None:
    spec = Path(installed.env["JUPYTER_DATA_DIR"]) / "kernels" / "cellist" / "kernel.json"
    assert Path(json.loads(spec.read_text())["argv"][0]).resolve() == installed.bin / "cellist"


def test_lab_puts_the_course_down_and_starts_the_private_jupyterlab(
    installed: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "course"
    started = installed.run("cellist", "lab", str(folder), "--no-browser", "--", "--version")
    assert re.fullmatch(r"4\.\d+\.\d+\n", started.stdout)
    published = REPOSITORY / "notebooks" / "published"
    wanted = sorted(path.relative_to(published) for path in published.rglob("*.ipynb"))
    assert wanted == sorted(path.relative_to(folder) for path in folder.rglob("*.ipynb"))


def test_a_second_run_finds_all_done(installed: Installation) -> None:
    before = files(installed.prefix)
    again = run_install(installed.env, "--profile", "dev")
    assert again.returncode == 0, again.stdout
    assert "up to date:" in again.stdout
    assert files(installed.prefix) == before
    assert sorted(path.name for path in installed.bin.iterdir()) == ["cellist", *LINKS]


def test_without_jupyterlab_the_rest_works(tmp_path: Path) -> None:
    env = home.make(tmp_path / "home") | shared_caches()
    prefix = tmp_path / "prefix"
    done = run_install(env, "--profile=dev", "--no-lab", f"--prefix={prefix}")
    assert done.returncode == 0, done.stdout
    assert "All drinks prepared in 5.0 seconds" in done.stdout
    assert f"Next, look around:  {prefix}/bin/cellist --help" in done.stdout
    assert not (Path(env["XDG_DATA_HOME"]) / "cellist").exists()

    without = subprocess.run(
        [prefix / "bin" / "cellist", "lab"],
        env=env | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert without.returncode == 1
    assert "found no JupyterLab" in without.stderr and "./install.sh" in without.stderr


def test_a_foreign_program_of_the_same_name_stays(installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    foreign = tmp_path / "bin" / "grader"
    foreign.write_text("not ours")
    refused = run_install(installed.env, "--profile=dev", "--no-lab", f"--prefix={tmp_path}")
    assert refused.returncode == 1
    assert f"{foreign} is not Cellist's" in refused.stdout
    assert foreign.read_text() == "not ours"


def test_installing_is_not_in_the_learners_history(installed: Installation) -> None:
    assert not history(installed).exists()


# The last test of this folder that needs the installation.
def test_uninstall_leaves_nothing_but_the_learners_work(installed: Installation) -> None:
    history(installed).write_text("cells")
    told = run_install(installed.env, "--uninstall").stdout
    assert f"rm {history(installed)}" in told and history(installed).read_text() == "cells"
    history(installed).unlink()
    history(installed).parent.rmdir()

    learned = Path(installed.env["HOME"]) / "cellist-course" / "mine.ipynb"
    learned.parent.mkdir()
    learned.write_text("work")
    gone = run_install(installed.env, "--uninstall")
    assert gone.returncode == 0, gone.stdout
    assert list(installed.bin.iterdir()) == []
    assert not (installed.prefix / "share" / "cellist").exists()
    assert not (Path(installed.env["XDG_DATA_HOME"]) / "cellist").exists()
    assert not (Path(installed.env["JUPYTER_DATA_DIR"]) / "kernels" / "cellist").exists()
    assert learned.read_text() == "work"


def history(installed: Installation) -> Path:
    return Path(installed.env["XDG_DATA_HOME"]) / "cellist" / "history.sqlite"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*"))
