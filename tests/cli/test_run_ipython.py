"""`cellist run` of notebooks that were written for IPython."""

from cli.test_run import outputs


def test_magics_commands_and_displays(call, notebook):
    path = notebook(
        "%matplotlib inline",
        "x = 6\n!echo $x {x * 7}",
        "lines = !printf 'a\\nb\\n'\nlines",
        "%%bash\necho in bash",
        "%%writefile made.py\nmade = 5",
        "%run made.py\nmade",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>'))\nHTML('<i>')",
        "%%time\nawait __import__('asyncio').sleep(5)\nx",
        "%precision 2\n[3.14159]",
        "_ + Out[3]",
    )
    done = call("run", path, "--clock", "virtual")
    assert done.returncode == 0, done.stderr
    found = outputs(path)
    assert "matplotlib needs NumPy" in found[0][0]
    assert found[1:7] == [["6 42\n"], ["['a', 'b']"], ["in bash\n"], ["Writing made.py\n"], ["5"],
                          ["<IPython.core.display.HTML object>"] * 2]
    assert found[7][0].endswith("Wall time: 5 s\n") and found[7][1] == "6"
    assert found[8:] == [["[3.14]"], ["[3.14, 'a', 'b']"]]


def test_an_unknown_magic_fails_its_cell_and_says_what_is_near(call, notebook):
    done = call("run", notebook("%tiem 1"))
    assert done.returncode == 1
    assert "UsageError: Line magic function `%tiem` not found. Did you mean `%time`" in done.stderr


def test_a_script_may_use_the_names_too(call):
    code = ("from IPython import get_ipython\nfrom IPython.display import display, HTML\n"
            "print(get_ipython())\ndisplay(3, HTML('<b>'))")
    done = call("python", "-c", code)
    assert done.stdout == "None\n3 <IPython.core.display.HTML object>\n", done.stderr
