"""`cellist kernel install` and `uninstall`, judged by Jupyter's own kernelspec manager."""

import json
import subprocess
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from support.executable import cellist


def kernel(env: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [cellist(), "kernel", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)


def found_in(folder: Path) -> dict[str, str]:
    manager = KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
    return {name: path for name, path in manager.find_kernel_specs().items() if path.startswith(str(folder))}


def test_jupyter_finds_what_is_installed(env: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "share/jupyter"
    for _ in range(2):
        done = kernel(env, "install", "--prefix", tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert str(data / "kernels/cellist") in done.stdout
    assert list(found_in(data)) == ["cellist"]
    spec = KernelSpecManager(kernel_dirs=[str(data / "kernels")]).get_kernel_spec("cellist")
    assert spec.display_name == "Cellist (Python 3.14)"
    assert spec.language == "python"
    assert spec.interrupt_mode == "message"
    assert spec.metadata["debugger"] is False
    assert Path(spec.argv[0]).is_absolute() and spec.argv[1:] == ["kernel", "-f", "{connection_file}"]
    logos = {path.name for path in (data / "kernels/cellist").iterdir()} - {"kernel.json"}
    assert logos == {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}

    for said in ("Removed", "is not installed"):
        done = kernel(env, "uninstall", "--prefix", tmp_path)
        assert done.returncode == 0 and said in done.stdout
    assert found_in(data) == {}


def test_name_display_name_and_environment(env: dict[str, str], tmp_path: Path) -> None:
    done = kernel(
        env, "install", "--prefix", tmp_path, "--name", "Other-1", "--display-name", "Ö", "--env", "A=b c"
    )
    assert done.returncode == 0, done.stderr
    spec = json.loads((tmp_path / "share/jupyter/kernels/other-1/kernel.json").read_text())
    assert (spec["display_name"], spec["env"]) == ("Ö", {"A": "b c"})


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"JUPYTER_DATA_DIR": "{}/j"}, "j"),
        ({"JUPYTER_DATA_DIR": "", "XDG_DATA_HOME": "{}/x"}, "x/jupyter"),
        ({"JUPYTER_DATA_DIR": "", "XDG_DATA_HOME": "", "HOME": "{}/h"}, "h/.local/share/jupyter"),
    ],
)
def test_where_the_user_has_it(
    env: dict[str, str], tmp_path: Path, variables: dict[str, str], folder: str
) -> None:
    env = env | {name: value.format(tmp_path) for name, value in variables.items()}
    assert kernel(env, "install").returncode == 0
    assert (tmp_path / folder / "kernels/cellist/kernel.json").is_file()
    assert kernel(env, "uninstall", "--user").returncode == 0
    assert not (tmp_path / folder / "kernels/cellist").exists()


def test_the_active_environment(env: dict[str, str], tmp_path: Path) -> None:
    without = {name: value for name, value in env.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    done = kernel(without, "install", "--sys-prefix")
    assert done.returncode == 1 and "VIRTUAL_ENV" in done.stderr and "--prefix" in done.stderr
    assert kernel(without | {"VIRTUAL_ENV": str(tmp_path)}, "install", "--sys-prefix").returncode == 0
    assert (tmp_path / "share/jupyter/kernels/cellist/kernel.json").is_file()


def test_another_kernel_is_not_touched(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "share/jupyter/kernels/python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["python3"], "display_name": "Python 3"}')
    for what in ("install", "uninstall"):
        done = kernel(env, what, "--prefix", tmp_path, "--name", "python3")
        assert done.returncode == 1
        assert "Python 3" in done.stderr and "--name" in done.stderr
    assert json.loads((folder / "kernel.json").read_text())["argv"] == ["python3"]


def test_a_bad_name_and_a_bad_setting_are_refused(env: dict[str, str], tmp_path: Path) -> None:
    for arguments, said in ((["--name", "a b"], "`a b`"), (["--env", "A"], "NAME=VALUE")):
        done = kernel(env, "install", "--prefix", tmp_path, *arguments)
        assert done.returncode == 1 and said in done.stderr
    assert list(tmp_path.iterdir()) == []
