"""Comms, for libraries from before the module ``comm``."""

from cellist.comms import Comm, CommManager

__all__ = ["Comm", "CommManager"]
