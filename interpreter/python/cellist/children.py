"""A child whose start was interrupted is ended: nobody has a handle to end it later."""

from _thread import _local
from itertools import starmap

#: `pids`: what this thread's start of a child has started.
_starting = _local()


def install():
    import subprocess
    from subprocess import Popen

    fork_exec, stock = subprocess._fork_exec, Popen._execute_child

    def _fork_exec(*args):
        pids = getattr(_starting, "pids", [])
        # Without an instruction between the call and the keeping: there an interrupt that came
        # during the call would be raised.
        pids.extend(starmap(fork_exec, (args,)))
        return pids[-1]

    def _execute_child(self, *args, **kwargs):
        pids = _starting.pids = []
        try:
            return stock(self, *args, **kwargs)
        except BaseException:
            # A program that could not be executed is gone already, and has a return code.
            if pids and self.returncode is None:
                self.pid, self._child_created = pids[0], True
                self.kill()
                self.wait()
            raise

    _execute_child.__doc__ = stock.__doc__
    Popen._execute_child = _execute_child
    subprocess._fork_exec = _fork_exec
