"""The suite that Jupyter offers to authors of kernels: https://github.com/jupyter/jupyter_kernel_test."""

import os
import subprocess

import jupyter_kernel_test
import pytest

from support.executable import cellist


@pytest.fixture(scope="module", autouse=True)
def installed(env: dict[str, str]) -> None:
    """Puts the kernel where this process's jupyter_client looks for kernels."""
    subprocess.run([cellist(), "kernel", "install", "--user", "--name", "conforming"], env=env, check=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in set(env) | set(os.environ):
            patch.setenv(name, env[name]) if name in env else patch.delenv(name)
        yield


HTML = """
class Bold:
    def _repr_html_(self):
        return "<b>hi</b>"
display(Bold())
"""


class TestConformance(jupyter_kernel_test.KernelTests):
    kernel_name = "conforming"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('oh', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\n    return x\n\n", "await x"]
    incomplete_code_samples = ["print('''hello", "def f(x):\n    x * 2", "for i in y:"]
    invalid_code_samples = ["import = 7q", "x = = 1", ")"]
    code_generate_error = "1 / 0"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[n * n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {"code": HTML, "mime": "text/html"},
    ]
    code_page_something = "len?"
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from cellist.display import clear_output; clear_output()"


class TestWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "conforming"
    support_iopub_welcome = True


