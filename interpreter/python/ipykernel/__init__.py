"""What libraries import of ipykernel, on Cellist's own kernel."""

#: The version whose behaviour this follows.
version_info = (7, 0, 0)
__version__ = "7.0.0"
