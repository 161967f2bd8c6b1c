"""The process's environment: ``%env``, ``%cd``, ``%ls``."""

import os

from cellist.magics import UsageError, options

#: The folders that `%cd` has been to, and the stack of `%pushd`.
visited = []
_stack = []


def env(shell, line):
    """Show or set environment variables: %env, %env NAME, %env NAME=VALUE or %env NAME VALUE."""
    text = line.strip()
    if not text:
        hidden = ("key", "token", "secret")
        return {name: "<hidden>" if any(word in name.lower() for word in hidden) else value
                for name, value in os.environ.items()}
    if "=" in text or " " in text:
        return set_env(shell, text)
    if text not in os.environ:
        raise UsageError(f"Environment does not have key: {text}")
    return os.environ[text]


def set_env(shell, line):
    """Set an environment variable: %set_env NAME=VALUE or %set_env NAME VALUE."""
    mark = "=" if "=" in line else " "
    name, found, value = (part.strip() for part in line.strip().partition(mark))
    if not found and not value or not name:
        raise UsageError("%set_env needs a name and a value: `%set_env NAME=VALUE`")
    if any(char.isspace() for char in name):
        raise UsageError(f"refusing to set env var with whitespace: '{name}'")
    os.environ[name] = value
    print(f"env: {name}={value}")


def pwd(shell, line):
    """The working folder."""
    return os.getcwd()


def cd(shell, line):
    """Change the working folder: %cd FOLDER, %cd - (the one before), %cd -N, %cd; -q is quiet."""
    given, target = line.strip(), None
    quiet = given == "-q" or given.startswith("-q ")
    if quiet:
        given = given[2:].strip()
    here = os.getcwd()
    if not visited:
        visited.append(here)
    if given == "-":
        target = next((folder for folder in reversed(visited) if folder != here), None)
        if target is None:
            raise UsageError("%cd -: No previous directory to change to.")
    elif given.startswith("-") and given[1:].isdigit():
        number = int(given[1:])
        if number >= len(visited):
            raise UsageError(f"Requested directory does not exist in history: {number}; see %dhist")
        target = visited[number]
    else:
        target = os.path.expanduser(given.strip("'\"") or "~")
    try:
        os.chdir(target)
    except OSError as error:
        raise UsageError(f"{error.strerror}: '{target}'") from None
    now = os.getcwd()
    if now != here:
        visited.append(now)
    shell.user_ns["_dh"] = visited
    shell.session.memory.hidden.add("_dh")
    if not quiet:
        print(now)


def dhist(shell, line):
    """List the folders that %cd has been to."""
    print("Directory history (kept in _dh)")
    for number, folder in enumerate(visited or [os.getcwd()]):
        print(f"{number}: {folder}")


def dirs(shell, line):
    """The stack of folders that %pushd has left."""
    return list(_stack)


def pushd(shell, line):
    """Go to a folder and remember this one for %popd."""
    here = os.getcwd()
    cd(shell, line)
    _stack.insert(0, here)
    return dirs(shell, "")


def popd(shell, line):
    """Go back to the folder that %pushd left last."""
    if not _stack:
        raise UsageError("%popd on empty stack")
    cd(shell, f'"{_stack.pop(0)}"')


def _command(name, start):
    def run(shell, line):
        shell.system(f"{start} {line}".rstrip())

    run.__name__ = name
    run.__doc__ = f"Run `{start}` with these arguments."
    return run


ls = _command("ls", "ls -F")
mkdir = _command("mkdir", "mkdir")
cat = _command("cat", "cat")
