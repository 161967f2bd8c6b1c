"""Programs and scripts: ``%%bash``, ``%%script``, ``%system``, ``%alias``."""

import shlex
import subprocess
import sys

from cellist import commands
from cellist.magics import UsageError, options


def script(shell, line, cell):
    """Run the cell by a program, which reads it as its standard input.

    %%script [--out NAME] [--err NAME] [--no-raise-error] [--bg] PROGRAM ARGUMENTS

    --out, --err      keep the output in variables of these names
    --no-raise-error  go on when the program fails
    --bg              do not wait for the program; its process is kept in the variable of --proc
    """
    given, words = options.parse(line, "", "out=", "err=", "proc=", "bg", "no-raise-error", mode="list")
    if not words:
        raise UsageError("%%script needs a program, as in `%%script bash`")
    source = cell if cell.endswith("\n") else cell + "\n"
    if "bg" in given:
        _in_background(shell, words, source, given)
        return
    kept = {name: [] for name in ("out", "err") if name in given}
    writers = {name: parts.append for name, parts in kept.items()}
    try:
        code = commands.run(words, shell=False, input=source.encode("utf-8", "surrogateescape"), **writers)
    except FileNotFoundError:
        raise UsageError(f"there is no program `{words[0]}`") from None
    for name, parts in kept.items():
        shell.user_ns[given[name]] = "".join(parts)
    shell.user_ns["_exit_code"] = code
    shell.session.memory.hidden.add("_exit_code")
    if code and "no-raise-error" not in given:
        raise subprocess.CalledProcessError(code, source, output=None, stderr=None)


def _in_background(shell, words, source, given):
    program = subprocess.Popen(words, stdin=subprocess.PIPE, process_group=0)
    program.stdin.write(source.encode("utf-8", "surrogateescape"))
    program.stdin.close()
    if "proc" in given:
        shell.user_ns[given["proc"]] = program


def _program(name, command=None):
    def run(shell, line, cell):
        script(shell, f"{command or name} {line}" if not line.startswith("--") else _behind(line, command or name), cell)

    run.__name__ = name
    run.__doc__ = f"Run the cell by {name}. Options are those of %%script."
    return run


def _behind(line, program):
    # Options are read up to the first word that is none.
    words = shlex.split(line)
    position = 0
    while position < len(words) and words[position].startswith("--"):
        takes = words[position] in ("--out", "--err", "--proc")
        position += 2 if takes else 1
    return shlex.join([*words[:position], program, *words[position:]])


bash = _program("bash")
sh = _program("sh")
perl = _program("perl")
ruby = _program("ruby")
# This very interpreter, in a process of its own.
python = python3 = _program("python", shlex.join([sys.executable or "python3", "/dev/stdin"]))


def sx(shell, line, cell=None):
    """Run a shell command and return its output as a list of lines: `!!command`."""
    return shell.getoutput(line if cell is None else f"{line}\n{cell}")


system = sx


def alias(shell, line):
    """Define a name for a shell command: `%alias greet echo hello %s`, then `%greet world`.

    `%s` takes one word each, `%l` the whole line. Without a name, lists all aliases.
    """
    name, _, command = line.strip().partition(" ")
    if not name:
        return sorted(shell.alias_table.items())
    if not command.strip():
        if name not in shell.alias_table:
            raise UsageError(f"there is no alias `{name}`")
        return name, shell.alias_table[name]
    if not name.isidentifier():
        raise UsageError(f"`{name}` cannot be the name of an alias")
    shell.alias_table[name] = command.strip()


def unalias(shell, line):
    """Take an alias away."""
    if shell.alias_table.pop(line.strip(), None) is None:
        raise UsageError(f"there is no alias `{line.strip()}`")


def rehashx(shell, line):
    """IPython's way to make every program an alias. Use `!program` instead."""
    raise UsageError("programs are not made aliases here: write `!program`, or `%alias name program`")


def run_alias(shell, name, line):
    """Runs an alias with what stands behind its name."""
    command = shell.alias_table[name]
    if "%l" in command:
        command = command.replace("%l", line)
    else:
        wanted = command.count("%s")
        words = line.split(None, wanted) if wanted else [line]
        if len(words) < wanted:
            raise UsageError(f"the alias `{name}` takes {wanted} words, {len(words)} given")
        for word in words[:wanted]:
            command = command.replace("%s", word, 1)
        command = " ".join([command, *words[wanted:]]) if wanted else f"{command} {line}"
    shell.system(command)
