"""A child whose start was interrupted is ended: nobody has a handle to end it later."""


def install():
    from subprocess import Popen

    stock = Popen._execute_child

    def _execute_child(self, *args, **kwargs):
        try:
            return stock(self, *args, **kwargs)
        except BaseException:
            # A program that could not be executed is gone already, and has a return code.
            if self._child_created and self.returncode is None:
                self.kill()
                self.wait()
            raise

    _execute_child.__doc__ = stock.__doc__
    Popen._execute_child = _execute_child
