"""Options of magics by argparse: ``@magic_arguments()``, ``@argument(…)``, ``parse_argstring``."""

import argparse

from cellist.magics import UsageError


class MagicArgumentParser(argparse.ArgumentParser):
    """A parser whose errors are the magic's."""

    def error(self, message):
        raise UsageError(message)

    def parse_argstring(self, argstring, *, partial=False):
        """The options in a magic's line."""
        import shlex

        words = shlex.split(argstring, posix=False)
        words = [word[1:-1] if word[:1] in "'\"" and word[-1:] == word[:1] else word for word in words]
        return self.parse_known_args(words) if partial else self.parse_args(words)


def _name(function):
    return function.__name__.removeprefix("magic_").replace("_", "-")


def magic_arguments(name=None):
    """Makes the parser of the arguments that stand below."""

    def decorate(function):
        parser = MagicArgumentParser(name or getattr(function, "argcmd_name", None) or _name(function),
                                     description=function.__doc__, add_help=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
        for args, kwargs in reversed(getattr(function, "_arguments", [])):
            parser.add_argument(*args, **kwargs)
        function.parser = parser
        function.argcmd_name = name or _name(function)
        function.__doc__ = parser.format_help()
        return function

    return decorate


def argument(*args, **kwargs):
    """Adds an argument, as ``ArgumentParser.add_argument``."""

    def decorate(function):
        function._arguments = [*getattr(function, "_arguments", []), (args, kwargs)]
        return function

    return decorate


def parse_argstring(magic_func, argstring, *, partial=False):
    """The options in a magic's line."""
    return magic_func.parser.parse_argstring(argstring, partial=partial)


__all__ = ["MagicArgumentParser", "argument", "magic_arguments", "parse_argstring"]
