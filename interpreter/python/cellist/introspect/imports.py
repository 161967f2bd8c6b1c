"""Completion of imports, and of magics."""

import re

_WORD = re.compile(r"[ \t]*(?:[^\W\d]\w*[ \t]*=[ \t]*)?(%%?)([\w.]*)$")
_LINE = re.compile(r"[ \t]*(?:[^\W\d]\w*[ \t]*=[ \t]*)?(%%?)([^\W\d][\w.]*)[ \t]+(.*)$")
_OPTION = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)")


def statement(completer):
    """``(matches, start)`` in an import statement, else None."""
    from cellist.introspect.completer import Match, _sorted

    place = completer.place
    tokens = [token.text for token in place.statement if token.kind != "newline"]
    if not tokens or tokens[0] not in ("import", "from"):
        return None
    prefix, start = place.prefix, place.cursor - len(place.prefix)
    if tokens[0] == "from" and "import" in tokens:
        module = "".join(tokens[1: tokens.index("import")])
        after = tokens[tokens.index("import") + 1:]
        if after and after[-1] == "as":
            return [], start
        return _sorted(_members(module, prefix)), start
    begin = max((number for number, text in enumerate(tokens) if text == ","), default=0) + 1
    path = tokens[begin:]
    if "as" in path:
        return [], start
    if path and path[-1] != ".":
        words = ["import"] if tokens[0] == "from" else ["as"]
        return [Match(word, "keyword") for word in words if word.startswith(prefix)], start
    from cellist.introspect import modules

    package = "".join(path)[:-1]
    names = modules.inside(package) if package else modules.top_level()
    return _sorted([Match(name, "module") for name in names if name.isidentifier() and name.startswith(prefix)
                    and (prefix.startswith("_") or not name.startswith("_"))]), start


def _members(module, prefix):
    from cellist.introspect import modules
    from cellist.introspect.completer import Match

    value = modules.value(module)
    found = {}
    if value is not None:
        for name, kind in value.names().items():
            if name.isidentifier():
                found[name] = Match(name, kind, lambda name=name: value.get(name))
    for name in modules.inside(module) if module and not module.startswith(".") else ():
        found.setdefault(name, Match(name, "module"))
    return [match for name, match in found.items()
            if name.startswith(prefix) and (prefix.startswith("_") or not name.startswith("_"))]


def magic(source, cursor, namespace):
    """``(matches, start)`` of a magic's name or options, else None."""
    begin = source.rfind("\n", 0, cursor) + 1
    line = source[begin:cursor]
    if "%" not in line:
        return None
    from cellist import shell

    current = shell.current()
    if current is None:
        return None
    match = _WORD.fullmatch(line)
    if match is not None:
        return _names(current, match, not source[:begin].strip(), begin)
    match = _LINE.fullmatch(line)
    return _rest(current, match, cursor) if match is not None else None


def _names(shell, match, is_first, begin):
    from cellist.introspect.completer import Match

    mark, prefix = match.groups()
    manager = shell.magics_manager
    found = [f"%{name}" for name in manager.names("line")] if mark == "%" else []
    if is_first:
        found += [f"%%{name}" for name in manager.names("cell")]
    # As IPython: by name, and of two with the same name that of a line first.
    found.sort(key=lambda name: (name.lstrip("%"), len(name)))
    return [Match(name, "magic") for name in found if name.lstrip("%").startswith(prefix)], begin + match.start(1)


def _rest(shell, match, cursor):
    from cellist.introspect.completer import Match

    mark, name, text = match.groups()
    function = shell.find_magic(name, "cell" if mark == "%%" else "line")
    if function is None:
        return None
    word = re.search(r"\S*$", text).group()
    if word.startswith("-"):
        found = dict.fromkeys(_OPTION.findall(function.__doc__ or ""))
        return [Match(option, "param") for option in found if option.startswith(word)], cursor - len(word)
    offered = _offered(shell, name)
    if offered is None:
        return None
    return [Match(item, "param") for item in offered if item.startswith(word)], cursor - len(word)


def _offered(shell, name):
    """The words that a magic takes, or None when it takes anything."""
    if name == "config":
        from cellist.config import SETTINGS

        return [*SETTINGS, *(f"{section}.{key}" for section in SETTINGS for key in SETTINGS[section])]
    if name in ("load_ext", "reload_ext", "unload_ext"):
        return ["autoreload", "storemagic"]
    if name == "autoreload":
        return ["0", "1", "2", "3", "all", "complete", "explicit", "now", "off"]
    if name == "xmode":
        return ["Context", "Minimal", "Plain", "Verbose"]
    if name in ("env", "set_env"):
        import os

        return sorted(os.environ)
    if name == "pip":
        return ["freeze", "install", "list", "show", "uninstall"]
    if name in ("who", "who_ls", "whos", "psearch"):
        from cellist.introspect import guarded

        return sorted({guarded.name_of(type(value)) for value in list(shell.user_ns.values())})
    return None
