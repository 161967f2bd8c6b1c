"""install.sh on machines that lack something: it says what, and what to type."""

import shutil
import sys
from pathlib import Path

import pytest

from install.installation import run_install
from support import home

PRESENT = ["bash", "dirname", "python3", "env"]


@pytest.fixture
def poor_env(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH holds little; libffi is missing, and so are apt-get, sudo and cargo."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PRESENT:
        found = sys.executable if name == "python3" else shutil.which(name)
        assert found
        # A script and not a link: some look for their own files beside the name they are called by.
        write_script(folder / name, f'exec {found} "$@"')
    write_script(folder / "cc", "read -r line; case $line in *ffi.h*) exit 1 ;; esac")
    env = home.make(tmp_path / "home")
    return env | {"PATH": str(folder), "CARGO_HOME": str(tmp_path / "no-cargo")}


def test_a_missing_package_without_apt_is_named(poor_env: dict[str, str]) -> None:
    ended = run_install(poor_env)
    assert ended.returncode == 1
    assert "there is no apt-get here" in ended.stdout
    assert "next: install these yourself: libffi-dev" in ended.stdout


def test_only_what_is_missing_is_installed(poor_env: dict[str, str], tmp_path: Path) -> None:
    folder = Path(poor_env["PATH"])
    asked = tmp_path / "asked"
    write_script(folder / "apt-get", f'echo "$@" >>{asked}')
    write_script(folder / "sudo", '"$@"')
    ended = run_install(poor_env)
    assert asked.read_text().splitlines() == ["update -qq", "install -y -qq libffi-dev"]
    assert "apt-get install -y libffi-dev" in ended.stdout
    # The next thing missing.
    assert ended.returncode == 1
    assert "there is no cargo" in ended.stdout and "https://rustup.rs" in ended.stdout


@pytest.mark.parametrize(
    ("version", "enough"), [("rustc 1.85.0 (Debian)", False), ("rustc 1.95.0 (59807616e)", True)]
)
def test_an_old_compiler_is_refused_before_anything_is_built(
    poor_env: dict[str, str], version: str, enough: bool
) -> None:
    folder = Path(poor_env["PATH"])
    write_script(folder / "cc", "")
    write_script(folder / "cargo", "exit 1")
    write_script(folder / "rustc", f"echo '{version}'")
    ended = run_install(poor_env, "--no-lab")
    assert ended.returncode == 1
    assert ("Cellist needs Rust 1.95 or newer" in ended.stdout) is not enough
    assert ("the build failed" in ended.stdout) is enough


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bad"], "there is no option `--bad`"),
        (["--prefix"], "--prefix needs a value"),
        (["--profile", "fast"], "there is no profile `fast`"),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    ended = run_install(home.make(tmp_path / "home"), *arguments)
    assert ended.returncode == 2
    assert said in ended.stdout and "--help" in ended.stdout


def write_script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
