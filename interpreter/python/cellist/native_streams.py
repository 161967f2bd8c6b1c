"""asyncio's streams and its transport of plain sockets, what is hot of them in Rust
(``_cellist_streams``).

``CELLIST_STOCK_ASYNCIO=1`` in the environment leaves asyncio's own in place.
"""

import asyncio
import collections
import os
import socket
from asyncio import base_events, futures, protocols, selector_events, streams, trsock

import _cellist_sync  # noqa: F401  (has the class of what `read()` returns)
import _cellist_streams

from cellist import connecting, native_loop

_Reader, _Writer = streams.StreamReader, streams.StreamWriter
_Transport = selector_events._SelectorSocketTransport


class StreamReader(_cellist_streams.ReaderCore, _Reader):
    """Reads what a connection receives."""

    # What the native methods leave the unusual to.
    _init = _Reader.__init__
    _readline = _Reader.readline
    _readuntil = _Reader.readuntil
    _read = _Reader.read
    _readexactly = _Reader.readexactly
    _next = _Reader.__anext__


class StreamWriter(_cellist_streams.WriterCore, _Writer):
    """Writes to a connection."""

    _drain = _Writer.drain


class SocketTransport(_cellist_streams.TransportCore, _Transport):
    """A plain socket and its protocol."""

    _write = _Transport.write
    #: asyncio's own keeps such methods in the instance, and by that cycles for the collector.
    _write_ready = _Transport._write_sendmsg
    _read_ready_cb = None

    def __init__(self, loop, sock, protocol, waiter=None, extra=None, server=None):
        # What asyncio's own does in six methods. The native attributes begin as they should.
        if extra is None:
            extra = {}
        self._extra = extra
        self._loop = loop
        self._protocol_paused = False
        self._low_water, self._high_water = 16 * 1024, 64 * 1024
        extra["socket"] = trsock.TransportSocket(sock)
        try:
            extra["sockname"] = sock.getsockname()
        except OSError:
            extra["sockname"] = None
        if "peername" not in extra:
            try:
                extra["peername"] = sock.getpeername()
            except OSError:
                extra["peername"] = None
        self._sock = sock
        self._sock_fd = fd = sock.fileno()
        self.set_protocol(protocol)
        self._server = server
        self._buffer = collections.deque()
        self._paused = False
        if server is not None:
            server._attach(self)
        loop._transports[fd] = self
        base_events._set_nodelay(sock)
        loop.call_soon(protocol.connection_made, self)
        # It reads only after that.
        loop.call_soon(self._add_reader, fd, self._read_ready)
        if waiter is not None:
            loop.call_soon(futures._set_result_unless_cancelled, waiter, None)

    def set_protocol(self, protocol):
        self._protocol = protocol
        self._protocol_connected = True
        if type(protocol) is streams.StreamReaderProtocol:
            self._kind = 2
        else:
            self._kind = 0 if isinstance(protocol, protocols.BufferedProtocol) else 1

    def _keep(self, data, sent):
        """Sends what is left of `data` when the socket takes it."""
        self._loop._add_writer(self._sock_fd, self._write_ready)
        self._buffer.append(memoryview(data)[sent:])
        self._maybe_pause_protocol()


StreamReader.__module__ = StreamWriter.__module__ = streams.__name__
# The source that `inspect` shows is that of the classes whose place they take.
StreamReader.__firstlineno__ = streams.StreamReader.__firstlineno__
StreamWriter.__firstlineno__ = streams.StreamWriter.__firstlineno__
SocketTransport.__name__ = SocketTransport.__qualname__ = _Transport.__name__
SocketTransport.__module__ = selector_events.__name__


def _make_socket_transport(self, sock, protocol, waiter=None, *, extra=None, server=None):
    self._ensure_fd_no_transport(sock.fileno())
    transport = SocketTransport if type(sock) is socket.socket else _Transport
    return transport(self, sock, protocol, waiter, extra, server)


def _member(value, kind):
    """The member of the enumeration `kind` that `value` stands for, or `value`."""
    return kind._value2member_map_.get(value, value)


def install():
    """Replaces the classes in asyncio, and lets our loop make our transports."""
    if os.environ.get("CELLIST_STOCK_ASYNCIO") == "1":
        return
    for native in StreamReader, StreamWriter:
        setattr(streams, native.__name__, native)
        setattr(asyncio, native.__name__, native)
    native_loop.EventLoop._make_socket_transport = _make_socket_transport
    connecting.install()
    # Asked several times for each connection.
    socket._intenum_converter = _member
