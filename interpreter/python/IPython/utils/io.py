"""Helpers for output."""

import sys
from io import StringIO

from IPython.utils.capture import CapturedIO, capture_output

stdout, stderr = sys.stdout, sys.stderr


def ask_yes_no(prompt, default=None, interrupt=None):
    """Asks a question until it is answered with yes or no."""
    answers = {"y": True, "yes": True, "n": False, "no": False}
    while True:
        text = input(f"{prompt} ").strip().lower()
        if not text and default is not None:
            return answers[default]
        if text in answers:
            return answers[text]


class Tee:
    """A stream that writes to a file too."""

    def __init__(self, file_or_name, mode="w", channel="stdout"):
        self.file = open(file_or_name, mode) if isinstance(file_or_name, str) else file_or_name
        self.channel = channel
        self.ostream = getattr(sys, channel)
        setattr(sys, channel, self)

    def write(self, data):
        self.file.write(data)
        return self.ostream.write(data)

    def flush(self):
        self.file.flush()
        self.ostream.flush()

    def close(self):
        self.flush()
        setattr(sys, self.channel, self.ostream)
        self.file.close()


__all__ = ["CapturedIO", "StringIO", "Tee", "ask_yes_no", "capture_output", "stderr", "stdout"]
