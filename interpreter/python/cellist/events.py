"""Functions that users have called around cells: ``get_ipython().events``."""

import sys

NAMES = ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell", "shell_initialized")


class EventManager:
    """Registers and calls the functions."""

    def __init__(self, shell):
        self.shell = shell
        self.callbacks = {name: [] for name in NAMES}

    def register(self, event, function):
        """Calls `function` at every `event` from now on: ``pre_run_cell`` (with what is asked
        for), ``post_run_cell`` (with the result), ``pre_execute`` or ``post_execute``."""
        if not callable(function):
            raise TypeError(f"Need a callable, got {function!r}")
        if function not in self._of(event):
            self.callbacks[event].append(function)

    def unregister(self, event, function):
        """Takes a function away."""
        if function not in self._of(event):
            raise ValueError(f"Function {function!r} is not registered as a {event} callback")
        self.callbacks[event].remove(function)

    def _of(self, event):
        try:
            return self.callbacks[event]
        except KeyError:
            raise KeyError(f"there is no event {event!r}; there are {', '.join(NAMES)}") from None

    def trigger(self, event, *args, **kwargs):
        """Calls the functions of an event. What they raise is shown and stops nothing."""
        for function in self.callbacks[event][:]:
            try:
                _call(function, args, kwargs)
            except (Exception, KeyboardInterrupt):
                print(f"Error in callback {function} (for {event}):", file=sys.stderr)
                self.shell.showtraceback()


def _call(function, args, kwargs):
    # Older callbacks take no argument.
    import inspect

    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        args = ()
    except ValueError:
        pass
    function(*args, **kwargs)
