"""Settings by the names that IPython gives them: ``%config InteractiveShell.cache_size = 10``."""


class Config(dict):
    """A dict whose keys are attributes too; a section that is missing is made."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __missing__(self, name):
        if name[:1].isupper():
            self[name] = Config()
            return self[name]
        raise KeyError(name)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, value in self.items():
            if isinstance(value, dict) and not isinstance(value, Config):
                self[name] = Config(value)


class Configurable:
    """An object with settings; no more than a name for ``isinstance``."""

    def has_trait(self, name):
        return hasattr(type(self), name)

    def trait_names(self):
        return [name for name in dir(type(self)) if not name.startswith("_")]

    def observe(self, *args, **kwargs):
        """Settings do not tell when they change."""


class Setting:
    """One setting that ``%config`` knows: how to read and to write it."""

    def __init__(self, description, read, write):
        self.description, self.read, self.write = description, read, write


def _attribute(owner, name, description, choices=None):
    def write(shell, value):
        if choices is not None and value not in choices:
            raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
        setattr(owner(shell), name, value)

    return Setting(description, lambda shell: getattr(owner(shell), name), write)


def _shell(shell):
    return shell


def _plain(shell):
    return shell.display_formatter.formatters["text/plain"]


def _memory(shell):
    return shell.session.memory


def _set_cache_size(shell, value):
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"cache_size is a number of values, not {value!r}")
    shell.session.memory.resize(value)


_SHELL = {
    "ast_node_interactivity": _attribute(
        _shell, "ast_node_interactivity", "Which values of a cell are shown.",
        ("all", "last", "last_expr", "none", "last_expr_or_assign")),
    "autoawait": _attribute(_shell, "autoawait", "Whether cells may await: always.", (True,)),
    "cache_size": Setting("How many values Out keeps; 0: none.",
                          lambda shell: shell.session.memory.size, _set_cache_size),
    "colors": _attribute(_shell, "colors", "Colours of tracebacks; 'nocolor' for none."),
    "xmode": _attribute(_shell, "xmode", "How much a traceback tells.",
                        ("Plain", "Context", "Verbose", "Minimal")),
}

def _history(shell):
    return shell.history_manager


_HISTORY = {
    "enabled": _attribute(_history, "enabled", "Whether cells are kept for later sessions.", (True, False)),
    "db_log_output": _attribute(_history, "db_log_output", "Whether the values that cells show are kept too.",
                                (True, False)),
    "hist_file": _attribute(_history, "hist_file", "The file; `cellist kernel --history FILE` sets it.", ()),
}


def _advice(shell):
    from cellist import advice

    return advice


def _set_slow(shell, value):
    if not isinstance(value, (int, float)) or value <= 0:
        raise ValueError(f"slow is a number of seconds above 0, not {value!r}")
    _advice(shell).slow = value


#: By the class that has the setting in IPython.
SETTINGS = {
    "HistoryManager": _HISTORY,
    "HistoryAccessor": _HISTORY,
    "InteractiveShell": _SHELL,
    "ZMQInteractiveShell": _SHELL,
    "Warnings": {
        "enabled": _attribute(_advice, "enabled",
                              "Whether cells are told what they did wrong with tasks and coroutines.",
                              (True, False)),
        "slow": Setting("Seconds for which a step may hold up the event loop.",
                        lambda shell: _advice(shell).slow, _set_slow),
    },
    "PlainTextFormatter": {
        "pprint": _attribute(_plain, "pprint", "Whether values are pretty-printed."),
        "max_width": _attribute(_plain, "max_width", "Width of a line of a printed value."),
        "max_seq_length": _attribute(_plain, "max_seq_length",
                                     "How many elements of a collection are printed; 0: all."),
        "float_precision": _attribute(_plain, "float_precision", "As %precision."),
        "verbose": _attribute(_plain, "verbose", "Whether attributes of objects are printed."),
    },
}
