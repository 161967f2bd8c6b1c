"""What ``get_ipython().kernel`` gives."""

from cellist import comms
from cellist.origin import origin


class Kernel:
    """What is asked of ``get_ipython().kernel``."""

    implementation = "cellist"

    def __init__(self, shell):
        self.shell = shell

    @property
    def session(self):
        raise AttributeError("cells do not reach the kernel's sockets: use `display` and comms")

    @property
    def comm_manager(self):
        return comms.manager()

    def get_parent(self, channel=None):
        """The message that caused what runs: its header, by whose ``msg_id`` the front end finds
        the output of this code, and its metadata."""
        return comms.parent(origin.get())

    _parent_header = property(get_parent)
