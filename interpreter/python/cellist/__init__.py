"""Cellist's own side of a session, frozen into the executable.

``from cellist import lab`` gives a notebook what its check cells use.
"""


def __getattr__(name):
    # The lab pulls in asyncio and ast: only those who use it pay for that.
    if name == "lab":
        from cellist import session

        return session.current().lab()
    raise AttributeError(f"module 'cellist' has no attribute {name!r}")
